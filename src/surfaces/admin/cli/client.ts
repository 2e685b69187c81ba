/** What `sallyport client …` asks the server. A new secret is made here, kept in a file, and shown to nobody. */
import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { readSecretFrom } from "../client/input.ts";
import type { ConnectionOptions } from "./connection.ts";
import { act, Failure, misused, need, print, printJson, printTable } from "./screen.ts";
import { openVerb, shownAs } from "./verb.ts";

export const list = (options: ConnectionOptions & { json?: boolean }): Promise<void> =>
  act(async () => {
    const clients = await (await openVerb(options)).all("get-oauth-openid-clients");
    if (options.json === true) return printJson(clients, true);
    printTable(
      ["ID", "NAME", "SIGNS IN WITH", "STATE", "REDIRECT URIS"],
      clients.map((one) => [
        shownAs(one.inum),
        shownAs(one.clientName),
        shownAs(one.tokenEndpointAuthMethod),
        one.disabled === true ? "disabled" : "",
        shownAs(one.redirectUris),
      ]),
    );
  });

const BY_ID = "get-oauth-openid-clients-by-inum";

export const show = (id: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    printJson((await verb.call(BY_ID, { values: { inum: id } })).body, true);
  });

interface NewClient extends ConnectionOptions {
  readonly name?: string;
  readonly redirectUri?: readonly string[];
  readonly postLogoutRedirectUri?: readonly string[];
  readonly secretFile?: string;
  readonly public?: boolean;
  readonly machine?: boolean;
  readonly scope?: readonly string[];
  readonly acr?: readonly string[];
  readonly trusted?: boolean;
}

export const add = (id: string, options: NewClient): Promise<void> =>
  act(async () => {
    const { name, redirectUri, postLogoutRedirectUri, secretFile, scope, acr, machine } = options;
    if ((options.public === true) === (secretFile !== undefined))
      misused(
        "A client needs --secret-file FILE, where its secret is or will be kept, or is --public; one of the two.",
      );
    if (options.public === true && machine === true) misused("A machine has a secret; leave --public out.");
    const verb = await openVerb(options);
    const made = secretFile !== undefined && secretFile !== "-" && !existsSync(secretFile);
    const secret =
      secretFile === undefined
        ? undefined
        : made
          ? makeSecret(secretFile)
          : need(await readSecretFrom(secretFile, "--secret-file"));
    try {
      await verb.call("post-oauth-openid-client", {
        body: {
          inum: id,
          ...(name === undefined ? {} : { clientName: name }),
          ...(secret === undefined ? { tokenEndpointAuthMethod: "none" } : { clientSecret: secret }),
          ...(machine === true ? { grantTypes: ["client_credentials"] } : {}),
          ...(redirectUri === undefined ? {} : { redirectUris: redirectUri }),
          ...(postLogoutRedirectUri === undefined ? {} : { postLogoutRedirectUris: postLogoutRedirectUri }),
          ...(scope === undefined ? {} : { scopes: scope }),
          ...(acr === undefined ? {} : { defaultAcrValues: acr }),
          ...(options.trusted === true ? { trustedClient: true } : {}),
        },
      });
    } catch (problem) {
      // A secret that no client has would only be taken for one that works.
      if (made && problem instanceof Failure && problem.trouble.kind !== "unreachable") rmSync(secretFile);
      throw problem;
    }
    print(`Added ${id}.${made ? ` Its secret is in ${secretFile}.` : ""}`);
  });

function makeSecret(file: string): string {
  const secret = randomBytes(32).toString("base64url");
  writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: "wx" });
  return secret;
}

export const remove = (id: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    await verb.call("delete-oauth-openid-client-by-inum", { values: { inum: id } });
    print(`Removed ${id}; its tokens have ended.`);
  });
