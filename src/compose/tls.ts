/** The certificate of a server that speaks TLS itself: read at the start, and again when its files change. */
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Server } from "node:https";
import { createSecureContext } from "node:tls";
import { invalid } from "../config.ts";
import { Breakage } from "../core/errors.ts";
import type { Logger } from "../kits/log/log.ts";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

const LEAST_TLS = "TLSv1.2";

export function readTls(files: TlsFiles): { cert: Buffer; key: Buffer } {
  const faults: string[] = [];
  const read = (name: "cert" | "key") => {
    try {
      return readFileSync(files[name]);
    } catch (problem) {
      faults.push(
        `the file ${files[name]} cannot be read (${(problem as { code?: string }).code ?? "unknown"})`,
      );
      return Buffer.alloc(0);
    }
  };
  const tls = { cert: read("cert"), key: read("key") };
  if (faults.length > 0) throw invalid("tls", faults);
  return tls;
}

/** What is wrong with certificate and key, a sentence each that begins with `tls`. */
export function tlsFaults(files: TlsFiles): readonly string[] {
  try {
    createSecureContext({ ...readTls(files), minVersion: LEAST_TLS });
    return [];
  } catch (problem) {
    if (problem instanceof Breakage) return problem.message.split("\n");
    return [
      "tls: certificate and key cannot be used together; give the PEM of the certificate chain and of its private key",
    ];
  }
}

export interface TlsReload {
  /** Takes the files if they are others than those last looked at. */
  look(): Promise<void>;
  /** Takes them in any case. */
  reload(): Promise<void>;
}

/**
 * Gives a running server its new certificate; connections that stand go on with theirs. Files that cannot be used leave
 * the old certificate in place and are complained of once; a renewal that writes one file after the other is two looks.
 */
export function createTlsReload(
  files: TlsFiles,
  server: Pick<Server, "setSecureContext">,
  { log, complain, now }: { log: Logger; complain: (text: string) => void; now: () => number },
): TlsReload {
  // By what a rename or a link to another folder changes as well, which is how certificates are renewed.
  const mark = (): string =>
    [files.cert, files.key]
      .map((file) => statSync(file, { throwIfNoEntry: false }))
      .map((found) => (found === undefined ? "gone" : `${found.ino} ${found.size} ${found.mtimeMs}`))
      .join("\n");
  let seen = mark();

  async function reload(): Promise<void> {
    seen = mark();
    const [fault] = [...tlsFaults(files), ...ended(files, now())];
    if (fault !== undefined)
      return complain(`The new certificate is not taken, the one before serves on: ${fault}`);
    const { cert, key } = readTls(files);
    server.setSecureContext({ cert, key, minVersion: LEAST_TLS });
    const { validTo, fingerprint256 } = new X509Certificate(cert);
    log.info("A new certificate is taken", { until: validTo, fingerprint: fingerprint256 });
  }

  return {
    async look() {
      if (mark() !== seen) await reload();
    },
    reload,
  };
}

function ended({ cert }: TlsFiles, now: number): string[] {
  try {
    const { validTo } = new X509Certificate(readFileSync(cert));
    return Date.parse(validTo) > now ? [] : [`tls: the certificate in ${cert} has ended on ${validTo}`];
  } catch {
    // Said by `tlsFaults` already.
    return [];
  }
}
