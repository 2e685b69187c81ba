/**
 * What the audit hears of the engine's own acts: tokens given out, tokens taken back, a logout. Each event rides in the
 * commit of the row it is about. `loginId` is the login that a session, and whatever came of it, goes back to: from a
 * token the audit leads back to the password. Used by adapter.ts alone.
 */
import type { IncomingMessage } from "node:http";
import { type AdapterPayload, type KoaContextWithOIDC, Provider } from "oidc-provider";
import type { AuditEvent } from "../../core/audit.ts";
import type { Clock } from "../../core/words.ts";

type WithLogin = { readonly loginId?: string | undefined };
type Extra = { readonly acr?: string; readonly amr?: readonly string[] };

export interface ToldActs {
  /** The row with the login behind it, where the model keeps it. */
  withLogin(model: string, payload: AdapterPayload): AdapterPayload;
  written(model: string, payload: AdapterPayload): readonly AuditEvent[];
  /** `row` is what is removed. */
  removed(model: string, row: () => Promise<AdapterPayload | undefined>): Promise<readonly AuditEvent[]>;
  /** A grant of this person and client ends with all that came of it. */
  grantEnded(model: string, grant: () => Promise<AdapterPayload | undefined>): Promise<readonly AuditEvent[]>;
}

/** Models that keep the login they go back to. The engine's own list of fields is widened by it (policy.ts). */
export const KEEPS_LOGIN = ["AccessToken", "AuthorizationCode", "DeviceCode", "RefreshToken"] as const;
const GIVEN_OUT: readonly string[] = ["AccessToken", "ClientCredentials"];
const TAKEN_BACK: readonly string[] = [...GIVEN_OUT, "RefreshToken"];

/** The login that the session of this request goes back to: the one that ends with it, or the one before. */
export const loginBehind = ({ result, session }: KoaContextWithOIDC["oidc"]): string | undefined =>
  (result?.login as WithLogin | undefined)?.loginId ?? (session as WithLogin | undefined)?.loginId;

const withGrant = new WeakMap<KoaContextWithOIDC, AuditEvent>();

/** Tells of a consent that was skipped, in the commit of the grant that is written for it next. */
export const tellWithGrant = (ctx: KoaContextWithOIDC, event: AuditEvent): void =>
  void withGrant.set(ctx, event);

function loginOf(oidc: KoaContextWithOIDC["oidc"] | undefined): string | undefined {
  const { AuthorizationCode, DeviceCode, RotatedRefreshToken, RefreshToken } = oidc?.entities ?? {};
  const sources = [AuthorizationCode, DeviceCode, RotatedRefreshToken, RefreshToken, oidc?.session];
  return (sources as (WithLogin | undefined)[]).find((source) => source?.loginId !== undefined)?.loginId;
}

export function createToldActs(deps: {
  readonly addressOf: (request: IncomingMessage) => string;
  readonly now: Clock;
}): ToldActs {
  function about(subject: string | undefined, client: string | undefined): Omit<AuditEvent, "kind"> {
    const { ctx } = Provider;
    return {
      at: deps.now(),
      subject,
      login: loginOf(ctx?.oidc),
      client,
      address: ctx === undefined ? undefined : deps.addressOf(ctx.req),
    };
  }
  const route = () => Provider.ctx?.oidc.route;

  return {
    withLogin(model, payload) {
      if (!(KEEPS_LOGIN as readonly string[]).includes(model)) return payload;
      const loginId = loginOf(Provider.ctx?.oidc);
      return loginId === undefined ? payload : { ...payload, loginId };
    },
    written(model, payload) {
      const { ctx } = Provider;
      const skipped = model === "Grant" && ctx !== undefined ? withGrant.get(ctx) : undefined;
      if (ctx !== undefined && skipped !== undefined) {
        withGrant.delete(ctx);
        return [skipped];
      }
      if (!GIVEN_OUT.includes(model)) return [];
      const { accountId, clientId, scope = "", gty } = payload;
      const { acr, amr } = (payload.extra ?? {}) as Extra;
      const facts = {
        grant: String(gty ?? ""),
        scope: String(scope),
        ...(acr === undefined ? {} : { acr, amr: amr ?? [] }),
      };
      return [{ ...about(accountId, clientId), kind: "tokens-issued", facts }];
    },
    async removed(model, row) {
      if (model === "Session" && route() === "end_session_confirm") {
        const subject = Provider.ctx?.oidc.session?.accountId;
        const client = Provider.ctx?.oidc.entities.Client?.clientId;
        return subject === undefined ? [] : [{ ...about(subject, client), kind: "signed-out" }];
      }
      if (!TAKEN_BACK.includes(model) || route() !== "revocation") return [];
      const found = await row();
      const facts = { reason: "asked for by the client" };
      const login = (found as WithLogin | undefined)?.loginId;
      return [{ ...about(found?.accountId, found?.clientId), login, kind: "tokens-revoked", facts }];
    },
    async grantEnded(model, grant) {
      // The engine ends a grant model by model; once is enough. At this endpoint only for what was used twice.
      if (model !== "AccessToken" || route() !== "token") return [];
      const found = await grant();
      const facts = { reason: "a code or refresh token was used twice" };
      return [{ ...about(found?.accountId, found?.clientId), kind: "tokens-revoked", facts }];
    },
  };
}
