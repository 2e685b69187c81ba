/**
 * Who calls, and for whom: a token of this server for this API, of an application alone or of a person who has signed in
 * to one. Nobody with a role is to be found here, by any token: an application never touches whoever administers. Unknown,
 * disabled, of somebody else and with a role are one answer; the audit alone knows which it was.
 */
import type { AccessTokens } from "../../core/access.ts";
import type { Audit } from "../../core/audit.ts";
import type { Directory, User } from "../../core/directory.ts";
import type { Shown } from "../../core/strength.ts";
import type { Clock } from "../../core/words.ts";
import type { Operation } from "./contract.ts";

export interface Caller {
  readonly client: string;
  /** The person behind the token and how they have signed in; undefined: the application alone. */
  readonly shown: Shown | undefined;
  readonly address: string;
}

/** Why not; `challenge` goes into WWW-Authenticate, `retryAfter` (seconds) into Retry-After. */
export interface Refusal {
  readonly refused: 400 | 401 | 403 | 404 | 409 | 429;
  readonly code: string;
  readonly cause?: string | undefined;
  readonly message: string;
  readonly challenge?: string | undefined;
  readonly retryAfter?: number | undefined;
}

export interface CallerDeps {
  readonly access: AccessTokens;
  readonly directory: Pick<Directory, "get">;
  readonly audit: Audit;
  readonly now: Clock;
}

const INVALID = 'Bearer error="invalid_token"';

/** The person is asked for, or has to show more (RFC 9470 §3). */
export const stepUp = (acrs: readonly string[], freshFor: number, message: string): Refusal => ({
  refused: 401,
  code: "STEP_UP",
  message,
  challenge: [
    'Bearer error="insufficient_user_authentication"',
    ...(acrs.length === 0 ? [] : [`acr_values="${acrs.join(" ")}"`]),
    `max_age="${freshFor}"`,
  ].join(", "),
});

export function createCallers({ access, directory, audit, now }: CallerDeps) {
  const unknown: Refusal = {
    refused: 404,
    code: "UNKNOWN_USER_ID",
    message: "There is no such person, or this token may do nothing for them",
  };

  return {
    async of(
      { scope }: Operation,
      authorization: string | undefined,
      address: string,
    ): Promise<Caller | Refusal> {
      const [, token] = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(authorization ?? "") ?? [];
      const found = token === undefined ? undefined : await access.check(token);
      if (found === undefined)
        return {
          refused: 401,
          code: "UNAUTHORIZED",
          message: "An access token of this server for this API is needed; send Authorization: Bearer",
          challenge: token === undefined ? "Bearer" : INVALID,
        };
      if (!found.scopes.includes(scope))
        return {
          refused: 403,
          code: "FORBIDDEN",
          message: `The token does not hold the scope ${scope}`,
          challenge: `Bearer error="insufficient_scope", scope="${scope}"`,
        };
      const { client, subject, acr = "", authTime = 0 } = found;
      return { client, shown: subject === undefined ? undefined : { subject, acr, authTime }, address };
    },

    /** The person, where this caller may do something for them. */
    async whom(caller: Caller, userid: string): Promise<User | Refusal> {
      const user = await directory.get(userid);
      const why =
        user === undefined || user.status !== "active"
          ? undefined
          : user.roles.length > 0
            ? "the account has a role"
            : caller.shown !== undefined && caller.shown.subject !== user.id
              ? "a token of somebody else"
              : "";
      if (user !== undefined && why === "") return user;
      if (user !== undefined && why !== undefined)
        await audit.append({
          kind: "enrolment-refused",
          at: now(),
          subject: user.id,
          client: caller.client,
          address: caller.address,
          facts: { factor: "sms", reason: why },
        });
      return unknown;
    },
  };
}

export type Callers = ReturnType<typeof createCallers>;
