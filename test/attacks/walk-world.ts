/**
 * The world of the random walk: two people, three browsers, every page ever seen, what was shown where. It keeps what the
 * promises are about and weighs them after every act: who has shown what for a code that reaches the relying party, how many
 * codes went out, how many were compared, how often one succeeded. The acts are in walk-acts.ts.
 */
import assert from "node:assert/strict";
import type fc from "fast-check";
import type { FailureCount } from "../../src/core/code-failures.ts";
import type { Challenge } from "../../src/core/codes.ts";
import { challengesOf, createTwilio, type SentCallback } from "../kit/callbacks.ts";
import { GRACE, type TestServer } from "../kit/server.ts";
import type { Seen, TestVisitor } from "../kit/visitor.ts";
import { claims, grantOf, ROOT } from "./attacker.ts";

/** Tight, so that a short walk meets every bound. */
export const LIMITS = { pauseAfter: 4, disableAfter: 10, pauses: [15] };
export const TEXTS_A_DAY = 2;
const TRIES = 5;
const SENDS = 5;
const PHONES: Readonly<Record<string, string>> = { [GRACE]: "grace", [ROOT]: "root" };

export interface Browser {
  readonly visitor: TestVisitor;
  readonly pages: Seen[];
  session: { readonly person: string; readonly logins: Set<string> } | undefined;
}

export interface Shown {
  readonly browser: number;
  readonly login: string;
  readonly person: string;
  readonly factor: "password" | "sms";
}

/** How an account's count of wrong codes stands. */
type Counts = Readonly<Record<string, FailureCount>>;

export interface World {
  readonly browsers: readonly Browser[];
  readonly shown: Shown[];
  /** By login: the code that was sent last, by text or call. */
  readonly codes: Map<string, { code: string; person: string }>;
  readonly owners: Map<string, number>;
  readonly sends: Map<string, number>;
  /** Logins in which somebody was called. */
  readonly called: Set<string>;
  /** By person: codes sent since the last right one. */
  readonly unanswered: Map<string, number>;
  readonly said: SentCallback[];
  messages: number;
  calls: number;
  counts: Counts;
}

/** What an act may do. */
export interface May {
  readonly send?: boolean;
  /** The login whose code was typed, and what. */
  readonly typed?: { readonly login: string; readonly code: string; readonly before: number };
}

export type Model = Record<string, never>;
export type Act = fc.AsyncCommand<Model, World>;

export const loginOf = (seen: Seen | undefined): string | undefined =>
  /^\/login\/([\w-]+)$/.exec(seen?.url.pathname ?? "")?.[1];
const hasForm = (seen: Seen): boolean => seen.status === 200 && /<form\b/i.test(seen.body);

export type Walking = Awaited<ReturnType<typeof createWalking>>;

