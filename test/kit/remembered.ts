/** People whose browser is remembered: without JavaScript, and on another day. */
import assert from "node:assert/strict";
import { createRelyingParty } from "./relying-party.ts";
import { GRACE, type ServerOptions, startServer, type TestServer, typePassword } from "./server.ts";
import { type Seen, type TestVisitor, textOf } from "./visitor.ts";

/** A server on which devices may be remembered. */
export const startRemembering = (
  remembered: Readonly<Record<string, unknown>> = {},
  options: ServerOptions = {},
): Promise<TestServer> =>
  startServer({
    ...options,
    settings: {
      rememberedDevices: { ask: "unknown-device", ...remembered },
      ...options.settings,
    },
  });

const cookieNameAt = (server: TestServer): string =>
  `${server.issuer.startsWith("https:") ? "__Host-" : ""}sallyport_remembered`;

/** What the browser is remembered by. */
export const keptBy = (server: TestServer, visitor: TestVisitor): string | undefined =>
  visitor.cookie(cookieNameAt(server));

/** The same browser on another day: signed out, its lasting cookies there; or another one with this cookie. */
export function anotherDay(
  server: TestServer,
  visitor: TestVisitor,
  cookie = keptBy(server, visitor),
): TestVisitor {
  const next = server.visitor();
  for (const [key, kept] of visitor.jar)
    if (/sallyport_(browser|known)/.test(key)) next.jar.set(key, { ...kept });
  return cookie === undefined ? next : withCookie(server, next, cookie);
}

/** A browser that holds nothing but this. */
export function withCookie(server: TestServer, visitor: TestVisitor, cookie: string): TestVisitor {
  visitor.jar.set(`${cookieNameAt(server)}\n/`, { value: cookie, path: "/" });
  return visitor;
}

export interface Came {
  readonly seen: Seen;
  /** Of the ID token; undefined: something is still asked. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  readonly askedForCode: boolean;
}

/** Types name and password in a sign-in for `twilio_sms`, and nothing more. */
export async function byPassword(
  server: TestServer,
  visitor: TestVisitor,
  options: {
    readonly username?: string;
    readonly parameters?: Readonly<Record<string, string>>;
    readonly clientId?: string;
  } = {},
): Promise<Came> {
  const rp = await createRelyingParty(server, { clientId: options.clientId ?? "spa" });
  const begun = await rp.begin({ acr_values: "twilio_sms", ...options.parameters });
  const seen = await typePassword(visitor, await visitor.get(begun.url.href), options.username ?? "grace");
  const askedForCode = /name="code"/.test(seen.body);
  const claims = askedForCode ? undefined : (await rp.redeem(begun, seen)).claims();
  return { seen, claims, askedForCode };
}

/** Signs in with both steps and ticks the box. */
export async function rememberedVisitor(
  server: TestServer,
  options: { readonly username?: string; readonly phone?: string; readonly visitor?: TestVisitor } = {},
): Promise<TestVisitor> {
  const visitor = options.visitor ?? server.visitor();
  const before = (await server.simulator.messages()).length;
  const { seen } = await byPassword(server, visitor, { username: options.username ?? "grace" });
  assert.match(seen.body, /name="remember"/, textOf(seen.body).slice(0, 300));
  const code = await server.simulator.codeAfter(before, options.phone ?? GRACE);
  const done = await visitor.submit(seen, { code, remember: "yes" });
  assert.ok(done.url.searchParams.has("code"), textOf(done.body).slice(0, 300));
  assert.ok(keptBy(server, visitor), "the browser is remembered");
  return visitor;
}

export const subjectOf = async (server: TestServer, username = "grace"): Promise<string> =>
  (await server.parts.directory.find(username))?.id ?? assert.fail(username);

/** Events of this kind, the newest first, without what every one has. */
export const eventsOf = async (
  server: TestServer,
  kind: "device-remembered" | "remembered-device-used" | "remembered-device-ended" | "signed-in",
) => (await server.parts.audit.query({ kind, limit: 20 })).map(({ facts = {} }) => facts);
