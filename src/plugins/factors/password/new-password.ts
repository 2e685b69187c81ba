/**
 * A new password, at the end of a login whose factors are all shown: because the present one has to be changed, or because
 * it is forgotten. The walk never enters this step before that (core/walk-before.ts), so a password that was only handed
 * out changes nothing where the acr asks for two steps.
 */
import type { Directory, User } from "../../../core/directory.ts";
import type { Form, Login, Outcome, Step } from "../../../core/mechanism.ts";
import type { NewPasswords, WhyNew } from "../../../core/new-password.ts";
import { Secret } from "../../../core/secret.ts";
import type { Throttle } from "../../../core/throttle.ts";
import type { Json } from "../../../core/words.ts";

export interface NewPasswordDeps {
  readonly directory: Pick<Directory, "get" | "checkPassword">;
  readonly passwords: NewPasswords;
  readonly throttle: Throttle;
  /** Characters it needs, where the password is kept here. */
  readonly leastLength: () => number;
  readonly why: WhyNew;
  /** Whether this login may (still) set it; undefined: nobody else has to be asked. */
  readonly allowed?: ((login: Login<Json>, user: User) => Promise<boolean>) | undefined;
}

/** Bytes; longer input is refused before any hashing (P15). */
const LONGEST = 4096;

export function createNewPasswordStep(deps: NewPasswordDeps): Step {
  const { directory, passwords, throttle, why } = deps;
  const isForgotten = why === "forgotten";
  const asksPresent = (user: User) => !isForgotten && passwords.keptElsewhere(user);
  const retry = (key: string, args?: Record<string, string | number>): Outcome<Json> => ({
    kind: "retry",
    notice: args === undefined ? { key } : { key, args },
  });

  async function personOf(login: Login<Json>): Promise<User | undefined> {
    const user = login.subject === undefined ? undefined : await directory.get(login.subject);
    if (user?.status !== "active") return undefined;
    return deps.allowed === undefined || (await deps.allowed(login, user)) ? user : undefined;
  }

  /** The present one where it is asked for: a try like any other, counted before it is compared (P13). */
  async function change(login: Login<Json>, user: User, form: Form, next: Secret): Promise<Outcome<Json>> {
    const present = asksPresent(user) ? new Secret(form.present ?? "") : undefined;
    const { address } = login.visitor;
    const slot =
      present === undefined
        ? undefined
        : await throttle.reserve({ subject: user.id, username: user.username, address, device: undefined });
    if (slot?.kind === "wait") return retry("password.paused", { seconds: slot.seconds });
    const done = await passwords
      .set({
        user,
        next,
        present,
        why,
        session: isForgotten ? undefined : login.session,
        login: login.id,
        client: login.client.id,
        address,
        locale: login.locale,
      })
      .catch(async (problem: unknown) => {
        await slot?.settle("not-compared");
        throw problem;
      });
    await slot?.settle(done.kind === "wrong" ? "wrong" : "right");
    switch (done.kind) {
      case "done":
        return { kind: "proved", method: "pwd", user };
      case "wrong":
        return retry("new-password.wrong");
      case "password-refused":
        return retry("recover.refused", { why: done.why });
      case "kept-elsewhere":
        return { kind: "stop", reason: "password-elsewhere" };
      case "changed-meanwhile":
        return isForgotten ? { kind: "stop", reason: "person-gone" } : retry("account.failed.meanwhile");
      default:
        return { kind: "stop", reason: "person-gone" };
    }
  }

  return {
    prepare: async (login) =>
      (await personOf(login)) === undefined
        ? { kind: "stop", reason: "person-gone" }
        : { kind: "ready", state: null },

    async view(login) {
      const user = login.subject === undefined ? undefined : await directory.get(login.subject);
      const present = user !== undefined && asksPresent(user);
      const least = user !== undefined && passwords.keptElsewhere(user) ? 0 : deps.leastLength();
      return { page: { page: "new-password", facts: { username: login.username, why, present, least } } };
    },

    async authenticate(login, form) {
      const user = await personOf(login);
      if (user === undefined) return { kind: "stop", reason: "person-gone" };
      const { password = "" } = form;
      if (password === "") return retry("new-password.empty");
      if ([password, form.present ?? ""].some((text) => Buffer.byteLength(text) > LONGEST))
        return retry("password.too-long");
      const next = new Secret(password);
      // Whoever has shown the present one may learn that this is it; whoever has forgotten it may not.
      if (!isForgotten && (await isSame(user, form, next))) return retry("new-password.same");
      return change(login, user, form, next);
    },
  };

  async function isSame(user: User, form: Form, next: Secret): Promise<boolean> {
    if (asksPresent(user)) return form.present === next.reveal();
    const check = await directory.checkPassword(user.username, next);
    return check.kind === "right" || check.kind === "must-change";
  }
}
