/** A directory over a test's slapd, configured as a site would. */
import { Secret } from "../../src/core/secret.ts";
import {
  type LdapDeps,
  type LdapDirectory,
  ldapDirectory,
} from "../../src/plugins/directories/ldap/directory.ts";
import type { LdapConfig } from "../../src/plugins/directories/ldap/schema.ts";
import { DECOY, PEOPLE, READER, type Slapd } from "./slapd.ts";

/** What a site would write into sallyport.yaml, secrets read. */
export const ldapEntry = (slapd: Pick<Slapd, "url">, over: Readonly<Record<string, unknown>> = {}) => ({
  type: "ldap",
  name: "corp",
  urls: [slapd.url],
  start_tls: false,
  base: PEOPLE,
  bind_dn: READER.dn,
  bind_password: new Secret(READER.password),
  decoy_dn: DECOY,
  ...over,
});

const ldapConfig = (slapd: Pick<Slapd, "url">, over: Readonly<Record<string, unknown>> = {}): LdapConfig =>
  ldapDirectory.schema.parse(ldapEntry(slapd, over));

export const openLdap = (
  slapd: Pick<Slapd, "url">,
  over: Readonly<Record<string, unknown>> = {},
  deps: Partial<LdapDeps> = {},
): Promise<LdapDirectory> =>
  ldapDirectory.open(ldapConfig(slapd, over), { now: Date.now, complain: () => {}, ...deps });
