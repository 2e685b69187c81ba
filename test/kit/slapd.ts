/** A slapd of its own for a test: Debian's server, a schema that carries the phone, people as LDIF. Ended with the test. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Attribute, Change, Client } from "ldapts";
import { freePort } from "./free-port.ts";

const PROGRAM = ["/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/local/libexec/slapd"].find(existsSync);
const SLAPADD = ["/usr/sbin/slapadd", "/usr/local/sbin/slapadd"].find(existsSync);

/** The reason for `skip`, or false where slapd is installed (and where CI=true, so that its absence fails). */
export const noSlapd: string | false =
  (PROGRAM !== undefined && SLAPADD !== undefined) || process.env.CI === "true"
    ? false
    : "slapd is not installed (apt-get install slapd)";

export const BASE = "dc=example,dc=org";
export const PEOPLE = `ou=people,${BASE}`;
export const ROOT = { dn: `cn=admin,${BASE}`, password: "root of the tree" };
export const READER = { dn: `cn=sallyport,${BASE}`, password: "reader of the tree" };
export const DECOY = `cn=decoy,${BASE}`;

/** The document's attribute as it says; beside it the original's boolean, and what 389 and AD add to an entry. */
const SCHEMA = `
attributetype ( 1.3.6.1.4.1.55555.1.1 NAME 'phoneNumberVerified'
  EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.55555.1.2 NAME 'inum' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.3 NAME ( 'jansStatus' 'gluuStatus' ) EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.55555.1.4 NAME 'nsUniqueId' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.5 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.6 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.7 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.8 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.9 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.10 NAME 'accountExpires' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.11 NAME 'shadowExpire' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.12 NAME 'memberOf' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( 1.3.6.1.4.1.55555.1.13 NAME 'objectCategory' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.55555.1.14 NAME 'whenCreated' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.15 NAME 'whenChanged' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.55555.2.1 NAME 'sallyportPerson' AUXILIARY
  MAY ( phoneNumberVerified $ shadowExpire $ memberOf $ nsUniqueId $ nsAccountLock ) )
objectclass ( 1.3.6.1.4.1.55555.2.2 NAME 'jansPerson' AUXILIARY MAY ( phoneNumberVerified $ inum $ jansStatus ) )
objectclass ( 1.3.6.1.4.1.55555.2.3 NAME 'user' AUXILIARY
  MAY ( sAMAccountName $ userPrincipalName $ objectGUID $ userAccountControl $ accountExpires $ memberOf $ objectCategory $ whenCreated $ whenChanged ) )
`;

const TREE = `dn: ${BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ${PEOPLE}
objectClass: organizationalUnit
ou: people

dn: ${READER.dn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: sallyport
userPassword: ${READER.password}

dn: ${DECOY}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: decoy
userPassword: {SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==
pwdPolicySubentry: cn=lenient,${BASE}

dn: cn=policy,${BASE}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 10
pwdMustChange: TRUE
pwdAllowUserChange: TRUE
pwdCheckQuality: 2
pwdMinLength: 8
pwdInHistory: 3

dn: cn=lenient,${BASE}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: lenient
pwdAttribute: userPassword
`;

export interface SlapdOptions {
  /** LDIF behind the tree. */
  readonly ldif?: string;
  /** PEM of certificate and key: then it speaks TLS, also by StartTLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Lines of slapd.conf, for the database. */
  readonly conf?: string;
  /** What whoever reads the tree may do with what; the usual: the reader writes everything. */
  readonly readerMay?: "write" | "read";
}

export type Slapd = Awaited<ReturnType<typeof startSlapd>>;

