/**
 * People in an LDAP directory: OpenLDAP, 389 Directory Server, Active Directory, or what the original keeps. Opened by
 * compose; asked by the password factor, the protocol surface and the admin API. It finds, binds as the person, and writes
 * what it was told it may: a phone, a password. It never sees a hash, never follows a referral, and keeps nothing but a
 * short memory of entries.
 */
import { readFileSync } from "node:fs";
import type { Directory, DirectoryWriter } from "../../../core/directory.ts";
import type { Plugin } from "../../../core/plugin.ts";
import type { Clock } from "../../../core/words.ts";
import { listPeople } from "./list.ts";
import { checkPassword } from "./password.ts";
import { createPeople } from "./people.ts";
import { phoneBook } from "./phones.ts";
import { type LdapConfig, ldapSchema } from "./schema.ts";
import { createServers } from "./servers.ts";
import { createWriter } from "./writer.ts";

export interface LdapDirectory extends Directory {
  readonly name: string;
  readonly prefix: string;
  readonly names: readonly string[];
  readonly write: DirectoryWriter;
  readonly phones: NonNullable<Directory["phones"]>;
  readonly look: NonNullable<Directory["look"]>;
  /** False: it has not answered, and is left alone for a moment. */
  readonly isUp: () => boolean;
  close(): void;
}

export interface LdapDeps {
  readonly now: Clock;
  /** What an operator has to mend. */
  readonly complain: (text: string) => void;
}

/** Opening connects to nothing: a directory that is down must not keep the server from starting. */
export const ldapDirectory: Plugin<LdapDirectory, LdapConfig, LdapDeps> = {
  type: "ldap",
  schema: ldapSchema as never,
  async open(config, { now, complain }) {
    const ca = config.ca === undefined ? undefined : readFileSync(config.ca, "utf8");
    const servers = createServers(config, ca, now);
    const people = createPeople({ config, servers, now, complain });
    return {
      name: config.name,
      prefix: config.subject_prefix,
      names: config.names,
      get: async (id) => (await people.byId(id))?.user,
      find: async (username) => (await people.byName(username))?.user,
      checkPassword: (username, password) => checkPassword(people, username, password),
      list: (query) => listPeople(people, query, complain),
      write: createWriter(people),
      mayReset: () => config.resets_passwords,
      phones: (id) => phoneBook(people, id),
      look: people.look,
      /** Binds and searches for a name that nobody has: what a sign-in needs, and no more. */
      async check() {
        try {
          await people.byName("sallyport doctor");
          return [{ level: "ok", message: `${config.name} answers and lets us search` }] as const;
        } catch (problem) {
          return [
            {
              level: "error",
              message: `${config.name}: ${problem instanceof Error ? problem.message : "it cannot be asked"}`,
              remedy: "Look at urls, ca, bind_dn, bind_password and base of this directory.",
            },
          ] as const;
        }
      },
      isUp: () => !servers.isResting,
      close: servers.close,
    };
  },
};
