/** Everything that may be used once, used twenty times at once at two server processes on one PostgreSQL. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { AuditKind } from "../../src/core/audit.ts";
import { createCodes } from "../../src/core/codes.ts";
import { PhoneNumber } from "../../src/core/secret.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { type Program, startProgram, until } from "../kit/processes.ts";
import { type Called, codeAt, cookiesFor, createSite, type Node, PASSWORD, type Site } from "../kit/serve.ts";
import { codeFor, messageCount, redeem, redemption, signIn, toCodePage, wish } from "../kit/sign-in.ts";
import { formOf } from "../kit/visitor.ts";

const TIMES = 20;
const PHONE = "+12025550120";

/** Site, both nodes, and a person with a phone; undefined where there is no PostgreSQL. */
async function twoNodes(): Promise<{ site: Site; nodes: readonly [Node, Node] } | undefined> {
  if (noPostgres !== false) return undefined;
  const store = { type: "postgres", url: (await startPostgres()).url };
  const site = await createSite({
    config: { store, master_key: randomBytes(32).toString("base64") },
  });
  // Both start at once on an empty database: one schema, one set of keys.
  const nodes = await Promise.all([site.start(), site.start()]);
  await site.command(["user", "add", "ada"], PASSWORD);
  return { site, nodes: [nodes[0], nodes[1]] };
}

const opened = await twoNodes();

/** Fires the same call twenty times at once, at both nodes in turn. */
const allAtOnce = (nodes: readonly [Node, Node], act: (node: Node) => Promise<Called>): Promise<Called[]> =>
  Promise.all(Array.from({ length: TIMES }, (_, index) => act(nodes[index % 2] as Node)));

