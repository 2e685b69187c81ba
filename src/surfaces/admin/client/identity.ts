/** Who asks which server: from options, the environment, a file of a client's credentials, or an earlier sign-in. */
import { isAbsolute, join, resolve } from "node:path";
import { Secret } from "../../../core/secret.ts";
import { isLocal, readHost } from "./host.ts";
import { isFile, readSecretFrom, readText } from "./input.ts";
import { ownFolder, readPrivate } from "./private-file.ts";
import type { TokensFile } from "./tokens-file.ts";
import { done, type Outcome, signedOut, usage } from "./trouble.ts";

/** What an administrator may say about it on the command line. */
export interface Given {
  readonly host?: string | undefined;
  readonly accessToken?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly clientSecretFile?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly configFile?: string | undefined;
}

/** How a client proves who it is: a secret, or a private key as PEM or JWK (RFC 7523 §2.2). */
export type Proof =
  | { readonly kind: "secret"; readonly secret: Secret }
  | { readonly kind: "key"; readonly key: Secret };

export type Identity =
  | { readonly kind: "token"; readonly host: string; readonly token: Secret }
  | { readonly kind: "machine"; readonly host: string; readonly clientId: string; readonly proof: Proof }
  | { readonly kind: "person"; readonly host: string };

export interface IdentityDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tokens: TokensFile;
  readonly tell: (text: string) => void;
}

const VISIBLE =
  "everybody on this machine can read it in the process list, and it stays in the shell's history";
const NOBODY =
  "Nobody is signed in; run: sallyport login --host HOST, or give --config-file, --client-id or --access-token (sallyport cli --help).";

export async function findIdentity(given: Given, deps: IdentityDeps): Promise<Outcome<Identity>> {
  const { environment, tell } = deps;
  const named = given.host === undefined ? undefined : readHost(given.host);
  if (named !== undefined && named.kind !== "done") return named;
  const host = named?.value;
  const token = given.accessToken ?? (environment.SALLYPORT_ACCESS_TOKEN || undefined);
  if (token !== undefined) {
    const from = token === "-" || token.startsWith("@") || isFile(token);
    const secret = from ? await readSecretFrom(token, "--access-token") : done(token);
    if (secret.kind !== "done") return secret;
    if (!from && given.accessToken !== undefined)
      tell(
        `--access-token holds the token itself: ${VISIBLE}. Use SALLYPORT_ACCESS_TOKEN, a file or - instead.`,
      );
    if (!/^[\x21-\x7e]+$/.test(secret.value)) return usage("--access-token: that is no access token.");
    const where = host === undefined ? hostElsewhere(given, deps) : done(host);
    return where.kind === "done"
      ? done({ kind: "token", host: where.value, token: new Secret(secret.value) })
      : where;
  }
  if (given.clientId !== undefined) {
    const proof = await proofOf(given, tell);
    if (proof.kind !== "done") return proof;
    const where = host === undefined ? hostElsewhere(given, deps) : done(host);
    if (where.kind !== "done") return where;
    return done({ kind: "machine", host: where.value, clientId: given.clientId, proof: proof.value });
  }
  const found = fromFiles(given, host, deps);
  if (found === undefined) return signedOut(NOBODY);
  return found;
}

async function proofOf(given: Given, tell: (text: string) => void): Promise<Outcome<Proof>> {
  const ways = [given.clientSecret, given.clientSecretFile, given.clientKey].filter(
    (way) => way !== undefined,
  );
  if (ways.length !== 1)
    return usage("--client-id needs exactly one of --client-secret-file FILE and --client-key FILE.");
  if (given.clientKey !== undefined) {
    const key = readText(given.clientKey, "--client-key");
    return key.kind === "done" ? done({ kind: "key", key: new Secret(key.value) }) : key;
  }
  if (given.clientSecret !== undefined) {
    tell(`--client-secret holds the secret itself: ${VISIBLE}. Use --client-secret-file FILE instead.`);
    return done({ kind: "secret", secret: new Secret(given.clientSecret) });
  }
  const secret = await readSecretFrom(given.clientSecretFile ?? "", "--client-secret-file");
  return secret.kind === "done" ? done({ kind: "secret", secret: new Secret(secret.value) }) : secret;
}

/** A file of credentials that says for which server it is, or a sign-in; undefined when there is none of either. */
function fromFiles(
  given: Given,
  host: string | undefined,
  { environment, tokens }: IdentityDeps,
): Outcome<Identity> | undefined {
  const explicit = given.configFile ?? (environment.SALLYPORT_CLI_CONFIG || undefined);
  if (explicit !== undefined) {
    const found = fromConfig(explicit, host);
    return found ?? usage(`${explicit} is not there; name the file with the client's credentials.`);
  }
  const data = environment.SALLYPORT_DATA || undefined;
  const beside = fromConfig(join(data ?? ".sallyport", "cli.json"), host);
  if (beside !== undefined && beside.kind !== "done") return beside;
  // What lies in the folder one happens to stand in is that of a demo, or a trap: it leads to this machine only.
  if (beside !== undefined && (data !== undefined || isLocal(beside.value.host)) && fits(beside.value, host))
    return beside;
  const kept = tokens.read();
  if (kept.kind !== "done") return kept;
  const signedInAt = host ?? kept.value.last;
  if (signedInAt !== undefined && kept.value.hosts[signedInAt] !== undefined)
    return done({ kind: "person", host: signedInAt });
  const own = fromConfig(join(ownFolder(environment), "cli.json"), host);
  return own === undefined || own.kind !== "done" || fits(own.value, host) ? own : undefined;
}

/** A secret goes to the server it is for and to no other that `--host` names. */
const fits = (identity: Identity, host: string | undefined): boolean =>
  host === undefined || identity.host === host;

function fromConfig(file: string, host: string | undefined): Outcome<Identity> | undefined {
  const read = readPrivate(file);
  if (read.kind !== "done") return read;
  if (read.value === undefined) return undefined;
  const { host: said = host, client_id: clientId, client_secret: secret, client_key: keyFile } = read.value;
  if (typeof said !== "string" || typeof clientId !== "string")
    return usage(`${file}: host and client_id must be there, as text.`);
  const origin = readHost(said);
  if (origin.kind !== "done")
    return usage(`${file}: ${origin.kind === "usage" ? origin.text : "host is wrong"}`);
  const machine = (proof: Proof): Outcome<Identity> =>
    done({ kind: "machine", host: origin.value, clientId, proof });
  if (typeof secret === "string") return machine({ kind: "secret", secret: new Secret(secret) });
  if (typeof keyFile !== "string")
    return usage(`${file}: one of client_secret and client_key must be there.`);
  const key = readText(isAbsolute(keyFile) ? keyFile : resolve(file, "..", keyFile), "client_key");
  return key.kind === "done" ? machine({ kind: "key", key: new Secret(key.value) }) : key;
}

/** The host for credentials that say none. */
function hostElsewhere(given: Given, deps: IdentityDeps): Outcome<string> {
  const found = fromFiles(given, undefined, deps);
  if (found?.kind === "done") return done(found.value.host);
  return usage("Which server? Give --host HOST.");
}
