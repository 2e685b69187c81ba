/**
 * The product in a process of its own: everything `serve` opens, on a free loopback port, with the embedded store in
 * the folder it is given. Plain http on loopback, because TLS ends at a proxy in front of it.
 */
import { join } from "node:path";
import { compose, type Running } from "../src/compose/compose.ts";
import { openParts, type Parts } from "../src/compose/parts.ts";
import type { BootConfig } from "../src/config.ts";
import { Secret } from "../src/core/secret.ts";
import { settingsSchema } from "../src/core/settings.ts";
import { freePort } from "../test/kit/free-port.ts";
import { answer } from "./child.ts";
import { CALLBACK, CLIENT } from "./client.ts";
import { rememberHashes } from "./remembered-hash.ts";
import type { Person } from "./sign-in.ts";
import { usage } from "./usage.ts";

/** What a server is started with. */
export interface ServerStart {
  readonly folder: string;
  readonly account: { readonly sid: string; readonly token: string };
  /** The phone simulator's origin. */
  readonly api: string;
}

let parts: Parts | undefined;
let running: Running | undefined;

function configOf({ folder, account, api }: ServerStart, port: number): BootConfig {
  const settings = settingsSchema.parse({
    acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "twilio_sms" },
    countries: "all",
    // Thousands of sign-ins from one address to numbers of one block: the budgets are drawn, and never used up.
    sending: {
      owners: {
        address: { hour: 1_000_000, day: 10_000_000 },
        block100: { hour: 1_000_000, day: 10_000_000 },
        block10000: { hour: 1_000_000, day: 10_000_000 },
        country: { hour: 1_000_000, day: 10_000_000 },
        server: { hour: 1_000_000, day: 10_000_000 },
      },
    },
    clients: [{ client_id: CLIENT, client_name: "Benchmark", trusted: true, redirect_uris: [CALLBACK] }],
  });
  return {
    mode: "serve",
    issuer: new URL(`http://localhost:${port}`),
    listen: { host: "127.0.0.1", port },
    tls: undefined,
    trustedProxies: [],
    data: folder,
    store: { type: "sqlite", file: join(folder, "sallyport.db") },
    masterKey: undefined,
    pages: undefined,
    breachedPasswords: undefined,
    warnings: [],
    twilio: {
      twilio_sid: account.sid,
      twilio_token: new Secret(account.token),
      from_number: "+12065550100",
      api_base: api,
    },
    settings,
  };
}

/** Adds people whose phones are bound already. */
async function add({ directory, authenticators, phoneKey, now }: Parts, people: readonly Person[]) {
  for (const { username, password, phone } of people) {
    const claims = {
      name: "Bench Person",
      given_name: "Bench",
      family_name: "Person",
      email: "p@example.org",
    };
    const added = await directory.write?.add({ username, password: new Secret(password), claims });
    if (added?.kind !== "done") throw new Error(`${username} could not be added: ${JSON.stringify(added)}`);
    await authenticators.bind({
      subject: added.user.id,
      kind: "sms",
      key: phoneKey(phone),
      data: { number: phone, country: "US", verifiedAt: now() },
      boundBy: "bench",
    });
  }
}

const hashes = (): number => parts?.directory.hashingStats().total ?? 0;

answer(
  {
    async seed({ start, people }: { start: ServerStart; people: readonly Person[] }) {
      const opened = await openParts(configOf(start, 1));
      await add(opened, people);
      await opened.close();
    },
    async start(start: ServerStart) {
      const config = configOf(start, await freePort());
      parts = await openParts(config);
      running = await compose(config, {
        parts,
        complain: (text) => process.stderr.write(`server: ${text}\n`),
      });
      return running.issuer;
    },
    remember: (on: boolean) => rememberHashes(on),
    usage: () => usage(hashes()),
  },
  async () => running?.close(),
);
