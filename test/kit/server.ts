/**
 * A whole server in this process: real store, real gateway against the phone simulator, real HTTP on a free loopback
 * port. Stopped when the test file ends.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { compose } from "../../src/compose/compose.ts";
import { addDemoPeople, DEMO_PASSWORD } from "../../src/compose/demo-config.ts";
import { openParts } from "../../src/compose/parts.ts";
import type { BootConfig } from "../../src/config.ts";
import { Secret } from "../../src/core/secret.ts";
import type { OnSend } from "../../src/core/send-fact.ts";
import { settingsSchema } from "../../src/core/settings.ts";
import type { Logs } from "../../src/kits/log/log.ts";
import type { Cost } from "../../src/kits/password/phc.ts";
import { sqlDirectory } from "../../src/plugins/directories/sql/directory.ts";
import { mountRelyingParty } from "../../src/surfaces/dev/relying-party.ts";
import { freePort } from "./free-port.ts";
import { roomy } from "./roomy.ts";
import { codeOf, startSimulator, type TestPhones } from "./simulator.ts";
import { onShared } from "./storage.ts";
import { createVisitor, type Seen, type TestVisitor, type VisitorOptions } from "./visitor.ts";

export const PASSWORD = DEMO_PASSWORD;
/** Redirect URI of the test clients; nothing listens there, visitors stop when they are sent to it. */
export const CALLBACK = "https://rp.example.test/callback";
export const GRACE = "+12025550143";

/** `spa` public, `web` confidential (secret WEB_SECRET), `doc` confidential with PKCE waived, all trusted; `asks` shows consent. */
export const WEB_SECRET = "a-secret-of-the-web-client";
const clients = [
  {
    client_id: "spa",
    client_name: "Spa",
    trusted: true,
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: ["https://rp.example.test/bye"],
  },
  {
    client_id: "web",
    client_name: "Web",
    trusted: true,
    client_secret: WEB_SECRET,
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: ["https://rp.example.test/bye"],
  },
  {
    client_id: "doc",
    client_name: "Doc",
    trusted: true,
    client_secret: WEB_SECRET,
    pkce: "waived",
    redirect_uris: [CALLBACK],
  },
  { client_id: "asks", client_name: "Asks", redirect_uris: [CALLBACK] },
];

