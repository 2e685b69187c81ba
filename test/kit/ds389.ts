/** A 389 Directory Server of its own for a test, made of Debian's templates. Ended with the test. */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "ldapts";
import { freePort } from "./free-port.ts";
import { BASE, PEOPLE, READER } from "./slapd.ts";

const PROGRAM = "/usr/sbin/ns-slapd";
const TEMPLATE = "/usr/share/dirsrv/data/template-dse.ldif";

/** The reason for `skip`, or false where 389 Directory Server is installed (and where CI=true, so that its absence fails). */
export const no389: string | false =
  (existsSync(PROGRAM) && existsSync(TEMPLATE)) || process.env.CI === "true"
    ? false
    : "389-ds-base is not installed (apt-get install 389-ds-base)";

const MANAGER = { dn: "cn=Directory Manager", password: "root of the tree" };
const FOLDERS = ["etc", "etc/schema", "lock", "log", "run", "db", "db_home", "bak", "ldif", "inst", "tmp"];

const BACKEND = `
dn: cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userRoot
nsslapd-suffix: ${BASE}

dn: cn="${BASE}",cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: ${BASE}
nsslapd-state: backend
nsslapd-backend: userRoot
`;

const SCHEMA = `dn: cn=schema
objectClass: top
objectClass: ldapSubentry
objectClass: subschema
cn: schema
attributeTypes: ( 1.3.6.1.4.1.55555.1.1 NAME 'phoneNumberVerified' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 X-ORIGIN 'user defined' )
objectClasses: ( 1.3.6.1.4.1.55555.2.1 NAME 'sallyportPerson' SUP top AUXILIARY MAY phoneNumberVerified X-ORIGIN 'user defined' )
`;

/** {SSHA}: the configuration wants a hash, and any scheme will do. */
function salted(password: string): string {
  const salt = randomBytes(8);
  return `{SSHA}${Buffer.concat([createHash("sha1").update(password).update(salt).digest(), salt]).toString("base64")}`;
}

export type Ds389 = Awaited<ReturnType<typeof startDs389>>;

export async function startDs389() {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-389-"));
  for (const name of FOLDERS) mkdirSync(join(folder, name));
  cpSync("/etc/dirsrv/config", join(folder, "etc"), { recursive: true });
  writeFileSync(join(folder, "etc", "schema", "99user.ldif"), SCHEMA);
  const port = await freePort();
  const values: Readonly<Record<string, string>> = {
    config_dir: join(folder, "etc"),
    cert_dir: join(folder, "etc"),
    ds_passwd: salted(MANAGER.password),
    ds_port: `${port}`,
    ds_user: userInfo().username,
    fqdn: "localhost",
    rootdn: MANAGER.dn,
    ds_suffix: BASE,
    db_lib: "bdb",
    schema_dir: join(folder, "etc", "schema"),
    ldapi: join(folder, "run", "ldapi"),
    ldapi_enabled: "off",
    ldapi_autobind: "off",
  };
  const dse = readFileSync(TEMPLATE, "utf8").replace(
    /%([a-z_]+)%/g,
    (_, name: string) => values[name] ?? join(folder, name.replace("_dir", "")),
  );
  // Usernames are not ASCII everywhere.
  const wide = dse.replace(/(cn: 7-bit check\n[\s\S]*?nsslapd-pluginenabled: )on/, "$1off");
  writeFileSync(join(folder, "etc", "dse.ldif"), `${wide.trimEnd()}\n${BACKEND}`);
  const child = spawn(PROGRAM, ["-D", join(folder, "etc"), "-i", join(folder, "run", "pid"), "-d", "0"], {
    stdio: "ignore",
  });
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `ldap://127.0.0.1:${port}`;

  /** As the directory's manager. */
  async function manage<T>(act: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ url });
    try {
      await client.bind(MANAGER.dn, MANAGER.password);
      return await act(client);
    } finally {
      await client.unbind();
    }
  }

  for (let round = 0; ; round += 1) {
    try {
      await manage(async () => {});
      break;
    } catch (problem) {
      if (round < 200 && child.exitCode === null) {
        await pause(100);
        continue;
      }
      await close();
      throw problem;
    }
  }
  await manage(async (client) => {
    await client.add(BASE, {
      objectClass: ["top", "domain"],
      dc: "example",
      aci: [
        `(targetattr="*")(version 3.0; acl "reader"; allow (all) userdn="ldap:///${READER.dn}";)`,
        `(targetattr="userPassword")(version 3.0; acl "own password"; allow (write) userdn="ldap:///self";)`,
      ],
    });
    await client.add(PEOPLE, { objectClass: ["top", "organizationalUnit"], ou: "people" });
    await client.add(READER.dn, {
      objectClass: ["top", "organizationalRole", "simpleSecurityObject"],
      cn: "sallyport",
      userPassword: READER.password,
    });
  });
  return { url, manage, close };
}
