/**
 * The sign-in as a state machine under random hands: two people, three browsers, every page ever seen sent again, in any
 * order. The model only keeps who has shown what, where; the promise is weighed at each code that reaches the relying
 * party.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { GRACE, PASSWORD, startServer } from "../kit/server.ts";
import { formOf, type Seen, type TestVisitor } from "../kit/visitor.ts";
import { authorize, claims, grantOf, ROOT, texts } from "./attacker.ts";

const server = await startServer();
const PHONES: Readonly<Record<string, string>> = { [GRACE]: "grace", [ROOT]: "root" };
const nameOfSub = new Map<string, string>();
/** What the runs have reached, so that a model that never gets anywhere is no comfort. */
const reached = { onePerson: 0, twoFactors: 0, steppedUp: 0, silent: 0 };

interface Browser {
  readonly visitor: TestVisitor;
  readonly pages: Seen[];
  session: { readonly person: string; readonly logins: Set<string> } | undefined;
}

interface Shown {
  readonly browser: number;
  readonly login: string;
  readonly person: string;
  readonly factor: "password" | "sms";
}

interface World {
  readonly browsers: readonly Browser[];
  readonly shown: Shown[];
  readonly codes: Map<string, { code: string; person: string }>;
  readonly owners: Map<string, number>;
  messages: number;
}

type Model = Record<string, never>;
type Act = fc.AsyncCommand<Model, World>;

before(async () => {
  for (const username of ["grace", "root"]) {
    const user = await server.parts.directory.find(username);
    if (user !== undefined) nameOfSub.set(user.id, username);
  }
});

async function newWorld(): Promise<World> {
  server.advance(3_600_000);
  for (const sub of nameOfSub.keys()) {
    await server.parts.storage.records("code-failures").remove(sub);
    await server.parts.storage.records("password-throttle").remove(`person ${sub}`);
  }
  const browsers = [0, 1, 2].map(() => ({ visitor: server.visitor(), pages: [], session: undefined }));
  const messages = await texts(server);
  return { browsers, shown: [], codes: new Map(), owners: new Map(), messages };
}

const loginOf = (seen: Seen | undefined): string | undefined =>
  /^\/login\/([\w-]+)$/.exec(seen?.url.pathname ?? "")?.[1];
const hasForm = (seen: Seen): boolean => seen.status === 200 && /<form\b/i.test(seen.body);

