/** What `sallyport login` and `logout` do. */
import process from "node:process";
import { documentOf, scopesOf } from "../client/api.ts";
import { beginSignIn, revoke } from "../client/grants.ts";
import { readHost, trustAlso } from "../client/host.ts";
import { openTokensFile } from "../client/tokens-file.ts";
import { act, misused, need, tell } from "./screen.ts";

export const login = (options: { host: string; ca?: string }): Promise<void> =>
  act(async () => {
    need(trustAlso(options.ca, tell));
    const host = need(readHost(options.host));
    const tokens = openTokensFile(process.env);
    need(tokens.read());
    const scopes = scopesOf(need(await documentOf(host, tokens)));
    const begun = need(await beginSignIn(host, scopes));
    tell(`Open ${begun.url} in a browser and type the code ${begun.userCode}`);
    if (begun.urlWithCode !== undefined) tell(`or open ${begun.urlWithCode} and compare the code.`);
    tell(`The code is good for ${Math.max(1, Math.round(begun.seconds / 60))} minutes; this waits for you.`);
    const signedIn = need(await begun.wait());
    need(await tokens.inTurn(async () => tokens.keep(host, signedIn)));
    tell(`Signed in at ${host}.`);
  });

export const logout = (options: { host?: string; ca?: string }): Promise<void> =>
  act(async () => {
    need(trustAlso(options.ca, tell));
    const tokens = openTokensFile(process.env);
    const kept = need(tokens.read());
    const host = options.host === undefined ? kept.last : need(readHost(options.host));
    const mine = host === undefined ? undefined : kept.hosts[host];
    if (host === undefined || mine === undefined)
      return misused("Nobody is signed in; there is nothing to end.");
    // Gone here in any case: a server that cannot be reached must not keep somebody signed in at a shared machine.
    need(await tokens.inTurn(async () => tokens.keep(host, undefined)));
    need(await revoke(host, mine.refreshToken ?? mine.accessToken));
    tell(`Signed out of ${host}.`);
  });