export async function startSlapd(options: SlapdOptions = {}) {
  if (PROGRAM === undefined || SLAPADD === undefined) throw new Error("slapd is not installed");
  const folder = mkdtempSync(join(tmpdir(), "sallyport-slapd-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const conf = join(folder, "slapd.conf");
  const { tls, readerMay = "write" } = options;
  writeFileSync(join(folder, "sallyport.schema"), SCHEMA);
  if (tls !== undefined) {
    writeFileSync(join(folder, "cert.pem"), tls.cert);
    writeFileSync(join(folder, "key.pem"), tls.key, { mode: 0o600 });
  }
  const lines = [
    ...["core", "cosine", "inetorgperson"].map((name) => `include /etc/ldap/schema/${name}.schema`),
    `include ${folder}/sallyport.schema`,
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    "moduleload ppolicy",
    `pidfile ${folder}/slapd.pid`,
    "allow bind_v2",
    ...(tls === undefined
      ? []
      : [
          `TLSCertificateFile ${folder}/cert.pem`,
          `TLSCertificateKeyFile ${folder}/key.pem`,
          `TLSCACertificateFile ${folder}/cert.pem`,
        ]),
    "database mdb",
    "maxsize 1073741824",
    `suffix "${BASE}"`,
    `rootdn "${ROOT.dn}"`,
    `rootpw "${ROOT.password}"`,
    `directory ${data}`,
    "index objectClass,uid,mail,entryUUID,inum,nsUniqueId,sAMAccountName,objectGUID eq",
    "index phoneNumberVerified pres,eq",
    "dbnosync",
    "overlay ppolicy",
    `ppolicy_default "cn=policy,${BASE}"`,
    "ppolicy_use_lockout",
    `access to attrs=userPassword by dn="${READER.dn}" write by self write by anonymous auth`,
    `access to * by dn="${READER.dn}" ${readerMay} by self read`,
    options.conf ?? "",
  ];
  writeFileSync(conf, `${lines.join("\n")}\n`);
  const ldif = join(folder, "tree.ldif");
  writeFileSync(ldif, `${TREE}\n${options.ldif ?? ""}`);
  execFileSync(SLAPADD, ["-q", "-f", conf, "-l", ldif], { stdio: ["ignore", "ignore", "pipe"] });
  const port = await freePort();
  const securePort = tls === undefined ? undefined : await freePort();
  const url = `ldap://127.0.0.1:${port}`;
  const urls = [url, ...(securePort === undefined ? [] : [`ldaps://127.0.0.1:${securePort}`])];

  let log = "";
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    const started = spawn(
      `${PROGRAM}`,
      ["-d", "stats", "-f", conf, "-h", urls.map((one) => `${one}/`).join(" ")],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    child = started;
    started.stderr?.on("data", (part: Buffer) => {
      log += part.toString();
    });
    for (let round = 0; ; round += 1) {
      if (await answers(port)) return;
      if (round > 200 || started.exitCode !== null)
        throw new Error(`slapd did not start:\n${log.slice(-2000)}`);
      await pause(25);
    }
  }
  await start();

  async function end(signal: NodeJS.Signals): Promise<void> {
    const one = child;
    if (one === undefined || one.exitCode !== null || one.signalCode !== null) return;
    const ended = new Promise((resolve) => one.once("exit", resolve));
    one.kill("SIGCONT");
    one.kill(signal);
    await ended;
  }

  let marks = 0;
  /** Everything it has logged until now: its own log comes through a pipe, so a mark goes in and is waited for. */
  async function loggedSoFar(): Promise<string> {
    marks += 1;
    const mark = `cn=mark-${marks}`;
    const client = new Client({ url });
    await client.search(mark, { scope: "base" }).catch(() => {});
    await client.unbind();
    for (let round = 0; round < 200 && !log.includes(`base="${mark}"`); round += 1) await pause(10);
    return log;
  }

  /** What was asked of it since it began, by people and programs; binds that only open a connection are left out. */
  const operations = async (): Promise<readonly string[]> =>
    (await loggedSoFar())
      .split("\n")
      .filter((line) => /op=\d+ (SRCH base|BIND dn=.* method=|MOD dn|PASSMOD)/.test(line))
      .filter((line) => ![READER.dn, ROOT.dn, "cn=mark-"].some((own) => line.includes(`"${own}`)));

  return {
    url,
    secureUrl: securePort === undefined ? undefined : `ldaps://127.0.0.1:${securePort}`,
    port,
    folder,
    /** Path of its certificate. */
    ca: join(folder, "cert.pem"),
    operations,
    log: loggedSoFar,
    /** Changes an entry behind everybody's back, as an administrator would by hand; [] takes the attribute away. */
    async change(dn: string, to: Readonly<Record<string, string | readonly string[]>>): Promise<void> {
      const client = new Client({ url });
      await client.bind(ROOT.dn, ROOT.password);
      try {
        await client.modify(
          dn,
          Object.entries(to).map(
            ([type, value]) =>
              new Change({
                operation: "replace",
                modification: new Attribute({
                  type,
                  values: typeof value === "string" ? [value] : [...value],
                }),
              }),
          ),
        );
      } finally {
        await client.unbind();
      }
    },
    /** What stands in an attribute of an entry. */
    async values(dn: string, attribute: string): Promise<readonly string[]> {
      const client = new Client({ url });
      await client.bind(ROOT.dn, ROOT.password);
      const { searchEntries } = await client.search(dn, { scope: "base", attributes: [attribute] });
      await client.unbind();
      return [searchEntries[0]?.[attribute] ?? []].flat().map(String);
    },
    /** Resolves when every thread of it stands still: until then one of them may still answer. */
    async pause(): Promise<void> {
      child?.kill("SIGSTOP");
      const tasks = `/proc/${child?.pid}/task`;
      const stands = (task: string) => /\) [Tt] /.test(readFileSync(join(tasks, task, "stat"), "utf8"));
      while (!readdirSync(tasks).every(stands)) await pause(5);
    },
    resume: () => child?.kill("SIGCONT"),
    kill: () => end("SIGKILL"),
    restart: start,
    async close(): Promise<void> {
      await end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** An inetOrgPerson as LDIF. */
export function person(uid: string, more: Readonly<Record<string, string | readonly string[]>> = {}): string {
  const { objectClass = [], ...rest } = more;
  const classes = ["inetOrgPerson", ...(typeof objectClass === "string" ? [objectClass] : objectClass)];
  const all = { cn: uid, sn: uid, uid, userPassword: PASSWORD, ...rest };
  const line = (name: string, value: string) =>
    // What LDIF can carry as it is (RFC 2849).
    /^[\x21-\x39\x3b-\x7e][\x20-\x7e]*$/.test(value) && !value.endsWith(" ")
      ? `${name}: ${value}`
      : `${name}:: ${Buffer.from(value).toString("base64")}`;
  return [
    line("dn", `uid=${escapeRdn(uid)},${PEOPLE}`),
    ...classes.map((one) => `objectClass: ${one}`),
    ...Object.entries(all).flatMap(([name, value]) =>
      (typeof value === "string" ? [value] : value).map((one) => line(name, one)),
    ),
    "",
    "",
  ].join("\n");
}

export const PASSWORD = "two doors, one open";

const escapeRdn = (value: string): string =>
  value.replace(/[,+"\\<>;=#]/g, (special) => `\\${special}`).replace(/^ | $/g, "\\ ");
