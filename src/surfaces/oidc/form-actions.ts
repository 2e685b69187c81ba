import type { KoaContextWithOIDC } from "oidc-provider";

/**
 * Where a form may lead. Browsers hold `form-action` against every redirect that follows a post, so a page must name
 * the relying party its login ends at.
 */
export function formActions(redirectUri: unknown): string[] {
  if (typeof redirectUri !== "string") return ["'self'"];
  try {
    const { protocol, origin } = new URL(redirectUri);
    return ["'self'", protocol === "https:" || protocol === "http:" ? origin : protocol];
  } catch {
    return ["'self'"];
  }
}

/**
 * The page of response_mode=form_post posts to the relying party; the policy it is sent with has to allow that. Only a
 * redirect URI that the engine has found registered is named.
 */
export async function allowFormPost(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  const { oidc } = ctx;
  // What stands in a redirect is shown to nobody.
  if (ctx.status === 303 || oidc?.redirectUriCheckPerformed !== true || ctx.type !== "text/html") return;
  const policy = ctx.response.get("content-security-policy");
  const sources = formActions(oidc.params?.redirect_uri).join(" ");
  ctx.set("content-security-policy", policy.replace(/form-action [^;]*/, `form-action ${sources}`));
}
