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
