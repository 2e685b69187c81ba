/**
 * Who may call: a token of this server for this API, with the operation's scope; of a person only what their roles allow
 * now, and only after a second factor (requirement S18). Everything else is refused before a body is read.
 */
import type { AccessTokens } from "../../../core/access.ts";
import type { Audit } from "../../../core/audit.ts";
import type { Bootstrap } from "../../../core/bootstrap.ts";
import type { Directory } from "../../../core/directory.ts";
import { ROLES } from "../../../core/roles.ts";
import type { Clock } from "../../../core/words.ts";
import type { Operation } from "../contract/operation.ts";
import { type Scope, scopes, scopesOfRole } from "../contract/scopes.ts";
import type { Actor } from "./call.ts";

export interface GuardDeps {
  readonly access: AccessTokens;
  readonly directory: Directory;
  readonly bootstrap: Bootstrap;
  readonly audit: Audit;
  readonly now: Clock;
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

const UNKNOWN = 'Bearer error="invalid_token"';
const NOT_KNOWN = "The access token is not known, has ended, or is not for this API";

/** What a second factor is made possible by: the script that sends, and the acrs. Nothing is added or deleted. */
const BOOTSTRAP: readonly Scope[] = [
  scopes.scriptsRead,
  scopes.scriptsWrite,
  scopes.acrsRead,
  scopes.acrsWrite,
];
const BOOTSTRAP_VERBS: readonly Operation["method"][] = ["GET", "PUT", "PATCH"];

export function createGuard({ access, directory, bootstrap, audit, now, secondFactorAcrs }: GuardDeps) {
  /** Before there is an administrator who could hold an access token (core/bootstrap.ts). */
  async function byBootstrap(operation: Operation, token: string, address: string): Promise<Verdict> {
    if (!(await bootstrap.check(token, address))) return refused(401, UNKNOWN, NOT_KNOWN);
    const { scope, method, id } = operation;
    if (scope === "open" || !BOOTSTRAP.includes(scope) || !BOOTSTRAP_VERBS.includes(method))
      return refused(
        403,
        `Bearer error="insufficient_scope", scope="${scope}"`,
        "The bootstrap token reads and changes scripts and acrs alone, and creates the first administrator",
      );
    if (method !== "GET")
      await audit.append({ kind: "bootstrap-used", at: now(), address, facts: { act: id } });
    const actor = { client: "bootstrap", subject: undefined, roles: [], scopes: BOOTSTRAP, address };
    return { kind: "actor", actor: { ...actor, label: "the bootstrap token" } };
  }

  return async (
    operation: Operation,
    authorization: string | undefined,
    address: string,
  ): Promise<Verdict> => {
    const [, token] = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(authorization ?? "") ?? [];
    if (token === undefined)
      return refused(401, "Bearer", "An access token is needed; send Authorization: Bearer");
    if (bootstrap.looksLikeOne(token)) return byBootstrap(operation, token, address);
    const found = await access.check(token);
    if (found === undefined) return refused(401, UNKNOWN, NOT_KNOWN);
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
      return refused(401, UNKNOWN, "The person behind this access token can no longer sign in");
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
