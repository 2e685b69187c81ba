/** This host: who can read what is secret, and whether there is room to write. */
import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BootConfig } from "../../config.ts";
import type { Finding } from "../../core/finding.ts";

const MIB = 1024 * 1024;
const LITTLE = 1024 * MIB;
const NEARLY_NOTHING = 100 * MIB;

export function hostFindings(config: BootConfig): readonly Finding[] {
  return [
    ...config.warnings
      // What the settings weaken is said of the settings in force, which the file may not be.
      .filter((text) => !text.startsWith("simple_password_auth"))
      .map((text): Finding => {
        const [message = text, remedy] = text.split(": chmod");
        return {
          level: "warning",
          check: "host.files",
          message: `${message}.`,
          ...(remedy === undefined ? {} : { remedy: `chmod${remedy}` }),
        };
      }),
    ...readable(config),
    ...proxies(config),
    ...room(config),
  ];
}

function readable({ data, tls }: BootConfig): readonly Finding[] {
  const secret = [data, join(data, "master.key"), ...(tls === undefined ? [] : [tls.key])];
  const open = secret.filter((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found !== undefined && (found.mode & 0o077) !== 0;
  });
  return open.map((path) => ({
    level: "warning",
    check: "host.files",
    message: `Other users of this host can get at ${path}.`,
    remedy: `chmod ${path === data ? 700 : 600} ${path}`,
  }));
}

function proxies({ trustedProxies }: BootConfig): readonly Finding[] {
  const wide = trustedProxies.filter((range) => /\/0$/.test(range));
  if (wide.length === 0) return [];
  return [
    {
      level: "error",
      check: "host.proxies",
      message: `trusted_proxies has ${wide.join(", ")}: everybody may claim any address, and every limit of an address is off.`,
      remedy: "Name the address of the proxy in front alone.",
    },
  ];
}

function room({ data }: BootConfig): readonly Finding[] {
  if (statSync(data, { throwIfNoEntry: false }) === undefined) return [];
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  if (free >= LITTLE) return [{ level: "ok", check: "host.disk", message: `There is room in ${data}.` }];
  return [
    {
      level: free < NEARLY_NOTHING ? "error" : "warning",
      check: "host.disk",
      message: `Only ${Math.floor(free / MIB)} MiB are free in ${data}; without room nothing is written and nobody signs in.`,
      remedy: "Make room: old logs in logs/ and old backups first.",
    },
  ];
}
