/** What a person signs in with, seen and taken away by an administrator, with a reason and with the person told. */
import type { Authenticator, PasskeyData, RecoveryData, TotpData } from "../../../core/authenticators.ts";
import type { Standing } from "../../../core/code-failures.ts";
import type { Directory, User } from "../../../core/directory.ts";
import type { EpochMs, FactorKind, Subject } from "../../../core/words.ts";
import * as contract from "../contract/authenticators.ts";
import { type Actor, type Handler, handle, notFound } from "./call.ts";
import type { Rights } from "./rights.ts";
import { createTaking, labelOf, type TakingDeps } from "./taking.ts";

export interface AuthenticatorDeps extends TakingDeps {
  readonly directory: Directory;
  readonly rights: Rights;
  /** How the person's wrong answers at this kind stand. */
  readonly standingOf: (subject: Subject, kind: FactorKind) => Promise<Standing>;
}

export function authenticatorHandlers(deps: AuthenticatorDeps): readonly Handler[] {
  const { directory, authenticators, rights, standingOf } = deps;
  const take = createTaking(deps);

  async function remove(user: User, actor: Actor, id: string, reason: string) {
    const found = (await authenticators.list(user.id)).find((one) => one.id === id);
    if (found === undefined) return notFound("authenticator");
    await take(user, actor, found, reason);
    return { body: undefined };
  }

  return [
    handle(contract.getAuthenticators, async ({ params }) => {
      const user = await directory.get(params.inum);
      if (user === undefined) return notFound("user");
      const held = await authenticators.list(user.id);
      return {
        body: await Promise.all(
          held.map(async (one) => ({ ...viewOf(one), ...standingView(await standingOf(user.id, one.kind)) })),
        ),
      };
    }),
    handle(
      contract.deleteAuthenticator,
      async ({ params, query, actor }) => {
        const user = await directory.get(params.inum);
        if (user === undefined) return notFound("user");
        const refused = await rights.toChange(actor, user, "remove an authenticator");
        return refused ?? remove(user, actor, params.id, query.reason);
      },
      async ({ params }) =>
        (await authenticators.list(params.inum)).some(({ id }) => id === params.id)
          ? undefined
          : notFound("authenticator"),
    ),
  ];
}

const standingView = (standing: Standing) =>
  standing.kind === "paused"
    ? { pausedUntil: new Date(standing.until).toISOString() }
    : standing.kind === "disabled"
      ? { disabled: true }
      : {};

const time = (at: EpochMs | undefined) => (at === undefined ? undefined : new Date(at).toISOString());

/** Field by field: what is not named here, secrets first of all, never leaves. */
function viewOf(one: Authenticator) {
  const { id, kind, boundAt, boundBy } = one;
  const view = { id, kind, label: labelOf(one), boundAt: new Date(boundAt).toISOString(), boundBy };
  switch (kind) {
    case "totp":
      return { ...view, usedAt: time((one.data as TotpData).usedAt) };
    case "passkey": {
      const { usedAt, backedUp, counterBackAt } = one.data as PasskeyData;
      return { ...view, usedAt: time(usedAt), backedUp, counterBackAt: time(counterBackAt) };
    }
    case "recovery-code": {
      const { usedAt, hashes } = one.data as RecoveryData;
      return { ...view, usedAt: time(usedAt), left: hashes.length };
    }
    default:
      return view;
  }
}
