/**
 * T13, T14, T15: every cell of the tables in docs/reference/acr-choice.md against a running server: which pages come,
 * which error, and what the ID token says at the end. The page is read, so it cannot say anything else than what is.
 */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import {
  type Cell,
  MANNERS,
  MAX_AGES,
  PROMPTS,
  REQUESTS,
  readTables,
  SESSIONS,
  type Session,
} from "../kit/acr-table.ts";
import { type Begun, claimsOf, createRelyingParty, refusalOf } from "../kit/relying-party.ts";
import { CALLBACK, GRACE, PASSWORD, startServer } from "../kit/server.ts";
import { type Seen, type TestVisitor, textOf } from "../kit/visitor.ts";

/** The clock of everything here, the engine and the client library included; it moves only when it is told to. */
mock.timers.enable({ apis: ["Date"], now: Date.now() });
const MINUTE = 60_000;
const STALE = 13 * 60 * MINUTE;

const { asked, cells } = readTables();
const server = await startServer({
  hashCost: { memory: 256, passes: 1, lanes: 1 },
  settings: {
    acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "twilio_sms" },
    countries: "all",
    // A session that nobody uses for 13 hours would be over, not stale.
    limits: { sessionIdle: 86_400 },
    clients: [
      { client_id: "spa", trusted: true, redirect_uris: [CALLBACK] },
      ...asked.map(({ request, byDefault, allowed }) => ({
        client_id: request,
        trusted: true,
        redirect_uris: [CALLBACK],
        default_acr_values: byDefault === "twilio_sms" ? [] : [byDefault],
        ...(allowed === undefined ? {} : { allowed_acr_values: allowed }),
      })),
    ],
  },
});
const changed = await server.parts.settings.change({
  by: "test",
  what: "an alias, and an acr that is switched off",
  change: (document) => ({
    ...document,
    scripts: [
      ...document.scripts.map((entry) =>
        entry.name === "twilio_sms" ? { ...entry, aliases: ["urn:example:two-steps"] } : entry,
      ),
      {
        inum: "card-reader",
        name: "card_reader",
        aliases: [],
        description: "",
        level: 60,
        revision: 1,
        enabled: false,
        modified: 0,
        configurationProperties: [],
        moduleProperties: [],
      },
    ],
  }),
});
assert.equal(changed.kind, "changed");

const spa = await createRelyingParty(server);
const parties = new Map(
  await Promise.all(
    asked.map(
      async ({ request, acr }) =>
        [request, { rp: await createRelyingParty(server, { clientId: request }), acr }] as const,
    ),
  ),
);

/** Does what the pages ask for until there is none; answers which they were. */
async function goThrough(visitor: TestVisitor, first: Seen) {
  const pages: string[] = [];
  let page = first;
  let sent = (await server.simulator.messages()).length;
  while (!page.url.href.startsWith(CALLBACK) && pages.length < 4) {
    const kind = /name="(password|code)"/.exec(page.body)?.[1] ?? assert.fail(textOf(page.body));
    pages.push(kind);
    // A code page that came at once has sent its code already.
    if (kind === "code" && pages.length === 1) sent -= 1;
    page = await visitor.submit(
      page,
      kind === "code"
        ? { code: await server.simulator.codeAfter(sent, GRACE) }
        : { username: "grace", password: PASSWORD },
    );
  }
  return { pages, page };
}

interface Browser {
  readonly visitor: TestVisitor;
  readonly shown: readonly string[];
  /** When its factors were shown, in seconds. */
  readonly at: number;
}

async function open(session: Session): Promise<Browser> {
  const visitor = server.visitor();
  const at = Math.floor(Date.now() / 1000);
  if (session === "none") return { visitor, shown: [], at };
  const shown = /password/.test(session) ? ["password"] : ["password", "code"];
  const acr_values = shown.length === 1 ? "simple_password_auth" : "twilio_sms";
  const { pages } = await goThrough(visitor, await visitor.get((await spa.begin({ acr_values })).url.href));
  assert.deepEqual(pages, shown);
  return { visitor, shown, at };
}

const isStale = (session: Session): boolean => session.startsWith("stale");
const asks = ({ promised }: Cell): boolean => promised.kind === "acr" && promised.pages.length > 0;

// A login replaces the session it began in, so a cell that asks needs one of its own; the others share one.
const stock = new Map<Session, Browser[]>();
for (const session of SESSIONS.filter(isStale)) {
  const wanted = 1 + cells.filter((cell) => cell.session === session && asks(cell)).length;
  const made: Browser[] = [];
  for (let index = 0; index < wanted; index += 1) made.push(await open(session));
  stock.set(session, made);
}
mock.timers.tick(STALE);

