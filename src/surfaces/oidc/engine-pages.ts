/** The pages the engine asks for, in our design: errors, logout, logged out. */
import type { IncomingMessage } from "node:http";
import type { ErrorOut, KoaContextWithOIDC, Provider } from "oidc-provider";
import type { Page } from "../../core/pages.ts";
import { contentSecurityPolicy } from "../../kits/web/headers.ts";
import { wantedLocales } from "../../kits/web/locale.ts";
import { formActions } from "./form-actions.ts";

/**
 * The engine writes its session last, outside of what catches its own errors: what breaks there gets a page as well, with
 * the headers that every page has.
 */
export const withBrokenPage =
  (provider: Provider, pages: Pick<EnginePages, "error">) =>
  async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    try {
      await next();
    } catch (problem) {
      const error = problem instanceof Error ? problem : new Error(String(problem));
      provider.emit("server_error", ctx, error);
      ctx.status = 500;
      // Nothing came of it: the browser keeps what it needs to be led on when it looks again.
      ctx.remove("set-cookie");
      await pages.error(ctx, { error: "server_error" }, error);
    }
  };

export interface EnginePages {
  error(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void>;
  logout(ctx: KoaContextWithOIDC, form: string): Promise<void>;
  loggedOut(ctx: KoaContextWithOIDC): Promise<void>;
}

/** Answers the engine's request with a page of ours. */
export const createShow =
  (render: (page: Page, languages?: readonly string[]) => Promise<string>) =>
  async (ctx: KoaContextWithOIDC, page: Page): Promise<void> => {
    // Where the last write failed, the answer was on its way to the application already.
    ctx.remove("location");
    ctx.type = "html";
    ctx.body = await render(page, wantedLocales(ctx.oidc?.params?.ui_locales, ctx.get("accept-language")));
  };

export function createEnginePages(options: {
  brand: string;
  show: ReturnType<typeof createShow>;
  /** The request that a login of this browser was begun by; empty where there is none, or it is another browser's. */
  restartOf: (login: string, request: IncomingMessage) => Promise<string>;
}): EnginePages {
  const { brand, show, restartOf } = options;
  const appName = (ctx: KoaContextWithOIDC) => ctx.oidc?.client?.clientName ?? "";

  return {
    async error(ctx, out, error) {
      const expired = error.name === "SessionNotFound";
      // A node that died while it handed a finished login on has taken it, and nobody has the answer.
      const [, login] = /^\/authorize\/([\w-]+)$/.exec(ctx.path) ?? [];
      await show(ctx, {
        page: "error",
        facts: {
          brand,
          appName: appName(ctx),
          problem: expired ? "expired" : out.error === "server_error" ? "broken" : "oauth",
          reference: "",
          restartUrl: expired && login !== undefined ? await restartOf(login, ctx.req) : "",
          oauthError: out.error,
          oauthDescription: out.error_description ?? "",
        },
      });
    },
    async logout(ctx) {
      const state = (
        ctx.oidc.session as unknown as { state?: { secret?: string; postLogoutRedirectUri?: string } }
      ).state;
      ctx.set(
        "content-security-policy",
        contentSecurityPolicy({ formAction: formActions(state?.postLogoutRedirectUri) }),
      );
      await show(ctx, {
        page: "logout",
        facts: {
          brand,
          appName: appName(ctx),
          action: ctx.oidc.urlFor("end_session_confirm"),
          xsrf: state?.secret ?? "",
        },
      });
    },
    loggedOut: (ctx) => show(ctx, { page: "logged-out", facts: { brand, appName: appName(ctx) } }),
  };
}