export async function createWalking(server: TestServer) {
  const { parts, simulator } = server;
  const nameOfSub = new Map<string, string>();
  for (const username of ["grace", "root"]) {
    const user = await parts.directory.find(username);
    if (user !== undefined) nameOfSub.set(user.id, username);
  }
  const failures = parts.storage.records<FailureCount>("code-failures");
  /** What the runs have reached, so that a model that never gets anywhere is no comfort. */
  const reached = {
    onePerson: 0,
    twoFactors: 0,
    steppedUp: 0,
    silent: 0,
    calls: 0,
    pauses: 0,
    words: 0,
    refusals: 0,
  };

  const codeTexts = async () =>
    // A notice that somebody knows the password is a text as well, and comes when it likes.
    (await simulator.messages()).filter(({ body }) => /#\d{6,10}\s*$/.test(body));
  const callsMade = async () =>
    (await (await fetch(`${simulator.url}/calls`)).json()) as { to: string; said: string }[];
  const countsNow = async (): Promise<Counts> =>
    Object.fromEntries(
      await Promise.all(
        [...nameOfSub].map(async ([sub, name]) => [
          name,
          (await failures.get(sub)) ?? { failures: 0, pausedUntil: 0, disabled: false },
        ]),
      ),
    );
  /** Codes of a login that were found right. */
  const rights = async (login: string): Promise<number> =>
    (await parts.audit.query({ kind: "code-right", login, limit: 50 })).length;

  async function newWorld(): Promise<World> {
    server.advance(3_600_000);
    for (const sub of nameOfSub.keys()) {
      await failures.remove(sub);
      await parts.storage.records("password-throttle").remove(`person ${sub}`);
      await parts.storage.records("sends").remove(`account ${sub}`);
    }
    const browsers = [0, 1, 2].map(() => ({ visitor: server.visitor(), pages: [], session: undefined }));
    return {
      browsers,
      shown: [],
      codes: new Map(),
      owners: new Map(),
      sends: new Map(),
      called: new Set(),
      unanswered: new Map(),
      said: [],
      messages: (await codeTexts()).length,
      calls: (await callsMade()).length,
      counts: await countsNow(),
    };
  }

  /** What every act ends with: new codes belong to its login, new pages are kept, all promises are weighed. */
  async function look(world: World, at: number, seen: Seen, may: May = {}): Promise<void> {
    const browser = world.browsers[at] as Browser;
    for (const step of [...seen.trail, seen])
      assert.ok(step.status < 500, `${step.status} at ${step.url.pathname}`);
    const login = loginOf(seen);
    await weighCounts(world, may);
    await weighSends(world, login, may);
    if (login !== undefined && hasForm(seen)) {
      if (!world.owners.has(login)) world.owners.set(login, at);
      browser.pages.unshift(seen);
      browser.pages.length = Math.min(browser.pages.length, 8);
    }
    if (grantOf(seen) !== undefined) await weigh(world, at, seen);
  }

  async function weighSends(world: World, login: string | undefined, { send }: May): Promise<void> {
    const [messages, calls] = [await codeTexts(), await callsMade()];
    const fresh = [
      ...messages.slice(world.messages).map(({ to, body }) => ({
        to,
        call: false,
        code: /#(\d{6,10})\s*$/.exec(body)?.[1] ?? "",
      })),
      ...calls.slice(world.calls).map(({ to, said }) => ({
        to,
        call: true,
        code: /(?:\b\d ){6,}/.exec(`${said} `)?.[0].replaceAll(" ", "") ?? "",
      })),
    ];
    reached.calls += calls.length - world.calls;
    Object.assign(world, { messages: messages.length, calls: calls.length });
    assert.ok(fresh.length <= (send === true ? 1 : 0), `${fresh.length} codes sent by one act`);
    for (const { to, code, call } of fresh) {
      assert.ok(login !== undefined, "a code was sent, and the person is not led to its login");
      const person = PHONES[to] ?? assert.fail("a code for a number of nobody's");
      world.codes.set(login, { code, person });
      if (call) world.called.add(login);
      world.sends.set(login, (world.sends.get(login) ?? 0) + 1);
      world.unanswered.set(person, (world.unanswered.get(person) ?? 0) + 1);
      assert.ok((world.sends.get(login) ?? 0) <= SENDS, `more than ${SENDS} sends of one login`);
      // The owner's own browsers and the owner elsewhere have a budget each.
      assert.ok(
        (world.unanswered.get(person) ?? 0) <= 2 * TEXTS_A_DAY,
        `${world.unanswered.get(person)} codes to ${person} without an answer`,
      );
    }
  }

  /** Wrong codes are counted one by one, in no pause, and forgotten for a right code alone. */
  async function weighCounts(world: World, { typed }: May): Promise<void> {
    const before = world.counts;
    world.counts = await countsNow();
    const right = typed === undefined ? 0 : (await rights(typed.login)) - typed.before;
    assert.ok(right <= 1, "one code was right twice");
    for (const [name, now] of Object.entries(world.counts)) {
      const was = before[name] ?? now;
      const owner = typed === undefined ? undefined : world.codes.get(typed.login)?.person;
      if (right === 1 && owner === name) {
        assert.equal(now.failures, 0);
        world.unanswered.set(name, 0);
        continue;
      }
      const more = now.failures - was.failures;
      assert.ok(more === 0 || (more === 1 && typed !== undefined && owner === name), `${name}: ${more} more`);
      if (more === 0) continue;
      assert.ok(!was.disabled && parts.now() >= was.pausedUntil, "a code was compared in a pause");
      assert.ok(now.failures <= LIMITS.disableAfter, `${now.failures} wrong codes in a row`);
      if (now.pausedUntil > 0) reached.pauses += 1;
    }
    for (const { tries } of await challengesOf(server))
      assert.ok(tries <= TRIES, `${tries} tries of one code`);
  }

  async function weigh(world: World, at: number, seen: Seen): Promise<void> {
    const browser = world.browsers[at] as Browser;
    const { sub, acr, amr } = await claims(server, seen);
    const person = nameOfSub.get(sub) ?? sub;
    const [asked = "", prompt] = (seen.url.searchParams.get("state") ?? "").split(".");
    // The last answer before the application: to the form that ended a login, or at the URL where one is resumed.
    const resumed = /^\/(?:login|authorize)\/([\w-]+)$/.exec(seen.trail.at(-1)?.url.pathname ?? "")?.[1];
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
    const phone = amr.includes("tel") && [...counting].some((one) => world.called.has(one)) ? "tel" : "sms";
    assert.deepEqual([...amr].sort(), acr === "twilio_sms" ? ["mfa", "pwd", phone] : ["pwd"]);
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

  /** The challenge of a login, as it stands. */
  const challengeOf = async (login: string): Promise<Challenge | undefined> =>
    (await challengesOf(server)).find(({ boundTo }) => boundTo === login);

  return { server, twilio: createTwilio(server), newWorld, look, rights, reached, challengeOf };
}
