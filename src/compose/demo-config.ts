/**
 * The demo: a whole installation on loopback with an embedded database, a phone simulator, a relying party and three
 * people, so that a newcomer sees a two-step sign-in within a minute. `serve` has none of this.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import type { BootConfig } from "../config.ts";
import { invalid } from "../config.ts";
import type { Authenticators, PhoneData } from "../core/authenticators.ts";
import type { Directory } from "../core/directory.ts";
import { Breakage } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { settingsSchema } from "../core/settings.ts";
import type { Clock } from "../core/words.ts";
import { demoMachine } from "./demo-machine.ts";

export const DEMO_PASSWORD = "two doors, one open";
export const DEMO_CLIENT = "demo";

const PEOPLE = [
  { username: "ada", given_name: "Ada", family_name: "Lovelace", email: "ada@example.org" },
  {
    username: "grace",
    given_name: "Grace",
    family_name: "Hopper",
    email: "grace@example.org",
    phone: "+12025550143",
  },
  {
    username: "root",
    given_name: "Root",
    family_name: "Demo",
    email: "root@example.org",
    phone: "+12025550199",
    roles: ["admin"],
  },
] as const;

/** The account that the demo's texts are sent from; the phone simulator takes it, and whatever it is changed to. */
export interface DemoAccount {
  readonly sid: string;
  readonly token: Secret;
}

/** Made at the first start and kept beside the data, so that a later start changes no setting. */
export function openDemoAccount(data: string): DemoAccount {
  const file = resolve(data, "simulator.json");
  const made = { sid: `AC${randomBytes(16).toString("hex")}`, token: randomBytes(16).toString("hex") };
  if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(made)}\n`, { mode: 0o600, flag: "wx" });
  const known = accountSchema.safeParse(parseJson(readFileSync(file, "utf8")));
  if (!known.success)
    throw invalid(file, [
      "is damaged; delete it, and the demo makes another account for its phone simulator",
    ]);
  return { sid: known.data.sid, token: new Secret(known.data.token) };
}

const accountSchema = z.strictObject({ sid: z.string(), token: z.string() });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the demo's texts go instead of to its own simulator; undefined when nothing is said. */
export function demoApiBase(environment: Readonly<Record<string, string | undefined>>): URL | undefined {
  const given = environment.SALLYPORT_TWILIO_API_BASE;
  if (given === undefined || given === "") return undefined;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw invalid("SALLYPORT_TWILIO_API_BASE", ["must be a URL such as http://127.0.0.1:9000"]);
  return new URL(given);
}

/** Configuration of the demo from `PORT` and `SALLYPORT_DATA`; without what the data folder holds only what needs none. */
export function demoConfig(
  environment: Readonly<Record<string, string | undefined>>,
  account?: DemoAccount,
  machine?: Secret,
): BootConfig {
  const port = Number(environment.PORT || 8080);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid("PORT", [`must be a number from 1 to 65535, not ${JSON.stringify(environment.PORT)}`]);
  const issuer = new URL(`http://localhost:${port}`);
  const data = resolve(environment.SALLYPORT_DATA ?? ".sallyport");
  const settings = settingsSchema.parse({
    acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "twilio_sms" },
    countries: "all",
    clients: [
      {
        client_id: DEMO_CLIENT,
        client_name: "Demo application",
        trusted: true,
        redirect_uris: [`${issuer.origin}/demo/callback`],
        post_logout_redirect_uris: [`${issuer.origin}/demo`],
      },
      ...(machine === undefined ? [] : [demoMachine(machine)]),
    ],
  });
  return {
    mode: "demo",
    warnings: [],
    issuer,
    listen: { host: "localhost", port },
    tls: undefined,
    trustedProxies: [],
    data,
    store: { type: "sqlite", file: resolve(data, "sallyport.db") },
    masterKey: undefined,
    pages: environment.SALLYPORT_PAGES === undefined ? undefined : resolve(environment.SALLYPORT_PAGES),
    breachedPasswords: undefined,
    twilio:
      account === undefined
        ? undefined
        : { twilio_sid: account.sid, twilio_token: account.token, from_number: "+12025550100" },
    settings,
  };
}

/** The people of the demo, each added once; what they have changed since stays. */
export async function addDemoPeople(parts: {
  directory: Directory;
  authenticators: Authenticators;
  phoneKey: (e164: string) => string;
  now: Clock;
}): Promise<void> {
  for (const { username, ...person } of PEOPLE) {
    if ((await parts.directory.find(username)) !== undefined) continue;
    const { phone, roles, ...claims } = { phone: undefined, roles: [], ...person };
    const added = await parts.directory.write?.add({
      username,
      password: new Secret(DEMO_PASSWORD),
      roles,
      claims: { ...claims, name: `${person.given_name} ${person.family_name}`, email_verified: true },
    });
    if (added?.kind !== "done")
      throw new Breakage("store-unavailable", `the demo's ${username} could not be added`);
    if (phone === undefined) continue;
    const data: PhoneData = { number: phone, country: "US", verifiedAt: parts.now() };
    await parts.authenticators.bind({
      subject: added.user.id,
      kind: "sms",
      key: parts.phoneKey(phone),
      data,
      boundBy: "demo",
    });
  }
}
