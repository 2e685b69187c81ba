/**
 * The walk of whoever has forgotten the password: the second factor, then the new password. It is the engine of every
 * sign-in with the same steps and limits, over rows of its own, so that nothing of it can become a session.
 */
import { randomBytes } from "node:crypto";
import { ACCOUNT_CLIENT } from "../../core/access.ts";
import type { Audit } from "../../core/audit.ts";
import { STRENGTH } from "../../core/authenticators.ts";
import type { Directory, User } from "../../core/directory.ts";
import { composeMechanism, type Mechanism, type Visitor } from "../../core/mechanism.ts";
import type { PasswordOpenings } from "../../core/password-openings.ts";
import type { Limits } from "../../core/settings.ts";
import type { Throttle } from "../../core/throttle.ts";
import type { Walk } from "../../core/walk.ts";
import type { Clock, FactorKind } from "../../core/words.ts";

/** Names of ways, and of the proof of whoever has nothing but a ticket; no acr of any client. */
const WAY = "new-password.";
const OPENED = "opened";
const RECOVERY = "recovery-code";

/**
 * One way for each kind. Its level is the kind's strength, so that turning to another way leads to nothing weaker; codes on
 * paper are for the day on which the rest is lost.
 */
export const resetMechanisms = (phoneAttribute: string | undefined): readonly Mechanism[] => [
  composeMechanism({ acr: `${WAY}${OPENED}`, level: 0, requires: [OPENED] }),
  ...Object.entries(STRENGTH).map(([kind, strength]) =>
    composeMechanism({
      acr: `${WAY}${kind}`,
      level: kind === RECOVERY ? 1000 : strength,
      requires: [kind],
      ...(kind === "sms" && phoneAttribute !== undefined ? { phoneAttribute } : {}),
    }),
  ),
];

export interface ResetDeps {
  /** Over rows of its own. */
  readonly walk: Walk;
  readonly openings: PasswordOpenings;
  readonly directory: Pick<Directory, "get" | "find">;
  readonly throttle: Throttle;
  /** The factors of which this person has to show one, the strongest in front; none: they have none. */
  readonly kindsOf: (user: User) => Promise<readonly FactorKind[]>;
  /** Ids of what this person has; codes on paper, which are used up on the way, are not among them. */
  readonly heldBy: (user: User) => Promise<readonly string[]>;
  readonly audit: Audit;
  readonly revision: () => number;
  readonly limits: () => Limits;
  readonly now: Clock;
}

export type ResetWalk = ReturnType<typeof createReset>;

const LONGEST_NAME = 256;

export function createReset(deps: ResetDeps) {
  const { walk, openings, directory, audit, now } = deps;

  async function begin(user: User, by: "link" | "ticket", visitor: Visitor, locale: string): Promise<string> {
    const id = randomBytes(16).toString("base64url");
    const kinds = await deps.kindsOf(user);
    const at = now();
    const { address } = visitor;
    const facts = { by, factors: kinds };
    await audit.append({ kind: "password-opened", at, subject: user.id, login: id, address, facts });
    const held = await deps.heldBy(user);
    await openings.begin(id, user, { by, kinds, held }, at + deps.limits().loginLife * 1000);
    const [first = OPENED] = kinds;
    await walk.begin({
      id,
      acr: `${WAY}${first}`,
      enrol: "password",
      revision: deps.revision(),
      client: { id: ACCOUNT_CLIENT, name: "" },
      locale,
      visitor,
      // Of whoever has nothing to show the ticket is all there is; what they may bind then, the enrolment rules say.
      proofs: kinds.length === 0 ? [{ factor: OPENED, method: "kba", at }] : [],
      notBefore: 0,
      subject: user.id,
      username: user.username,
      pinned: true,
      restart: "",
      redirectUri: "",
    });
    return id;
  }

  /** Of whoever administers anything a ticket alone is not: one of the help desk would become the second one (P16). */
  const isEnough = async (user: User): Promise<boolean> =>
    user.roles.length === 0 || (await deps.kindsOf(user)).length > 0;

  return {
    walk,
    knows: async (token: string): Promise<boolean> => (await openings.whose(token)) !== undefined,
    /** Takes the link and begins; undefined: it is no good (any more). */
    async byLink(token: string, visitor: Visitor, locale: string): Promise<string | undefined> {
      const user = await openings.takeLink(token, directory.get);
      // What was true when the mail was sent may be so no more: a link alone never sets a password.
      if (user === undefined || user.roles.length > 0 || (await deps.kindsOf(user)).length === 0)
        return undefined;
      return begin(user, "link", visitor, locale);
    },
    /** The same with a ticket and its person's name: a try like one at the password, counted before it is compared. */
    async byTicket(
      name: string,
      ticket: string,
      visitor: Visitor,
      locale: string,
    ): Promise<
      | { readonly kind: "begun"; readonly id: string }
      | { readonly kind: "wrong" }
      | { readonly kind: "wait"; readonly seconds: number }
    > {
      const username = name.trim().slice(0, LONGEST_NAME);
      const user = await directory.find(username);
      const { address } = visitor;
      const slot = await deps.throttle.reserve({ subject: user?.id, username, address, device: undefined });
      if (slot.kind === "wait") return slot;
      const isGood =
        (await openings.takeTicket(user, ticket)) && user !== undefined && (await isEnough(user));
      await slot.settle(isGood ? "right" : "wrong");
      if (!isGood || user === undefined) return { kind: "wrong" };
      return { kind: "begun", id: await begin(user, "ticket", visitor, locale) };
    },
  };
}
