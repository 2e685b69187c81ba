/**
 * An installation of `sallyport serve`: a folder with sallyport.yaml, one or several server processes on it, and the
 * browsers and back channels in front. Phones are the simulator, reached through `api_base` as any provider would be.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { stringify } from "yaml";
import { openParts, type Parts } from "../../src/compose/parts.ts";
import { readConfig } from "../../src/config.ts";
import { freePort } from "./free-port.ts";
import { type Ending, type Program, runProgram, startProgram, until } from "./processes.ts";
import { roomy } from "./roomy.ts";
import { startSimulator } from "./simulator.ts";
import { createVisitor, type Seen, type TestVisitor, type VisitorOptions } from "./visitor.ts";

export const HOST = "login.example.test";
export const ISSUER = `https://${HOST}`;
export const CALLBACK = "https://rp.example.test/callback";
export const CLIENT_SECRET = "canary-client-secret-5vJm2";
export const PASSWORD = "canary horse battery 7Qz";

export interface SiteOptions {
  /** Laid over the usual sallyport.yaml; a property that is undefined is left out. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Another main file than the checkout's. */
  readonly script?: string;
}

export type Site = Awaited<ReturnType<typeof createSite>>;
export type Node = Awaited<ReturnType<Site["start"]>>;

/** Makes the folder and starts a simulator; nothing of the product runs yet. */
export async function createSite(options: SiteOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-site-"));
  const simulator = await startSimulator();
  after(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const usual: Record<string, unknown> = {
    issuer: ISSUER,
    trusted_proxies: ["127.0.0.1/32"],
    data: "data",
    brand: "Example",
    sending: roomy,
    twilio_sid: simulator.account.sid,
    twilio_token: simulator.account.token,
    from_number: "+12025550100",
    api_base: simulator.url,
    clients: [
      { client_id: "spa", client_name: "Spa", trusted: true, redirect_uris: [CALLBACK] },
      {
        client_id: "web",
        client_name: "Web",
        trusted: true,
        client_secret: CLIENT_SECRET,
        redirect_uris: [CALLBACK],
      },
    ],
  };

  const how = {
    env: options.env ?? {},
    ...(options.script === undefined ? {} : { script: options.script }),
  };

  /** Writes sallyport.yaml for a server on `port` and answers its path. */
  function write(port: number, over: Readonly<Record<string, unknown>> = {}): string {
    const all = { ...usual, listen: `127.0.0.1:${port}`, ...options.config, ...over };
    const file = join(folder, `sallyport-${port}.yaml`);
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    // Looked at again and again while programs start on it: nobody may read half of it.
    writeFileSync(`${file}.new`, stringify(given), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return file;
  }

  return {
    folder,
    data: join(folder, "data"),
    simulator,
    write,
    /** Starts a server and waits for its first answer. `port`: the one of a server that has ended. */
    async start(port?: number, over: Readonly<Record<string, unknown>> = {}) {
      const here = port ?? (await freePort());
      const program = startProgram(["serve", "--config", write(here, over)], how);
      await until(program, async () => (program.stdout().includes("answers as") ? true : undefined));
      return createNode(program, here);
    },
    /** Runs a command of the host against this installation. */
    command(args: readonly string[], input = ""): Promise<Ending> {
      return runProgram([...args, "--config", write(9)], { input, ...how });
    },
    /** The store, opened beside the servers, to look into it; closed again at once. */
    async look<T>(act: (parts: Parts) => Promise<T>): Promise<T> {
      const parts = await openParts(readConfig(write(9), options.env ?? {}));
      try {
        return await act(parts);
      } finally {
        await parts.close();
      }
    },
  };
}

/** One server process and what one can do at its door. */
export function createNode(program: Program, port: number) {
  const connect = { host: "127.0.0.1", port };
  return {
    port,
    program,
    visitor: (over: Partial<VisitorOptions> = {}): TestVisitor =>
      createVisitor({ origin: ISSUER, connect, stopAt: ["https://rp.example.test/"], ...over }),
    /** One request without cookies or redirects, as a proxy would hand it on. */
    call: (method: string, path: string, options: CallOptions = {}) => call(port, method, path, options),
    kill: () => program.end("SIGKILL"),
  };
}

export interface CallOptions {
  readonly fields?: Readonly<Record<string, string>>;
  /** Goes as JSON in place of a form. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Called {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON. */
  json(): Record<string, unknown>;
}

function call(port: number, method: string, path: string, options: CallOptions): Promise<Called> {
  const fields = options.fields === undefined ? undefined : new URLSearchParams(options.fields).toString();
  const body = options.json === undefined ? fields : JSON.stringify(options.json);
  return new Promise((resolve, reject) => {
    const form = {
      "content-type": options.json === undefined ? "application/x-www-form-urlencoded" : "application/json",
      "content-length": String(Buffer.byteLength(body ?? "")),
    };
    const headers = { host: HOST, ...(body === undefined ? {} : form), ...options.headers };
    const req = request({ host: "127.0.0.1", port, method, path, setHost: false, headers }, (res) => {
      const parts: Buffer[] = [];
      res.on("data", (part: Buffer) => parts.push(part));
      res.on("error", reject);
      res.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const json = () => JSON.parse(text) as Record<string, unknown>;
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text, json });
      });
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** The cookies a visitor would send to `path`. */
export const cookiesFor = (visitor: TestVisitor, path: string): string =>
  [...visitor.jar.entries()]
    .filter(([, { path: at }]) => at === "/" || path === at || path.startsWith(`${at}/`))
    .map(([key, { value }]) => `${key.split("\n")[0]}=${value}`)
    .join("; ");

/** Where the browser came back to; fails with what it saw when it did not. */
export function codeAt(seen: Seen): string {
  const code = seen.url.searchParams.get("code");
  if (!seen.url.href.startsWith(CALLBACK) || code === null)
    throw new Error(
      `no code: ${seen.url.pathname}${seen.url.search.slice(0, 200)} (${seen.status}) ${seen.body.replace(/<[^>]+>|\s+/g, " ").slice(-400)}`,
    );
  return code;
}
