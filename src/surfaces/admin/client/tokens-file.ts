/** The tokens of whoever is signed in at this machine, per server: one 0600 file in the person's own folder. */
import { join } from "node:path";
import { inTurn, ownFolder, readPrivate, writePrivate } from "./private-file.ts";
import { done, type Outcome } from "./trouble.ts";

/** What is kept of a sign-in; `expiresAt` in milliseconds since 1970. */
export interface KeptTokens {
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly refreshToken?: string | undefined;
}

interface Kept {
  /** The server signed in at last: meant when no host is given. */
  readonly last?: string | undefined;
  readonly hosts: Readonly<Record<string, KeptTokens>>;
}

export type TokensFile = ReturnType<typeof openTokensFile>;

export function openTokensFile(environment: Readonly<Record<string, string | undefined>>) {
  const file = join(ownFolder(environment), "tokens.json");
  const read = (): Outcome<Kept> => {
    const found = readPrivate(file);
    if (found.kind !== "done") return found;
    const { last, hosts } = (found.value ?? {}) as Partial<Kept>;
    return done({ last, hosts: hosts ?? {} });
  };
  return {
    file,
    read,
    /** Keeps tokens of a server, or forgets them; the others' stay. */
    keep(host: string, tokens: KeptTokens | undefined): Outcome<undefined> {
      const kept = read();
      if (kept.kind !== "done") return kept;
      const { [host]: _old, ...others } = kept.value.hosts;
      const hosts = tokens === undefined ? others : { ...others, [host]: tokens };
      const last = tokens === undefined ? Object.keys(others).at(-1) : host;
      writePrivate(file, { ...(last === undefined ? {} : { last }), hosts });
      return done(undefined);
    },
    inTurn: <T>(act: () => Promise<T>): Promise<T> => inTurn(file, act),
  };
}
