/** The grants of a person, for whoever looks at them from outside the engine; and which session a token came of. */
import type { Provider } from "oidc-provider";
import type { Audit } from "../../core/audit.ts";
import type { Grants } from "../../core/grants.ts";
import type { Storage } from "../../core/records.ts";
import type { Clock, Subject } from "../../core/words.ts";
import { shownAs } from "./access.ts";
import { BY_GRANT } from "./sessions.ts";

type GrantRow = {
  readonly jti: string;
  readonly accountId?: Subject;
  readonly clientId?: string;
  readonly iat?: number;
  readonly openid?: { readonly scope?: string };
  readonly resources?: Readonly<Record<string, string>>;
};

/** More grants than anybody has: one for each session and application. */
const MOST = 500;

export function createGrants(deps: {
  readonly storage: Storage;
  readonly audit: Audit;
  readonly now: Clock;
}): Grants {
  const rows = deps.storage.records<GrantRow>("oidc.Grant");
  const of = async (subject: Subject) =>
    (await rows.list(subject, MOST)).filter(({ accountId }) => accountId === subject);
  return {
    async list(subject) {
      const found = Object.entries(Object.groupBy(await of(subject), ({ clientId }) => clientId ?? ""));
      return found.map(([client, grants = []]) => ({
        client,
        scopes: [
          ...new Set(
            grants.flatMap(({ openid, resources = {} }) => [
              ...(openid?.scope ?? "").split(" "),
              ...Object.keys(resources).map(shownAs),
            ]),
          ),
        ].filter((scope) => scope !== ""),
        since: Math.min(...grants.map(({ iat = 0 }) => iat * 1000)),
      }));
    },
    async revoke(subject, client, address) {
      const grants = (await of(subject)).filter(({ clientId }) => clientId === client);
      if (grants.length === 0) return false;
      const event = { kind: "tokens-revoked", at: deps.now(), subject, client, address } as const;
      await deps.audit.append({ ...event, facts: { reason: "taken back by the person" } });
      for (const { jti } of grants) {
        await rows.remove(jti);
        for (const model of BY_GRANT) await deps.storage.records(`oidc.${model}`).removeGroup(jti);
      }
      return true;
    },
  };
}

/** The name (core/sessions.ts) of the session that an access token came of. */
export const sessionOfToken = (provider: () => Provider, storage: Storage) => {
  const uids = storage.records<string>("oidc.Session.uid");
  return async (accessToken: string): Promise<string | undefined> => {
    const token = (await provider().AccessToken.find(accessToken)) as { sessionUid?: string } | undefined;
    return token?.sessionUid === undefined ? undefined : uids.nameOf(token.sessionUid);
  };
};
