/**
 * An Active Directory domain controller of its own for a test: Debian's Samba, LDAP alone, on an address of the loopback
 * network that nobody else has. Its ports are those of every domain controller, so it takes root. Ended with the test.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { Attribute, Change, Client } from "ldapts";
import { selfSigned } from "./certificate.ts";

const PROGRAM = "/usr/sbin/samba";
const SCHEMA = "/usr/share/samba/setup/ad-schema";
export const AD_BASE = "DC=example,DC=org";
export const AD_PEOPLE = `CN=Users,${AD_BASE}`;
export const AD_ROOT = { dn: `CN=Administrator,${AD_PEOPLE}`, password: "Root of the tree 1" };

/** The reason for `skip`, or false where Samba is installed and may be started (and where CI=true). */
export const noSamba: string | false =
  process.env.CI === "true"
    ? false
    : !existsSync(PROGRAM) || !existsSync(SCHEMA)
      ? "samba is not installed (apt-get install samba samba-ad-provision samba-dsdb-modules)"
      : process.getuid?.() === 0
        ? false
        : "a domain controller listens on ports below 1024, and this is not root";

export type Samba = Awaited<ReturnType<typeof startSamba>>;

export async function startSamba() {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-samba-"));
  const address = `127.77.${1 + (process.pid % 250)}.${1 + Math.floor(Math.random() * 250)}`;
  const { cert, key } = selfSigned("dc1.example.org", address);
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
  mkdirSync(join(folder, "run"));
  let child: ChildProcess | undefined;
  const close = async (): Promise<void> => {
    const running = child;
    if (running !== undefined && running.exitCode === null && running.signalCode === null) {
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `ldaps://${address}`;

  /** As the domain's administrator. */
  async function manage<T>(act: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ url, tlsOptions: { ca: cert } });
    try {
      await client.bind(AD_ROOT.dn, AD_ROOT.password);
      return await act(client);
    } finally {
      await client.unbind().catch(() => {});
    }
  }
  const replace = (dn: string, type: string, ...values: string[]) =>
    manage((client) =>
      client.modify(dn, new Change({ operation: "replace", modification: new Attribute({ type, values }) })),
    );

  try {
    await promisify(execFile)("samba-tool", [
      ...["domain", "provision", "--realm=EXAMPLE.ORG", "--domain=EXAMPLE", "--server-role=dc"],
      ...["--dns-backend=NONE", "--host-name=dc1", `--host-ip=${address}`, `--targetdir=${folder}/dc`],
      ...[`--adminpass=${AD_ROOT.password}`, `--option=interfaces=${address}/8`],
      ...["--option=bind interfaces only=yes", "--option=vfs objects="],
    ]);
    const file = join(folder, "dc", "etc", "smb.conf");
    const written = readFileSync(file, "utf8").replace(/^\s*(server services|log file) = .*\n/gm, "");
    const own = [
      "server services = ldap",
      "tls enabled = yes",
      `tls keyfile = ${folder}/key.pem`,
      `tls certfile = ${folder}/cert.pem`,
      `tls cafile = ${folder}/cert.pem`,
      "tls crlfile =",
      // Else the old password is good for another hour, as Windows has it too (OldPasswordAllowedPeriod).
      "old password allowed period = 0",
      `pid directory = ${folder}/run`,
      `log file = ${folder}/log`,
    ];
    writeFileSync(file, written.replace("[global]", `[global]\n${own.join("\n")}`));
    const started = spawn(PROGRAM, ["-i", "-M", "single", "-s", file], { stdio: "ignore" });
    child = started;
    for (let round = 0; ; round += 1) {
      try {
        await manage(async () => {});
        break;
      } catch (problem) {
        if (round >= 200 || started.exitCode !== null) throw problem;
        await pause(100);
      }
    }
    // As a site has it that goes by length: nine characters of any kind, and no age at which one may be changed.
    await replace(AD_BASE, "pwdProperties", "0");
    await replace(AD_BASE, "minPwdLength", "9");
    await replace(AD_BASE, "minPwdAge", "0");
  } catch (problem) {
    await close();
    throw problem;
  }
  return { url, ca: join(folder, "cert.pem"), manage, replace, close };
}
