/**
 * The factor `password`: shows the first page and asks the directory. Opened by compose; its step is called by the
 * walk. It never tells from outside whether a name is unknown, a password wrong or an account disabled (P11).
 */
import { hasTurn } from "../../../core/claim.ts";
import type { Devices } from "../../../core/device.ts";
import type { Directory, LookedUp } from "../../../core/directory.ts";
import type { Events, Factor, Form, Login, Outcome, Step } from "../../../core/mechanism.ts";
import { Secret } from "../../../core/secret.ts";
import type { Throttle } from "../../../core/throttle.ts";
import { usernameKey } from "../../../core/username.ts";
import type { Clock, Json } from "../../../core/words.ts";
import { createNotes } from "./notes.ts";

export interface PasswordDeps {
  readonly directory: Directory;
  readonly throttle: Throttle;
  readonly devices: Devices;
  /** Whether whoever has forgotten the password may say so on the page. */
  readonly forgotten?: (() => boolean) | undefined;
  readonly now: Clock;
}

const LONGEST_NAME = 256;
/** Bytes; longer input is refused before any hashing (P15). */
const LONGEST_PASSWORD = 4096;

/** Creates the factor of kind `password`; its proof is `pwd` (RFC 8176). `renewal`: how a new one is set, where one is. */
export function createPasswordFactor(deps: PasswordDeps, renewal?: Step): Factor {
  return { kind: "password", challenge: createStep(deps), enrol: renewal, held: async () => true };
}

function createStep({ directory, throttle, devices, forgotten, now }: PasswordDeps): Step {
  const pauses = createNotes();
  const lookUp = async (username: string): Promise<LookedUp> =>
    (await directory.lookUp?.(username)) ?? {
      user: await directory.find(username),
      check: (password) => directory.checkPassword(username, password),
    };
  const retry = (
    key: string,
    login: Login,
    args?: Record<string, string | number>,
    username?: string,
    events?: Events,
  ): Outcome<Json> => ({
    kind: "retry",
    events,
    notice: args === undefined ? { key } : { key, args },
    ...(username === undefined || login.pinned ? {} : { state: { username } }),
  });

  return {
    prepare: async (login) => ({ kind: "ready", state: { username: login.username } }),

    async view(login) {
      const typed = (login.state as { username?: string } | null)?.username;
      const username = login.pinned ? login.username : (typed ?? "");
      return {
        page: {
          page: "password",
          facts: {
            username,
            pinned: login.pinned,
            canSwitch: login.pinned,
            forgotten: forgotten?.() === true,
            ...login.passkey,
          },
        },
      };
    },

    takesTurn: true,

    async authenticate(login, form, claim) {
      const typed = (form.username ?? "").trim();
      const username = login.pinned ? login.username : typed;
      if (login.pinned && typed !== "" && !samePerson(typed, login.username))
        return retry("password.other-person", login);
      const password = form.password ?? "";
      if (Buffer.byteLength(password) > LONGEST_PASSWORD)
        return retry("password.too-long", login, undefined, shortened(form));
      if (username === "" || username.length > LONGEST_NAME || password === "")
        return retry("password.wrong", login, undefined, shortened(form));

      const { user: known, check: checked } = await lookUp(username);
      // Looked for whether somebody has the name or not: the same work (P11).
      const marked = devices.knows(login.visitor, known?.id ?? "");
      const device = known !== undefined && marked ? login.visitor.browser : undefined;
      const { address } = login.visitor;
      const who = { subject: known?.id, username, address, device };
      const slot = await (claim === undefined ? throttle.reserve(who) : throttle.reserveBy(claim, who));
      // Another submit of this page had its turn: whatever is answered, nobody looks at it.
      if (slot.kind === "lost") return retry("form.stale", login);
      const event = {
        at: now(),
        subject: known?.id,
        login: login.id,
        client: login.client.id,
        address,
      };
      if (slot.kind === "wait") {
        if (!(await hasTurn(claim))) return retry("form.stale", login);
        // One row a minute for each account and place: a flood of tries must not become a flood of rows.
        const isNew = pauses.isNew(`${known?.id ?? usernameKey(username)} ${address}`, now());
        const events: Events = isNew ? [{ ...event, kind: "password-paused" }] : [];
        return retry("password.paused", login, { seconds: slot.seconds }, shortened(form), events);
      }
      const check = await checked(new Secret(password)).catch(async (problem: unknown) => {
        // Nothing was compared: the try is given back, and a full queue is the server's fault, not a wrong password.
        await slot.settle("not-compared");
        throw problem;
      });
      const right =
        (check.kind === "right" || check.kind === "must-change") &&
        (login.subject === undefined || check.user.id === login.subject);
      // Whoever has shown the password may know what is wrong with it; nobody else may (P11).
      const mustChange = right && check.kind === "must-change";
      const isProof = right && !(mustChange && directory.write === undefined);
      // What a right password gives back waits for the commit that tells of it.
      const along = isProof && claim !== undefined ? await slot.right() : undefined;
      if (along === undefined) await slot.settle(right ? "right" : "wrong");
      const kind = right ? "password-right" : "password-wrong";
      const events: Events = [{ ...event, kind, facts: { result: check.kind } }];
      if (right && !isProof) return retry("password.must-change", login, undefined, shortened(form), events);
      if (!right || (check.kind !== "right" && check.kind !== "must-change"))
        return retry("password.wrong", login, undefined, shortened(form), events);
      return { kind: "proved", method: "pwd", user: check.user, events, mustChange, along };
    },
  };
}

const shortened = (form: Form): string => (form.username ?? "").slice(0, LONGEST_NAME);
const samePerson = (typed: string, known: string): boolean => usernameKey(typed) === usernameKey(known);
