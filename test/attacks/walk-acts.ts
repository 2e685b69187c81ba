/** What random hands do in the world of the random walk (walk-world.ts): pages, codes, calls, clocks, providers, logout. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PASSWORD } from "../kit/server.ts";
import { formOf, type Seen, type TestVisitor } from "../kit/visitor.ts";
import { authorize } from "./attacker.ts";
import { anyWord, providerSays } from "./walk-provider.ts";
import {
  type Act,
  type Browser,
  loginOf,
  type May,
  type Shown,
  type Walking,
  type World,
} from "./walk-world.ts";

/** Any act, and a walk that reaches whatever the random ones are to reach. */
export function actsOf(walking: Walking): { readonly any: fc.Arbitrary<Act>[]; readonly scripted: Act[] } {
  const { server, look } = walking;
  const provider = providerSays(walking);

  /** An act on one of the pages a browser has seen, the newest being 0. `foreign`: a page of the next browser. */
  function onPage(
    name: string,
    at: number,
    page: number,
    act: (world: World, visitor: TestVisitor, seen: Seen) => Promise<Seen>,
    may: May | (() => May) = {},
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
        const answer = await act(world, (world.browsers[at] as Browser).visitor, seen);
        await look(world, at, answer, typeof may === "function" ? may() : may);
      },
    };
  }

  function note(
    world: World,
    visitor: TestVisitor,
    seen: Seen,
    factor: Shown["factor"],
    person: string,
  ): void {
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
      await look(world, at, await visitor.get(authorize(server, more)), { send: true });
    },
  });

  const password = (at: number, page: number, person: string, right: boolean, foreign: boolean): Act =>
    onPage(
      `password ${right ? "of" : "not of"} ${person}`,
      at,
      page,
      async (world, visitor, seen) => {
        if (right) note(world, visitor, seen, "password", person);
        return visitor.submit(seen, {
          username: person,
          password: right ? PASSWORD : "neither door is open",
        });
      },
      { send: true },
      foreign,
    );

  const code = (at: number, page: number, which: "right" | "wrong" | "another", foreign: boolean): Act => {
    let may: May = {};
    return onPage(
      `${which} code`,
      at,
      page,
      async (world, visitor, seen) => {
        const login = loginOf(seen) ?? "";
        const own = world.codes.get(login);
        const others = [...world.codes.values()].filter(({ code }) => code !== own?.code);
        const typed =
          (which === "right" ? own?.code : which === "another" ? others[0]?.code : "000000") ?? "123456";
        may = { send: true, typed: { login, code: typed, before: await walking.rights(login) } };
        if (own !== undefined && typed === own.code) note(world, visitor, seen, "sms", own.person);
        return visitor.submit(seen, { code: typed });
      },
      () => may,
      foreign,
    );
  };

  const press = (at: number, page: number, action: string, foreign: boolean): Act => {
    const sends = action === "resend" || action === "call";
    return onPage(
      action,
      at,
      page,
      (_world, visitor, seen) => {
        server.advance(31_000);
        return visitor.submit(seen, { action, phone: "+12025550177" });
        // "switch" begins anew, and nothing else than "resend", "call" and a beginning sends.
      },
      { send: sends },
      foreign,
    );
  };

  /** Clocks of servers are set, by NTP and by hand. */
  const jump = (ms: number): Act => ({
    check: () => true,
    toString: () => `clock ${ms / 60_000} min`,
    run: async () => server.advance(ms),
  });

  const logout = (at: number, sure: boolean): Act => ({
    check: () => true,
    toString: () => `logout(browser ${at}${sure ? "" : ", not sure"})`,
    async run(_model, world) {
      const browser = world.browsers[at] as Browser;
      const asked = await browser.visitor.get("/end_session");
      const seen =
        sure && /<form/.test(asked.body) ? await browser.visitor.submit(asked, { logout: "yes" }) : asked;
      if (sure && seen !== asked) browser.session = undefined;
      await look(world, at, seen);
    },
  });

  /** Every other route, with the browser's cookies and whatever it has at hand. */
  const elsewhere = (at: number, verb: string, path: string): Act => ({
    check: () => true,
    toString: () => `${verb} ${path} (browser ${at})`,
    async run(_model, world) {
      const { visitor, pages } = world.browsers[at] as Browser;
      const login = loginOf(pages[0]) ?? "none";
      const own = world.codes.get(login);
      const fields = {
        ...(pages[0] === undefined ? {} : formOf(pages[0]).fields),
        code: own?.code ?? "",
        password: PASSWORD,
      };
      const target = path.replace(":uid", login);
      await look(world, at, await visitor.send(verb, target, verb === "POST" ? fields : undefined));
    },
  });

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

  /** As far as the code page, and there the same thing over and over. */
  const stubborn = (at: number, person: string, what: "wrong" | "resend" | "call", times: number): Act => ({
    check: () => true,
    toString: () => `stubborn(browser ${at}, ${person}, ${times} × ${what})`,
    async run(model, world) {
      const { pages } = world.browsers[at] as Browser;
      const last = pages[0];
      await begin(at, "twilio_sms", "login").run(model, world);
      if (pages[0] === last) return;
      await password(at, 0, person, true, false).run(model, world);
      for (let n = 0; n < times && formOf(pages[0] as Seen).fields.code !== undefined; n += 1)
        await (what === "wrong" ? code(at, 0, "wrong", false) : press(at, 0, what, false)).run(model, world);
    },
  });

  const browser = fc.constantFrom(0, 0, 1, 1, 2);
  const page = fc.constantFrom(0, 0, 0, 0, 1, 2, 5);
  const foreign = fc.constantFrom(false, false, false, false, true);
  const person = fc.constantFrom("grace", "grace", "root");
  const acr = fc.constantFrom("twilio_sms", "twilio_sms", "simple_password_auth");
  const prompt = fc.constantFrom("", "", "", "login");
  const any = [
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
      .tuple(
        browser,
        page,
        fc.constantFrom(
          "resend",
          "resend",
          "call",
          "call",
          "cancel",
          "switch",
          "change-number",
          "other-method",
          "nonsense",
        ),
        foreign,
      )
      .map((all) => press(...all)),
    fc
      .tuple(browser, page, foreign)
      .map(([at, nth, other]) =>
        onPage("reload", at, nth, (_world, visitor, seen) => visitor.get(seen.url.href), {}, other),
      ),
    fc
      .tuple(browser, page, foreign)
      .map(([at, nth, other]) =>
        onPage(
          "resume",
          at,
          nth,
          (_world, visitor, seen) => visitor.get(`/authorize/${loginOf(seen)}`),
          {},
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
    fc.constantFrom(-600_000, 600_000).map(jump),
    fc
      .tuple(
        browser,
        person,
        fc.constantFrom("wrong", "wrong", "resend", "call"),
        fc.integer({ min: 1, max: 6 }),
      )
      .map((all) => stubborn(...all)),
    fc.tuple(browser, fc.constantFrom(true, true, false)).map((all) => logout(...all)),
    fc
      .tuple(
        browser,
        fc.constantFrom("GET", "POST"),
        fc.constantFrom(
          "/login/:uid/delivery",
          "/authorize/:uid",
          "/end_session/success",
          "/end_session/confirm",
          "/userinfo",
          "/token",
          "/par",
          "/device",
          "/introspect",
          "/revoke",
          "/recover/:uid",
          "/demo",
          "/twilio/status/:uid.1.1",
          "/jans-auth/authorize.htm",
        ),
      )
      .map((all) => elsewhere(...all)),
    anyWord(provider),
    anyWord(provider),
  ];
  const scripted = [
    straight(0, "grace", "simple_password_auth", ""),
    begin(0, "simple_password_auth", ""),
    straight(0, "grace", "twilio_sms", ""),
    straight(1, "root", "twilio_sms", "login"),
    stubborn(1, "grace", "call", 2),
    provider(0, "genuine", "sent"),
    provider(0, "unsigned", "failed"),
    stubborn(0, "grace", "resend", 6),
    stubborn(2, "root", "wrong", 6),
  ];
  return { any, scripted };
}
