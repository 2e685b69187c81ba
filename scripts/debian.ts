/**
 * The programs that tests need and npm cannot bring: finds what is missing by looking for the binaries and installs it
 * with apt-get where that needs no question. Never an error: a suite that lacks its program says so itself.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, globSync } from "node:fs";
import path from "node:path";

interface Need {
  readonly name: string;
  readonly for: string;
  readonly found: () => boolean;
}

const inPath = (program: string) =>
  (process.env.PATH ?? "").split(path.delimiter).some((folder) => isProgram(path.join(folder, program)));

const NEEDS: readonly Need[] = [
  { name: "chromium", for: "the browser tests", found: () => inPath("chromium") },
  {
    name: "postgresql",
    for: "the PostgreSQL tests",
    found: () => inPath("initdb") || globSync("/usr/lib/postgresql/*/bin/initdb").some(isProgram),
  },
  {
    name: "slapd",
    for: "the LDAP tests",
    found: () => isProgram("/usr/sbin/slapd"),
  },
  {
    name: "389-ds-base",
    for: "the tests of another make of LDAP",
    found: () => isProgram("/usr/sbin/ns-slapd"),
  },
  {
    name: "samba",
    for: "the tests of Active Directory",
    found: () => isProgram("/usr/sbin/samba"),
  },
  {
    name: "samba-ad-provision",
    for: "the same",
    found: () => globSync("/usr/share/samba/setup/ad-schema/*").length > 0,
  },
  {
    name: "samba-dsdb-modules",
    for: "the same",
    found: () => globSync("/usr/lib/*/samba/ldb/*.so").length > 0,
  },
  {
    name: "nginx-light",
    for: "the test of the nginx example",
    found: () => inPath("nginx") || isProgram("/usr/sbin/nginx"),
  },
  { name: "tmux", for: "the tests of the console", found: () => inPath("tmux") },
  { name: "oathtool", for: "the test of authenticator apps", found: () => inPath("oathtool") },
];

/**
 * Without policy-rc.d the packages would start a system-wide PostgreSQL that nobody asked for; the tests start their
 * own. The packages come as arguments.
 */
const INSTALL = `set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || true # an old list may still do
apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-confdef \\
  -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 "$@"`;

/** Installs what is missing, if it may; answers one sentence about what is still missing, or undefined. */
export function installDebianPackages(): string | undefined {
  const missing = NEEDS.filter((need) => !need.found());
  if (missing.length === 0) return undefined;
  const names = missing.map(({ name }) => name);
  const asRoot = rootCommand();
  if (inPath("apt-get") && asRoot !== undefined) {
    process.stdout.write(`Installing ${names.join(", ")} with apt-get (usually about a minute) …\n`);
    const [program = "", ...args] = [...asRoot, "sh", "-c", INSTALL, "sh", ...names];
    const { status, stderr } = spawnSync(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      timeout: 900_000,
    });
    if (status !== 0) process.stdout.write(`${stderr.trim().split("\n").at(-1) ?? "apt-get failed"}\n`);
  }
  const still = missing.filter((need) => !need.found());
  if (still.length === 0) return undefined;
  const list = still.map((need) => `${need.name} (${need.for})`).join(" and ");
  return `Missing: ${list}; install with: sudo apt-get install ${still.map(({ name }) => name).join(" ")}`;
}

/** The words before a command that has to run as root, or undefined when that would need a password. */
function rootCommand(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "-n"] : undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
