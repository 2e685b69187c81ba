/** The relying party of the benchmark: one public client with PKCE; nothing listens at its redirect URI. */
export const CLIENT = "bench";
export const CALLBACK = "https://rp.example.test/callback";
export const SCOPE = "openid profile email";
