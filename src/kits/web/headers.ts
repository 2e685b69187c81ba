/**
 * Response headers (requirement S12, OWASP ASVS 3.4). Strict: no inline script or style, nothing from elsewhere, no
 * framing, no referrer, no caching of pages. Called by every surface; it decides nothing about content.
 */

/** `formAction`: sources as CSP writes them; browsers hold them against every redirect that follows a post. */
export function contentSecurityPolicy(options: { formAction?: readonly string[] | undefined } = {}): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    `form-action ${(options.formAction ?? ["'self'"]).join(" ")}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
  ].join("; ");
}

/** All headers of a page or an answer; HSTS (two years) only where the issuer is https. */
export function securityHeaders(options: {
  https: boolean;
  formAction?: readonly string[] | undefined;
}): Record<string, string> {
  return {
    "content-security-policy": contentSecurityPolicy(options),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "otp-credentials=(self), camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
    ...(options.https ? { "strict-transport-security": "max-age=63072000; includeSubDomains" } : {}),
  };
}