const shared = new Map<Session, Browser>();
async function browserFor(cell: Cell): Promise<Browser> {
  const { session } = cell;
  if (!isStale(session) && (asks(cell) || cell.maxAge !== "")) return open(session);
  const known = shared.get(session);
  if (known !== undefined && !asks(cell)) return known;
  const browser = isStale(session)
    ? (stock.get(session)?.pop() ?? assert.fail("too few stale sessions"))
    : await open(session);
  if (!asks(cell)) shared.set(session, browser);
  return browser;
}

function parametersOf({ request, manner, prompt, maxAge }: Cell, acr: string): Record<string, string> {
  const essential = { essential: true, ...(acr === "" ? {} : { values: [acr] }) };
  return {
    ...(manner === "essential"
      ? { claims: JSON.stringify({ id_token: { acr: essential } }) }
      : request === "nothing"
        ? {}
        : { acr_values: acr }),
    ...(prompt === "" ? {} : { prompt }),
    ...(maxAge === "" ? {} : { max_age: maxAge }),
  };
}

const METHODS: Readonly<Record<string, string>> = { password: "pwd", code: "sms" };
const amrOf = (shown: readonly string[]): readonly string[] =>
  [...shown.map((kind) => METHODS[kind] ?? kind), ...(shown.length > 1 ? ["mfa"] : [])].sort();

async function tries(cell: Cell): Promise<void> {
  const { rp, acr } = parties.get(cell.request) ?? assert.fail(`no request ${cell.request}`);
  const { visitor, shown, at } = await browserFor(cell);
  mock.timers.tick(5000);
  const begun: Begun = await rp.begin(parametersOf(cell, acr));
  const first = await visitor.get(begun.url.href);
  const { promised } = cell;
  if (promised.kind === "error") {
    assert.equal(refusalOf(first, begun).get("error"), promised.error);
    return;
  }
  const { pages, page } = await goThrough(visitor, first);
  assert.deepEqual(pages, promised.pages);
  const claims = claimsOf(await rp.redeem(begun, page));
  assert.equal(claims.acr, promised.acr);
  const asked = pages.includes("password");
  assert.deepEqual([...(claims.amr ?? [])].sort(), amrOf(asked ? pages : [...shown, ...pages]));
  assert.equal(claims.auth_time, asked ? Math.floor(Date.now() / 1000) : at, "the older factor's moment");
}

test("the tables leave no case out", () => {
  const key = (...parts: readonly string[]) => parts.join(" × ");
  const expected = SESSIONS.flatMap((session) =>
    PROMPTS.flatMap((prompt) => [
      ...REQUESTS.flatMap((request) => MANNERS.map((manner) => key(session, request, manner, prompt, ""))),
      ...MAX_AGES.map((maxAge) => key(session, "nothing", "voluntary", prompt, maxAge)),
    ]),
  );
  const found = cells.map(({ session, request, manner, prompt, maxAge }) =>
    key(session, request, manner, prompt, maxAge),
  );
  assert.deepEqual(found.sort(), expected.sort());
  assert.equal(new Set(found).size, 285);
});

for (const cell of cells) {
  const { session, request, manner, prompt, maxAge } = cell;
  const with_ = [prompt && `prompt=${prompt}`, maxAge && `max_age=${maxAge}`].filter((one) => one !== "");
  test(`T13 T14 T15: session ${session}, ${manner} request for ${request}${with_.length > 0 ? `, ${with_.join(", ")}` : ""}`, () =>
    tries(cell));
}

test("T14: with max_age only the factor that is too old is asked for, and auth_time is the other one's", async () => {
  const { visitor } = await open("password");
  mock.timers.tick(5 * MINUTE);
  await goThrough(visitor, await visitor.get((await spa.begin({ acr_values: "twilio_sms" })).url.href));
  const coded = Math.floor(Date.now() / 1000);
  mock.timers.tick(6 * MINUTE);
  const begun = await spa.begin({ acr_values: "twilio_sms", max_age: "600" });
  const { pages, page } = await goThrough(visitor, await visitor.get(begun.url.href));
  assert.deepEqual(pages, ["password"]);
  const claims = claimsOf(await spa.redeem(begun, page));
  assert.equal(claims.acr, "twilio_sms");
  assert.equal(claims.auth_time, coded);
});
