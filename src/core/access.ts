import type { EpochMs, Subject } from "./words.ts";

/** The client of this server's own command line: public, in every installation, in no settings (compose/own-client.ts). */
export const CLI_CLIENT = "sallyport-cli";
/** The client of the pages on which people look after their own factors; it alone may ask for one to be bound (`enrol`). */
export const ACCOUNT_CLIENT = "sallyport-account";

/** Where other applications ask for phones to be bound: the path, which with the issuer in front is its audience. */
export const ENROLMENT_API = "/jans-casa/rest";

/** What an access token of this server for one of its own APIs says (RFC 7662 §2.2, RFC 9470 §4). */
export interface Access {
  readonly client: string;
  /** Of whom, where a person stands behind it; undefined for a machine. */
  readonly subject: Subject | undefined;
  readonly scopes: readonly string[];
  /** How the person signed in. */
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  readonly authTime: EpochMs | undefined;
}

/** Checks access tokens. Implemented by surfaces/oidc, handed out by compose; nothing leaves the process. */
export interface AccessTokens {
  /** undefined: unknown, ended, revoked, or meant for another audience. */
  check(token: string): Promise<Access | undefined>;
}