/** What every act ends with: new texts belong to its login, new pages are kept, codes are weighed. */
async function look(world: World, at: number, seen: Seen, maySend: boolean): Promise<void> {
  const browser = world.browsers[at] as Browser;
  for (const step of [...seen.trail, seen])
    assert.ok(step.status < 500, `${step.status} at ${step.url.pathname}`);
  const login = loginOf(seen);
  const messages = await server.simulator.messages();
  const fresh = messages.slice(world.messages);
  world.messages = messages.length;
  assert.ok(fresh.length <= (maySend ? 1 : 0), `${fresh.length} texts sent by one act`);
  for (const { to, body } of fresh) {
    assert.ok(login !== undefined, "a text was sent, and the person is not led to its login");
    world.codes.set(login, { code: /(?:#)(\d{6,10})\s*$/.exec(body)?.[1] ?? "", person: PHONES[to] ?? "?" });
  }
  if (login !== undefined && hasForm(seen)) {
    if (!world.owners.has(login)) world.owners.set(login, at);
    browser.pages.unshift(seen);
    browser.pages.length = Math.min(browser.pages.length, 8);
  }
  if (grantOf(seen) !== undefined) await weigh(world, at, seen);
}

async function weigh(world: World, at: number, seen: Seen): Promise<void> {
  const browser = world.browsers[at] as Browser;
  const { sub, acr, amr } = await claims(server, seen);
  const person = nameOfSub.get(sub) ?? sub;
  const [asked = "", prompt] = (seen.url.searchParams.get("state") ?? "").split(".");
  const resumed = seen.trail
    .map(({ url }) => /^\/authorize\/([\w-]+)$/.exec(url.pathname)?.[1])
    .findLast((uid) => uid);
  const kept = browser.session?.person === person && prompt !== "login" ? [...browser.session.logins] : [];
  const counting = new Set([...(resumed === undefined ? [] : [resumed]), ...kept]);
  const has = (factor: Shown["factor"]) =>
    world.shown.some(
      (one) =>
        one.browser === at && one.person === person && one.factor === factor && counting.has(one.login),
    );
  assert.ok(has("password"), `a code for ${person} who has shown no password in this login and browser`);
  if (acr === "twilio_sms") assert.ok(has("sms"), `acr twilio_sms for ${person} who has shown no phone`);
  if (asked === "twilio_sms") assert.equal(acr, "twilio_sms");
  assert.deepEqual([...amr].sort(), acr === "twilio_sms" ? ["mfa", "pwd", "sms"] : ["pwd"]);
  if (resumed === undefined) reached.silent += 1;
  else {
    const own = (factor: Shown["factor"]) =>
      world.shown.some((one) => one.login === resumed && one.factor === factor);
    if (acr === "twilio_sms" && own("password")) reached.twoFactors += 1;
    else if (acr === "twilio_sms") reached.steppedUp += 1;
    else reached.onePerson += 1;
    const same = browser.session?.person === person ? browser.session.logins : [];
    browser.session = { person, logins: new Set([...same, resumed]) };
  }
}

/** An act on one of the pages a browser has seen, the newest being 0. `foreign`: a page of the next browser. */
function onPage(
  name: string,
  at: number,
  page: number,
  act: (world: World, visitor: TestVisitor, seen: Seen) => Promise<Seen>,
  sends = false,
  foreign = false,
): Act {
  const find = (world: World) => {
    const { pages } = world.browsers[foreign ? (at + 1) % 3 : at] as Browser;
    return pages[Math.min(page, pages.length - 1)];
  };
  return {
    check: () => true,
    toString: () => `${name}(browser ${at}, page ${page}${foreign ? " of the next browser" : ""})`,
    async run(_model, world) {
      const seen = find(world);
      if (seen === undefined) return;
      await look(world, at, await act(world, (world.browsers[at] as Browser).visitor, seen), sends);
    },
  };
}

function note(world: World, visitor: TestVisitor, seen: Seen, factor: Shown["factor"], person: string): void {
  const login = loginOf(seen);
  const browser = world.browsers.findIndex((one) => one.visitor === visitor);
  if (login !== undefined && world.owners.get(login) === browser)
    world.shown.push({ browser, login, person, factor });
}

const begin = (at: number, acr: string, prompt: string): Act => ({
  check: () => true,
  toString: () => `begin(browser ${at}, ${acr}, prompt ${prompt || "-"})`,
  async run(_model, world) {
    const more = { acr_values: acr, state: `${acr}.${prompt}`, ...(prompt === "" ? {} : { prompt }) };
    const { visitor } = world.browsers[at] as Browser;
    // A step-up begins with the factor that is missing: its text goes out here.
    await look(world, at, await visitor.get(authorize(server, more)), true);
  },
});

const password = (at: number, page: number, person: string, right: boolean, foreign: boolean): Act =>
  onPage(
    `password ${right ? "of" : "not of"} ${person}`,
    at,
    page,
    async (world, visitor, seen) => {
      if (right) note(world, visitor, seen, "password", person);
      return visitor.submit(seen, { username: person, password: right ? PASSWORD : "neither door is open" });
    },
    true,
    foreign,
  );

const code = (at: number, page: number, which: "right" | "wrong" | "another", foreign: boolean): Act =>
  onPage(
    `${which} code`,
    at,
    page,
    async (world, visitor, seen) => {
      const own = world.codes.get(loginOf(seen) ?? "");
      const others = [...world.codes.values()].filter(({ code }) => code !== own?.code);
      const typed = which === "right" ? own?.code : which === "another" ? others[0]?.code : "000000";
      if (own !== undefined && typed === own.code) note(world, visitor, seen, "sms", own.person);
      return visitor.submit(seen, { code: typed ?? "123456" });
    },
    true,
    foreign,
  );

const press = (at: number, page: number, action: string, foreign: boolean): Act =>
  onPage(
    action,
    at,
    page,
    (_world, visitor, seen) => {
      server.advance(31_000);
      return visitor.submit(seen, { action });
      // "switch" begins anew, and nothing else than "resend" and a beginning sends.
    },
    action === "resend",
    foreign,
  );

/** The straight way, as far as the pages go along: most people take it, and what is odd happens before and after. */
const straight = (at: number, person: string, acr: string, prompt: string): Act => ({
  check: () => true,
  toString: () => `straight(browser ${at}, ${person}, ${acr}, prompt ${prompt || "-"})`,
  async run(model, world) {
    const { pages } = world.browsers[at] as Browser;
    const last = pages[0];
    await begin(at, acr, prompt).run(model, world);
    if (pages[0] === last) return;
    if (formOf(pages[0] as Seen).fields.password !== undefined)
      await password(at, 0, person, true, false).run(model, world);
    if (formOf(pages[0] as Seen).fields.code !== undefined)
      await code(at, 0, "right", false).run(model, world);
  },
});

const browser = fc.constantFrom(0, 0, 1, 1, 2);
const page = fc.constantFrom(0, 0, 0, 0, 1, 2, 5);
const foreign = fc.constantFrom(false, false, false, false, true);
const person = fc.constantFrom("grace", "grace", "root");
const acr = fc.constantFrom("twilio_sms", "twilio_sms", "simple_password_auth");
const prompt = fc.constantFrom("", "", "", "login");
const acts = [
  fc.tuple(browser, person, acr, prompt).map((all) => straight(...all)),
  fc
    .tuple(
      browser,
      fc.constantFrom("twilio_sms", "twilio_sms", "simple_password_auth"),
      fc.constantFrom("", "", "login"),
    )
    .map((all) => begin(...all)),
  fc
    .tuple(browser, page, person, fc.constantFrom(true, true, true, false), foreign)
    .map((all) => password(...all)),
  fc.tuple(browser, page, person, fc.constant(true), fc.constant(false)).map((all) => password(...all)),
  fc
    .tuple(browser, page, fc.constantFrom("right", "right", "wrong", "another"), foreign)
    .map((all) => code(...all)),
  fc.tuple(browser, page, fc.constant("right"), fc.constant(false)).map((all) => code(...all)),
  fc
    .tuple(browser, page, fc.constantFrom("resend", "cancel", "switch", "change-number", "nonsense"), foreign)
    .map((all) => press(...all)),
  fc
    .tuple(browser, page, foreign)
    .map(([at, nth, other]) =>
      onPage("reload", at, nth, (_world, visitor, seen) => visitor.get(seen.url.href), false, other),
    ),
  fc
    .tuple(browser, page, foreign)
    .map(([at, nth, other]) =>
      onPage(
        "resume",
        at,
        nth,
        (_world, visitor, seen) => visitor.get(`/authorize/${loginOf(seen)}`),
        false,
        other,
      ),
    ),
  fc
    .tuple(browser, page, fc.constantFrom("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"))
    .map(([at, nth, verb]) =>
      onPage(verb, at, nth, async (world, visitor, seen) => {
        const form = formOf(seen);
        const own = world.codes.get(loginOf(seen) ?? "");
        const answer = await visitor.send(verb, form.action, {
          ...form.fields,
          username: "grace",
          password: PASSWORD,
          code: own?.code ?? "",
        });
        assert.equal(answer.status, 405);
        return answer;
      }),
    ),
];

test("S01 M08 M09 S10 whatever order the requests come in, no code without every factor of its acr, and none for another person", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(acts, { maxCommands: 30, size: "max" }), async (commands) => {
      await fc.asyncModelRun(async () => ({ model: {} as Model, real: await newWorld() }), commands);
    }),
    { numRuns: 20, interruptAfterTimeLimit: 12_000, endOnFailure: false },
  );
  assert.ok(
    reached.twoFactors >= 1 && reached.onePerson >= 1 && reached.silent + reached.steppedUp >= 1,
    JSON.stringify(reached),
  );
});
