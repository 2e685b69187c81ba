/**
 * Who may call: a token of this server for this API, with the operation's scope; of a person only what their roles allow
 * now, and only after a second factor (requirement S18). Everything else is refused before a body is read.
 */
import type { AccessTokens } from "../../../core/access.ts";
import type { Directory } from "../../../core/directory.ts";
import { ROLES } from "../../../core/roles.ts";
import type { Operation } from "../contract/operation.ts";
import { scopesOfRole } from "../contract/scopes.ts";
import type { Actor } from "./call.ts";

export interface GuardDeps {
  readonly access: AccessTokens;
  readonly directory: Directory;
  /** Acrs that take a second factor, for the challenge (RFC 9470 §3). */
  readonly secondFactorAcrs: () => readonly string[];
}

/** `challenge` goes into WWW-Authenticate (RFC 6750 §3). */
export type Verdict =
  | { readonly kind: "actor"; readonly actor: Actor }
  | {
      readonly kind: "refused";
      readonly status: 401 | 403;
      readonly challenge: string;
      readonly message: string;
    };

const refused = (status: 401 | 403, challenge: string, message: string): Verdict => ({
  kind: "refused",
  status,
  challenge,
  message,
});

export function createGuard({ access, directory, secondFactorAcrs }: GuardDeps) {
  return async (
    operation: Operation,
    authorization: string | undefined,
    address: string,
  ): Promise<Verdict> => {
    const [, token] = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(authorization ?? "") ?? [];
    if (token === undefined)
      return refused(401, "Bearer", "An access token is needed; send Authorization: Bearer");
    const found = await access.check(token);
    if (found === undefined)
      return refused(
        401,
        'Bearer error="invalid_token"',
        "The access token is not known, has ended, or is not for this API",
      );
    const { client, subject } = found;
    if (subject === undefined) {
      const actor: Actor = {
        client,
        subject,
        roles: [],
        scopes: found.scopes,
        label: `client ${client}`,
        address,
      };
      return allowed(operation, actor);
    }
    // What a person may is asked anew at each call: a role that is taken away, or an account that is disabled, counts at once.
    const user = await directory.get(subject);
    if (user === undefined || user.status !== "active")
      return refused(
        401,
        'Bearer error="invalid_token"',
        "The person behind this access token can no longer sign in",
      );
    if (!found.amr.includes("mfa"))
      return refused(
        401,
        `Bearer error="insufficient_user_authentication", acr_values="${secondFactorAcrs().join(" ")}"`,
        "An administrator has to sign in with a second factor",
      );
    const roles = ROLES.filter((role) => user.roles.includes(role));
    const may = new Set<string>(roles.flatMap((role) => scopesOfRole[role]));
    return allowed(operation, {
      client,
      subject,
      roles,
      scopes: found.scopes.filter((scope) => may.has(scope)),
      label: user.username,
      address,
    });
  };
}

function allowed({ scope }: Operation, actor: Actor): Verdict {
  if (scope === "open" || actor.scopes.includes(scope)) return { kind: "actor", actor };
  return refused(
    403,
    `Bearer error="insufficient_scope", scope="${scope}"`,
    `This needs the scope ${scope}, and ${actor.subject === undefined ? "the token" : "the person or the token"} does not have it`,
  );
}