export interface ServerOptions {
  /** Merged over the test settings (settingsSchema in src/core/settings.ts). */
  readonly settings?: Record<string, unknown>;
  readonly config?: Partial<BootConfig>;
  readonly clients?: readonly Record<string, unknown>[];
  /** The server answers as this https origin, as if behind a TLS proxy on loopback. */
  readonly httpsIssuer?: string;
  /** Another server's data folder, to start on it again. */
  readonly folder?: string;
  readonly simulator?: TestPhones;
  readonly people?: boolean;
  /** Cost of password hashes, where a test looks at what is left beside them. */
  readonly hashCost?: Cost;
  readonly onProblem?: (text: string) => void;
  /** Hears of every attempt to bring a code. */
  readonly onSend?: OnSend;
  readonly logs?: Logs;
  /** How often its chores come round; 0.1 for a tenth of the time, where a test waits for them. */
  readonly pace?: number;
  /** Addresses that applications may name. */
  readonly reach?: (address: string) => boolean;
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;

export async function startServer(options: ServerOptions = {}) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "sallyport-test-"));
  const port = options.config?.listen?.port ?? (await freePort());
  const phones = options.simulator ?? (await startSimulator());
  const simulator = Object.assign(phones, {
    /** The code of the first message with one to this number after the first `before` messages; waits for it. */
    async codeAfter(before: number, to: string): Promise<string> {
      const until = Date.now() + 2000;
      for (;;) {
        const found = (await phones.messages())
          .slice(before)
          .find((message) => message.to === to && /#\d+$/.test(message.body));
        if (found !== undefined) return codeOf(found);
        if (Date.now() >= until) return codeOf(await phones.nextMessage(to, 1));
        await pause(5);
      }
    },
  });
  const issuer = new URL(options.httpsIssuer ?? `http://localhost:${port}`);
  const demoClient = {
    client_id: "demo",
    client_name: "Demo application",
    trusted: true,
    redirect_uris: [`${issuer.origin}/demo/callback`],
    post_logout_redirect_uris: [`${issuer.origin}/demo`],
  };
  const settings = settingsSchema.parse({
    acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "twilio_sms" },
    countries: "all",
    sending: roomy,
    clients: [...clients, demoClient, ...(options.clients ?? [])],
    ...options.settings,
  });
  const config: BootConfig = {
    mode: "serve",
    warnings: [],
    issuer,
    listen: { host: "127.0.0.1", port },
    tls: undefined,
    trustedProxies: options.httpsIssuer === undefined ? [] : ["127.0.0.1"],
    data: folder,
    store: { type: "sqlite", file: join(folder, "sallyport.db") },
    masterKey: undefined,
    pages: undefined,
    breachedPasswords: undefined,
    twilio: {
      twilio_sid: simulator.account.sid,
      twilio_token: new Secret(simulator.account.token),
      from_number: "+12025550100",
      api_base: simulator.url,
    },
    settings,
    ...options.config,
  };
  let skew = 0;
  const problems: string[] = [];
  const now = () => Date.now() + skew;
  let closed = false;
  let open: { close(): Promise<void> } | undefined;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await open?.close();
  };
  // Told before anything can fail: what a start that failed left open would keep the whole test file from its end.
  after(async () => {
    await close();
    if (options.simulator === undefined) await simulator.close();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  });
  const opened = await openParts(config, now, { onShared });
  open = opened;
  const { hashCost: cost } = options;
  const parts =
    cost === undefined
      ? opened
      : {
          ...opened,
          directory: await sqlDirectory.open(
            { leastLength: 15, cost },
            { database: opened.store.database, now },
          ),
        };
  if (options.people !== false) await addDemoPeople(parts);
  const running = await compose(config, {
    parts,
    brief: true,
    ...(options.pace === undefined ? {} : { pace: options.pace }),
    ...(options.onSend === undefined ? {} : { onSend: options.onSend }),
    ...(options.logs === undefined ? {} : { logs: options.logs }),
    ...(options.reach === undefined ? {} : { reach: options.reach }),
    complain: (text) => {
      problems.push(text);
      options.onProblem?.(text);
    },
    extras: (app, { render, acrs }) =>
      mountRelyingParty(app, { issuer, clientId: "demo", brand: "Sallyport", acrs, render }),
  });
  open = running;
  return {
    issuer: issuer.origin,
    port,
    folder,
    config,
    parts,
    simulator,
    problems,
    close,
    /** Moves the clock of everything that is ours (the protocol engine keeps the real one). */
    advance: (ms: number) => {
      skew += ms;
    },
    visitor: (over: Partial<VisitorOptions> = {}): TestVisitor =>
      createVisitor({
        origin: issuer.origin,
        stopAt: ["https://rp.example.test/"],
        ...(options.httpsIssuer === undefined ? {} : { connect: { host: "127.0.0.1", port } }),
        ...over,
      }),
    authorizeUrl: (parameters: Record<string, string>) =>
      `/authorize?${new URLSearchParams({ response_type: "code", scope: "openid", redirect_uri: CALLBACK, ...parameters })}`,
  };
}

/** Types a username and a password on the first page. */
export const typePassword = (
  visitor: TestVisitor,
  page: Seen,
  username: string,
  password = PASSWORD,
): Promise<Seen> => visitor.submit(page, { username, password });

/** Signs grace in with both factors from wherever `page` is (the password page); answers what came after the code. */
export async function twoSteps(
  server: TestServer,
  visitor: TestVisitor,
  page: Seen,
  username = "grace",
  phone = GRACE,
): Promise<Seen> {
  const before = (await server.simulator.messages()).length;
  const codePage = await typePassword(visitor, page, username);
  const code = await server.simulator.codeAfter(before, phone);
  return visitor.submit(codePage, { code });
}
