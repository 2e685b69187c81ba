/**
 * Whom an administrator may lay hands on (requirements M24, S18; CVE-2026-94000): nobody with more rights than their own.
 * Whoever could set the password of a stronger account, or take its phone away, would be that account a minute later.
 */
import type { Audit } from "../../../core/audit.ts";
import type { User } from "../../../core/directory.ts";
import { isRole } from "../../../core/roles.ts";
import type { SettingsDocument } from "../../../core/settings.ts";
import type { Clock } from "../../../core/words.ts";
import { adminScopes, scopesOfRole } from "../contract/scopes.ts";
import { type Actor, type Refusal, refuse } from "./call.ts";

export interface RightsDeps {
  readonly audit: Audit;
  readonly now: Clock;
}

const rightsOf = (roles: readonly string[]): ReadonlySet<string> =>
  new Set(roles.filter(isRole).flatMap((role) => scopesOfRole[role]));

/** A person's rights are those of their roles, whatever this token is for; a machine has what its token holds. */
const ownRights = ({ subject, roles, scopes }: Actor): ReadonlySet<string> =>
  subject === undefined ? new Set(scopes) : rightsOf(roles);

/** Whether nobody with more rights than the actor's is laid hands on. */
export function reachesOver(actor: Actor, { roles }: Pick<User, "roles">): boolean {
  const own = ownRights(actor);
  return [...rightsOf(roles)].every((right) => own.has(right));
}

/**
 * The first client that a change touches and that has, before or after it, more rights at this API than whoever makes
 * it: its new secret, its redirect URIs or its scopes would be theirs. undefined: there is none.
 */
export function strongerClient(
  actor: Actor,
  before: SettingsDocument,
  after: SettingsDocument,
): string | undefined {
  const own = ownRights(actor);
  const all = new Set<string>(adminScopes);
  const find = ({ clients }: SettingsDocument, id: string) =>
    clients.find(({ client_id }) => client_id === id);
  const ids = new Set([...before.clients, ...after.clients].map(({ client_id }) => client_id));
  return [...ids].find((id) => {
    const [old, next] = [find(before, id), find(after, id)];
    if (textOf(old) === textOf(next)) return false;
    const rights = `${old?.scope ?? ""} ${next?.scope ?? ""}`.split(" ").filter((scope) => all.has(scope));
    return !rights.every((scope) => own.has(scope));
  });
}

/** The same for the same client, in whatever order its fields stand. */
const textOf = (client: object | undefined): string =>
  JSON.stringify(
    Object.entries(client ?? {})
      .filter(([, value]) => value !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );

export function createRights({ audit, now }: RightsDeps) {
  async function refused(actor: Actor, user: User | undefined, act: string, why: string): Promise<Refusal> {
    await audit.append({
      kind: "admin-refused",
      at: now(),
      client: actor.client,
      address: actor.address,
      ...(user === undefined ? {} : { subject: user.id }),
      facts: { by: actor.label, act, reason: why },
    });
    return refuse(403, "Not allowed", why);
  }

  return {
    /** Says no to an act on this person, for a reason that is none of roles. */
    notYours: (actor: Actor, user: User, act: string, why: string): Promise<Refusal> =>
      refused(actor, user, act, why),
    /** Says no to a change of a client with more rights than the actor's (`strongerClient`). */
    overClient: (actor: Actor, id: string): Promise<Refusal> =>
      refused(
        actor,
        undefined,
        `client ${id}`,
        `${id} has, or would have, more rights at this API than you; somebody who has them all has to do it`,
      ),
    /** Why this actor may not change this person; undefined: they may. */
    async toChange(actor: Actor, user: User, act: string): Promise<Refusal | undefined> {
      if (reachesOver(actor, user)) return undefined;
      return refused(
        actor,
        user,
        act,
        `${user.username} has more rights than you; somebody who has them all has to do it`,
      );
    },
    /** Why this actor may not make these the roles of this person (undefined: a new one). */
    async toGive(
      actor: Actor,
      user: User | undefined,
      roles: readonly string[],
      act: string,
    ): Promise<Refusal | undefined> {
      if (user !== undefined && user.id === actor.subject)
        return refused(
          actor,
          user,
          act,
          "nobody changes their own roles; another administrator has to do it",
        );
      const own = ownRights(actor);
      if ([...rightsOf(roles)].every((right) => own.has(right))) return undefined;
      return refused(actor, user, act, "nobody gives rights they do not have");
    },
  };
}

export type Rights = ReturnType<typeof createRights>;
