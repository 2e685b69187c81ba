/** A small npm registry on loopback: real npm, real tarballs, no network. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

/** A package as the tests write it: its manifest and its further files by path. */
export interface Source {
  readonly manifest: { readonly name: string; readonly version: string } & Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
}

export interface Registry {
  readonly url: string;
  /** Requests so far, by path. */
  readonly requests: string[];
  /** Milliseconds that every tarball waits. */
  delay: number;
  /** Packs and publishes; answers the hash for a lock file. */
  publish(source: Source): string;
  close(): void;
}

/** Starts a registry that packs its tarballs in `folder`. */
export async function startRegistry(folder: string): Promise<Registry> {
  const packages = new Map<string, Record<string, unknown>>();
  const tarballs = new Map<string, Buffer>();
  const server: Server = createServer(async (request, response) => {
    const at = request.url ?? "/";
    registry.requests.push(at);
    const tarball = tarballs.get(at);
    if (tarball !== undefined) {
      await new Promise((done) => setTimeout(done, registry.delay));
      response.end(tarball);
      return;
    }
    const name = at.slice(1);
    const versions = packages.get(name);
    response.statusCode = versions === undefined ? 404 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": {}, versions: versions ?? {} }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry: Registry = {
    url,
    requests: [],
    delay: 0,
    publish(source) {
      const { name, version } = source.manifest;
      const tarball = pack(path.join(folder, `${name}-${version}`), source);
      const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
      const at = `/${name}/-/${name}-${version}.tgz`;
      tarballs.set(at, tarball);
      const dist = { tarball: `${url}${at}`, integrity };
      packages.set(name, { ...packages.get(name), [version]: { ...source.manifest, dist } });
      return integrity;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return registry;
}

function pack(folder: string, { manifest, files }: Source): Buffer {
  const all = { "package.json": JSON.stringify(manifest), ...files };
  for (const [name, text] of Object.entries(all)) {
    const file = path.join(folder, "package", name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (name.startsWith("bin/")) chmodSync(file, 0o755);
  }
  const { status } = spawnSync("tar", ["-czf", "package.tgz", "package"], { cwd: folder });
  if (status !== 0) throw new Error("tar failed");
  return readFileSync(path.join(folder, "package.tgz"));
}