describe("two server processes on one PostgreSQL", { skip: noPostgres }, () => {
  const { site, nodes } = opened as NonNullable<typeof opened>;
  const [one, two] = nodes;
  const idOf = (name: string) =>
    site.look(async ({ directory }) => (await directory.find(name))?.id ?? assert.fail(`no ${name}`));
  const events = async (kind: AuditKind, name: string) => {
    const subject = await idOf(name);
    return site.look(({ audit }) => audit.query({ kind, subject, limit: 500 }));
  };

  test("both publish the same keys, and a token of one verifies at the other", async () => {
    const keys = async (node: Node) => (await node.call("GET", "/jwks")).body;
    assert.equal(await keys(one), await keys(two));
    const { accessToken } = await signIn(site, one, "ada", PHONE);
    const headers = { authorization: `Bearer ${accessToken}` };
    assert.equal((await two.call("GET", "/userinfo", { headers })).status, 200);
  });

  test("T03 M11: of 20 parallel redemptions of one authorization code exactly 1 wins", async () => {
    const { visitor } = await signIn(site, one, "ada", PHONE);
    // Several rounds: a guard with a gap lets a second one through only now and then.
    for (let round = 0; round < 5; round += 1) {
      const made = wish();
      const code = codeAt(await visitor.get(made.url));
      const fields = redemption(made, code);
      const answers = await allAtOnce(nodes, (node) => node.call("POST", "/token", { fields }));
      assert.equal(answers.filter(({ status }) => status === 200).length, 1, statuses(answers));
      for (const answer of answers.filter(({ status }) => status !== 200))
        assert.deepEqual([answer.status, answer.json().error], [400, "invalid_grant"]);
    }
  });

  test("T06 M11: of 20 parallel uses of one refresh token exactly 1 wins", async () => {
    const parameters = { scope: "openid offline_access", prompt: "consent" };
    const { refreshToken = "" } = await signIn(site, one, "ada", PHONE, { parameters });
    assert.notEqual(refreshToken, "");
    const fields = { grant_type: "refresh_token", client_id: "spa", refresh_token: refreshToken };
    const answers = await allAtOnce(nodes, (node) => node.call("POST", "/token", { fields }));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1, statuses(answers));
    for (const answer of answers.filter(({ status }) => status !== 200))
      assert.deepEqual([answer.status, answer.json().error], [400, "invalid_grant"]);
  });

  test("M11: of 20 parallel uses of one pushed request exactly 1 wins", async () => {
    const { visitor } = await signIn(site, one, "ada", PHONE);
    const made = wish();
    const fields = Object.fromEntries(new URL(made.url, "https://x").searchParams);
    const pushed = await one.call("POST", "/par", { fields });
    assert.equal(pushed.status, 201, pushed.body);
    const query = new URLSearchParams({
      client_id: "spa",
      request_uri: String(pushed.json().request_uri),
    });
    const headers = { cookie: cookiesFor(visitor, "/authorize") };
    const answers = await allAtOnce(nodes, (node) => node.call("GET", `/authorize?${query}`, { headers }));
    const codes = answers.flatMap(({ headers: { location = "" } }) => {
      const code = new URL(location, "https://x").searchParams.get("code");
      return code === null ? [] : [code];
    });
    assert.equal(codes.length, 1, statuses(answers));
    await redeem(two, visitor, made, codes[0] ?? "");
  });

  test("O03 M11: of 20 parallel submits of one right one-time code exactly 1 counts", async () => {
    const made = wish();
    const visitor = one.visitor();
    const before = await messageCount(site);
    const page = await toCodePage(visitor, made, "ada");
    const code = await codeFor(site, PHONE, before);
    const earlier = await Promise.all([events("code-right", "ada"), events("signed-in", "ada")]);
    const form = formOf(page);
    const path = new URL(form.action, page.url).pathname;
    const headers = { cookie: cookiesFor(visitor, path) };
    const answers = await allAtOnce(nodes, (node) =>
      node.call("POST", path, { fields: { ...form.fields, code }, headers }),
    );
    // 200 and 400: the page that says that this login has come to its end; the application hears of one alone.
    const makesSense = ({ status, headers }: (typeof answers)[number]) =>
      [200, 400].includes(status) || (status === 303 && !/[?&]error=/.test(String(headers.location)));
    assert.equal(answers.every(makesSense), true, statuses(answers));
    const later = await Promise.all([events("code-right", "ada"), events("signed-in", "ada")]);
    assert.deepEqual(
      later.map((list, index) => list.length - (earlier[index]?.length ?? 0)),
      [1, 1],
      "one code-right and one signed-in",
    );
    // Every tab goes where it was sent, and where the login would be resumed is asked twenty times more (M31): one code.
    const target = path.replace("/login/", "/authorize/");
    const cookie = { cookie: cookiesFor(visitor, target) };
    const led = answers.flatMap(({ headers: { location } }) => location ?? []);
    const atLogin = led.filter((url) => new URL(url, page.url).pathname === path);
    const [ends, resumed] = await Promise.all([
      Promise.all(atLogin.map((url) => visitor.get(url))),
      allAtOnce(nodes, (node) => node.call("GET", target, { headers: cookie })),
    ]);
    const places = [
      ...led,
      ...ends.map(({ url }) => url.href),
      ...resumed.map(({ headers }) => headers.location ?? ""),
    ];
    const codes = places.flatMap((url) => new URL(url, page.url).searchParams.get("code") ?? []);
    assert.equal(codes.length, 1, places.map((url) => url.split("?")[0]).join("\n"));
    await redeem(two, visitor, made, codes[0] ?? "");
  });

  test("O08: 100 parallel wrong codes from two processes: 5 are compared, and the account's counter says 5", async () => {
    await site.command(["user", "add", "bea"], PASSWORD);
    const subject = await idOf("bea");
    const config = site.write(9);
    const { challenge, wrong } = await site.look(async (parts) => {
      const codes = createCodes({
        storage: parts.storage,
        keys: parts.keyring,
        limits: () => parts.config.settings.limits,
        now: parts.now,
        newId: () => randomBytes(16).toString("base64url"),
      });
      const issued = await codes.issue({
        subject,
        phone: new PhoneNumber("+12025550121"),
        purpose: "sign-in",
        boundTo: "login-1",
        appName: "Spa",
        client: "bank",
        locale: "en",
      });
      if (issued.kind !== "issued") assert.fail(issued.kind);
      await parts.storage.commit([...(issued.writes ?? [])]);
      const found = (await codes.look(issued.challenge, "login-1")) ?? assert.fail("not stored");
      const right = codes.reveal(found).reveal();
      return { challenge: issued.challenge, wrong: right === "000000" ? "000001" : "000000" };
    });
    const script = fileURLToPath(new URL("../kit/guessing-process.ts", import.meta.url));
    const guess = (): Program =>
      startProgram([config, challenge, "login-1", wrong, "50"], { script, keepInput: true });
    const guessers = [guess(), guess()];
    const ready = (program: Program) => async () => (program.stdout().includes("ready\n") ? true : undefined);
    for (const program of guessers) await until(program, ready(program));
    for (const program of guessers) program.write("go\n");
    const kinds = (await Promise.all(guessers.map(({ ended }) => ended))).flatMap(
      ({ stdout, stderr, code }) => {
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout.split("\n")[1] ?? "[]") as string[];
      },
    );
    assert.equal(kinds.length, 100);
    assert.equal(kinds.filter((kind) => kind === "wrong").length, 5, String(kinds));
    assert.equal(
      kinds.filter((kind) => !["wrong", "spent", "paused"].includes(kind)).length,
      0,
      String(kinds),
    );
    const count = await site.look((parts) =>
      createCodes({
        storage: parts.storage,
        keys: parts.keyring,
        limits: () => parts.config.settings.limits,
        now: parts.now,
        newId: () => "",
      }).failures(subject),
    );
    assert.equal(count.failures, 5);
    assert.equal(count.disabled, false);
    assert.ok(count.pausedUntil <= Date.now(), "five failures do not pause anybody");
  });

  test("O08 O05: 100 wrong codes over 20 browsers of one account at both processes: 10 are compared, then a pause", async () => {
    await site.command(["user", "add", "cid"], PASSWORD);
    const phone = "+12025550122";
    await signIn(site, one, "cid", phone);
    const logins = [];
    // One after the other: so many right passwords at once would meet the password's own throttle.
    for (let index = 0; index < TIMES; index += 1) {
      const visitor = (nodes[index % 2] as Node).visitor();
      const page = await toCodePage(visitor, wish(), "cid");
      const form = formOf(page);
      const path = new URL(form.action, page.url).pathname;
      logins.push({ path, fields: form.fields, headers: { cookie: cookiesFor(visitor, path) } });
    }
    const guesses = logins.flatMap(({ path, fields, headers }) =>
      Array.from({ length: 5 }, (_, index) =>
        (nodes[index % 2] as Node).call("POST", path, { fields: { ...fields, code: "000000" }, headers }),
      ),
    );
    const answers = await Promise.all(guesses);
    assert.equal(answers.filter(({ status }) => status >= 500).length, 0, statuses(answers));
    const wrong = await events("code-wrong", "cid");
    assert.equal(wrong.filter(({ facts }) => facts?.result === "wrong").length, 10);
    assert.ok((await events("code-paused", "cid")).length > 0, "the others met the pause");
    const visitor = two.visitor();
    const page = await visitor.submit(await visitor.get(wish().url), { username: "cid", password: PASSWORD });
    const sent = await messageCount(site);
    assert.match(page.body, /name="code"/);
    await visitor.submit(page, { action: "resend" });
    assert.equal(await messageCount(site), sent, "nothing is sent in the pause, from the other node either");
  });

  test("M11: two logins at two processes that race for the first enrolment bind one phone", async () => {
    await site.command(["user", "add", "dee"], PASSWORD);
    const ready = [];
    for (const [index, node] of nodes.entries()) {
      const phone = `+1202555013${index}`;
      const before = await messageCount(site);
      const visitor = node.visitor();
      const page = await toCodePage(visitor, wish(), "dee", phone);
      ready.push({ visitor, page, code: await codeFor(site, phone, before) });
    }
    const ends = await Promise.all(ready.map(({ visitor, page, code }) => visitor.submit(page, { code })));
    assert.equal(ends.filter(({ url }) => url.searchParams.has("code")).length, 1);
    const subject = await idOf("dee");
    const bound = await site.look(({ authenticators }) => authenticators.list(subject, "sms"));
    assert.equal(bound.length, 1);
  });
});

const statuses = (answers: readonly Called[]): string =>
  answers.map(({ status, headers }) => `${status} ${headers.location ?? ""}`).join("\n");
