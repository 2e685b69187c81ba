/** `sallyport admin bootstrap`: creates the first administrator over the API, by the token of the data folder. */
import { exchange } from "../client/api.ts";
import { readText } from "../client/input.ts";
import { printable } from "../client/printable.ts";
import type { Outcome } from "../client/trouble.ts";
import type { Said } from "./people.ts";

export interface FirstAdministrator {
  readonly host: string;
  readonly tokenFile: string;
  readonly user: string;
  readonly mail?: string | undefined;
  readonly ca?: string | undefined;
}

const no = (text: string): Said => ({ ok: false, text: printable(text) });

/** Where a token may be sent to: TLS, or this machine. */
function addressOf(host: string): URL | undefined {
  const url = URL.parse(/^https?:\/\//.test(host) ? host : `https://${host}`);
  const local = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  return url !== null && (url.protocol === "https:" || local) ? url : undefined;
}

export interface FirstActs {
  standardInput(): Promise<string>;
  /** Trusts the authority of this file as well. */
  trust(caFile: string | undefined): Outcome<undefined>;
}

/** Creates them; the password comes on standard input. */
export async function bootstrapAdministrator(
  { host, tokenFile, user, mail, ca }: FirstAdministrator,
  { standardInput, trust }: FirstActs,
): Promise<Said> {
  const url = addressOf(host);
  if (url === undefined) return no(`${host} must be an https address; a token is sent to nothing else.`);
  const token = readText(tokenFile, "--token-file");
  if (token.kind !== "done") return no(token.text);
  const password = await standardInput();
  if (password === "")
    return no("No password came on standard input; pipe it in: sallyport admin bootstrap … < password.txt");
  const trusted = trust(ca);
  if (trusted.kind !== "done") return no(trusted.text);
  // Looked at first: to a 421 fetch sends the same again, stumbles over its own body and says nothing of the 421.
  const there = await exchange(url.origin, { method: "GET", path: "/api/v1/openapi.json" }, undefined);
  if (there.kind !== "done") return no(there.text);
  const body = { token: token.value.trim(), userId: user, userPassword: password, mail };
  const made = await exchange(url.origin, { method: "POST", path: "/api/v1/bootstrap", body }, undefined);
  if (made.kind !== "done") return no(made.text);
  const { acrs } = (made.value.body ?? {}) as { acrs?: readonly string[] };
  const next =
    acrs?.length === 0
      ? "Enable an acr with a second factor next; within the hour, this token may do that."
      : "Sign in with a second factor next, which this first sign-in sets up.";
  return { ok: true, text: `${user} is an administrator. ${next}` };
}
