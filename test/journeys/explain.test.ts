/** What would be asked and why, told by the rules that ask; and other settings tried on the sign-ins there were. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import type { SettingsDocument } from "../../src/core/settings.ts";
import { explanationText } from "../../src/surfaces/admin/cli/config-explain.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { claimsOf, createRelyingParty } from "../kit/relying-party.ts";
import { CALLBACK, GRACE, startServer, twoSteps, typePassword } from "../kit/server.ts";

const client = (client_id: string, over: Record<string, unknown> = {}) => ({
  client_id,
  trusted: true,
  redirect_uris: [CALLBACK],
  ...over,
});
const server = await startServer({
  hashCost: { memory: 64, passes: 1, lanes: 1 },
  clients: [
    ...machines,
    client("weak", { default_acr_values: ["simple_password_auth"] }),
    client("strict", { allowed_acr_values: ["twilio_sms"] }),
    client("never", { allowed_acr_values: ["urn:example:nobody"] }),
  ],
});
const token = await tokenOf(server);
const { settings, directory, storage } = server.parts;
const idOf = async (name: string) => (await directory.find(name))?.id ?? assert.fail(name);
const IP = "127.0.0.1";

async function explained(query: Record<string, string>) {
  const answer = await callApi(server, token, "GET", `/api/v1/config/explain?${new URLSearchParams(query)}`);
  assert.equal(answer.status, 200, answer.text);
  const of = (check: string): { level: string; message: string; remedy?: string } =>
    answer.json.reasons.find((one: { check: string }) => one.check === check) ??
    assert.fail(`${check}: ${answer.text}`);
  for (const line of explanationText(answer.json).split("\n")) assert.ok(line.length <= 80, line);
  return { ...answer.json, of, text: answer.text };
}
const change = async (over: (document: SettingsDocument) => Partial<SettingsDocument>) => {
  const changed = await settings.change({
    change: (document) => ({ ...document, ...over(document) }),
    by: "test",
    what: "a test",
  });
  assert.notEqual(changed.kind, "faulty", JSON.stringify(changed));
};

describe("explain", () => {
  for (const [id, acr, by, says] of [
    ["spa", "", "server", /server's default \(twilio_sms\)/],
    ["spa", "simple_password_auth", "request", /the request asks for it/],
    ["spa", "urn:unheard simple_password_auth", "request", /Passed over: urn:unheard \(nobody knows it\)/],
    ["weak", "", "client", /the client's default \(simple_password_auth\)/],
    ["weak", "twilio_sms", "request", /asks for it/],
    ["strict", "simple_password_auth", "server", /simple_password_auth \(the client is not allowed it\)/],
  ] as const)
    test(`${id} asking for ${acr || "nothing"}: what it says is what a sign-in then gets`, async () => {
      const told = await explained({ client: id, user: "grace", ...(acr === "" ? {} : { acr }) });
      assert.equal(told.by, by);
      assert.match(told.of("acr").message, says);
      assert.equal(told.outcome, "asked");
      const rp = await createRelyingParty(server, { clientId: id });
      const begun = await rp.begin(acr === "" ? {} : { acr_values: acr });
      const visitor = server.visitor();
      const page = await visitor.get(begun.url.href);
      const factors = told.steps.map(({ factor }: { factor: string }) => factor);
      const back = factors.includes("sms")
        ? await twoSteps(server, visitor, page)
        : await typePassword(visitor, page, "grace");
      assert.equal(claimsOf(await rp.redeem(begun, back)).acr, told.acr);
    });

  test("a client that no acr would do for, one that nobody knows, and a person whom nobody knows", async () => {
    const told = await explained({ client: "never" });
    assert.deepEqual([told.outcome, told.by, told.steps], ["refused", "nobody", []]);
    for (const query of ["client=nobody", "client=spa&user=nobody"])
      assert.equal((await callApi(server, token, "GET", `/api/v1/config/explain?${query}`)).status, 404);
  });

  test("it changes no row, sends nothing and leaves no event, however often it is asked", async () => {
    // Receipts of earlier texts come in meanwhile; these are the rows that a sign-in would touch.
    const kinds = [
      "sends",
      "password-throttle",
      "code-failures",
      "enrolment-opening",
      "login",
      "spend-told",
      "brake",
    ];
    const rows = async () => {
      await server.parts.store.settle();
      const all = await server.parts.store.database
        .kysely<{ records: { kind: string; key: string; version: number } }>()
        .selectFrom("records")
        .select(["kind", "key", "version"])
        .where("kind", "in", kinds)
        .orderBy("key")
        .execute();
      assert.ok(all.some(({ kind }) => kind === "sends") && all.some(({ kind }) => kind === "login"));
      return createHash("sha256").update(JSON.stringify(all)).digest("hex");
    };
    const told = async () =>
      (await server.parts.audit.query({ limit: 10_000 })).filter(
        ({ kind }) => !/^code-(sent|delivered)$/.test(kind),
      ).length;
    const [before, sent] = [await rows(), (await server.simulator.messages()).length];
    const events = await told();
    for (let times = 0; times < 20; times += 1)
      for (const user of ["ada", "grace"]) await explained({ client: "spa", user, ip: IP });
    assert.equal(await rows(), before);
    assert.equal((await server.simulator.messages()).length, sent);
    assert.equal(await told(), events);
  });

  test("a phone is named by its end; who has none is told by whose authority one may be added", async () => {
    const grace = await explained({ client: "spa", user: "grace" });
    assert.match(grace.of("phone").message, /•••• 43 \(US\)/);
    assert.ok(!grace.text.includes(GRACE.slice(2)));
    const ada = await explained({ client: "spa", user: "ada", ip: IP });
    assert.deepEqual(ada.steps, [
      { factor: "password", act: "challenge" },
      { factor: "sms", act: "enrol" },
    ]);
    assert.match(ada.of("phone").message, /never had a phone/);
    await change(() => ({ enrolment: "ticket" }));
    const closed = await explained({ client: "spa", user: "ada" });
    assert.deepEqual([closed.outcome, closed.of("phone").level], ["refused", "error"]);
    assert.match(closed.of("phone").remedy ?? "", /sallyport user enrolment/);
    await change(() => ({ enrolment: "password-once" }));
  });

  test("the emergency switch, the money and a budget that is used up are what it says they are", async () => {
    await change(({ sending }) => ({ sending: { ...sending, stopped: true } }));
    assert.match(
      (await explained({ client: "spa", user: "grace" })).of("sending").message,
      /emergency switch/,
    );
    await change(({ sending, spend }) => ({
      sending: { ...sending, stopped: false },
      spend: { ...spend, dayHard: 0 },
    }));
    assert.match(
      (await explained({ client: "spa", user: "grace" })).of("sending").message,
      /money of the day is spent/,
    );
    await change(({ sending, spend }) => ({
      spend: { ...spend, dayHard: null },
      sending: { ...sending, owners: { ...sending.owners, account: { hour: 1, day: 1 } } },
    }));
    const rp = await createRelyingParty(server);
    const visitor = server.visitor();
    await typePassword(visitor, await visitor.get((await rp.begin()).url.href), "grace");
    const used = await explained({ client: "spa", user: "grace", ip: IP });
    assert.equal(used.outcome, "waits");
    assert.match(used.of("sending").message, /budget of the account is used up until 20/);
    // A browser that is known has a budget of its own, and that is said too.
    assert.equal(
      (await explained({ client: "spa", user: "grace", ip: IP, browser: "known" })).outcome,
      "asked",
    );
    await change(({ sending }) => ({
      sending: { ...sending, owners: { ...sending.owners, account: { hour: 60, day: 200 } } },
    }));
  });

  test("wrong passwords: how long a stranger waits, and that a known browser does not", async () => {
    const visitor = server.visitor();
    const rp = await createRelyingParty(server);
    let page = await visitor.get((await rp.begin()).url.href);
    for (let times = 0; times < 6; times += 1) page = await typePassword(visitor, page, "grace", "wrong one");
    const told = await explained({ client: "spa", user: "grace", ip: IP });
    assert.equal(told.outcome, "waits");
    assert.match(told.of("password").message, /not compared for another \d+ s \([56] wrong ones/);
    assert.match(
      (await explained({ client: "spa", user: "grace", ip: "203.0.113.9" })).of("password").message,
      /at once/,
    );
    assert.match(
      (await explained({ client: "spa", user: "grace", ip: IP, browser: "known" })).of("password").message,
      /at once/,
    );
  });

  test("wrong codes: a pause says until when, a disabled factor what opens it", async () => {
    const failures = storage.records("code-failures");
    const grace = await idOf("grace");
    const until = Date.now() + 600_000;
    await failures.put(grace, { failures: 10, pausedUntil: until, disabled: false }, until + 1000);
    const paused = await explained({ client: "spa", user: "grace" });
    assert.deepEqual(
      [paused.outcome, /paused until 20.* after 10 wrong/.test(paused.of("code").message)],
      ["waits", true],
    );
    await failures.put(grace, { failures: 50, pausedUntil: 0, disabled: true }, until);
    const disabled = await explained({ client: "spa", user: "grace" });
    assert.deepEqual([disabled.outcome, disabled.of("code").level], ["refused", "error"]);
    await failures.remove(grace);
  });

  test("a person and a client that are disabled are said to be", async () => {
    const grace = await directory.find("grace");
    assert.ok(grace && directory.write);
    await directory.write.setStatus(grace.id, "disabled", grace.version);
    assert.match((await explained({ client: "spa", user: "grace" })).of("person").message, /disabled/);
    const now = await directory.get(grace.id);
    await directory.write.setStatus(grace.id, "active", now?.version ?? 0);
    await change(({ clients }) => ({
      clients: clients.map((one) => (one.client_id === "weak" ? { ...one, disabled: true } : one)),
    }));
    const told = await explained({ client: "weak", user: "grace" });
    assert.deepEqual([told.outcome, told.of("client").level], ["refused", "error"]);
  });
});

describe("dry run", () => {
  const dryRun = async (body: unknown, query = "") =>
    (await callApi(server, token, "POST", `/api/v1/config/settings/dry-run${query}`, body)).json;
  const exported = async () => (await callApi(server, token, "GET", "/api/v1/config/settings")).json;

  test("settings as they are would have changed only what has been changed since; the sign-ins know what they asked for", async () => {
    const [event] = await server.parts.audit.query({ kind: "signed-in", limit: 1 });
    assert.ok(Array.isArray(event?.facts?.asked));
    const { looked, groups, assumed, next } = await dryRun({});
    const signIns = (await server.parts.audit.query({ kind: "signed-in", limit: 1000 })).length;
    assert.deepEqual([looked, assumed, next], [signIns, 0, undefined]);
    // The client was disabled after its two sign-ins.
    assert.deepEqual(
      groups.map(({ client: id, kind, count }: Record<string, unknown>) => [id, kind, count]).sort(),
      [
        ["weak", "refused", 1],
        ["weak", "refused", 1],
      ],
    );
  });

  test("without a second factor by default, and without passwords alone: who asked for what counts, not what they got", async () => {
    const weaker = await dryRun({ defaultAcr: "simple_password_auth" });
    const less = weaker.groups.filter(({ kind }: { kind: string }) => kind === "less");
    // The one that named no acr, and not the ones that did.
    assert.deepEqual(
      less.map(({ client: id, was, now, count }: Record<string, unknown>) => [id, was, now, count]),
      [["spa", "twilio_sms", "simple_password_auth", 1]],
    );
    const stricter = await dryRun({ scripts: { simple_password_auth: { enabled: false } } });
    const more = stricter.groups.filter(({ kind }: { kind: string }) => kind === "more");
    assert.deepEqual(
      more.map(({ client: id, now, why, count }: Record<string, unknown>) => [id, now, why, count]),
      [["spa", "twilio_sms", "sms as well", 2]],
    );
  });

  test("a client that goes, a switch that is pulled and faults", async () => {
    const now = await exported();
    const { spa: _gone, ...clients } = now.clients;
    const gone = (await dryRun({ clients })).groups.filter(
      ({ client: id }: { client: string }) => id === "spa",
    );
    assert.ok(gone.length > 0 && gone.every(({ why }: { why: string }) => /not there any more/.test(why)));
    const stopped = await dryRun({ sending: { ...now.sending, stopped: true } });
    assert.ok(stopped.groups.some(({ why }: { why: string }) => /no text goes out/.test(why)));
    assert.deepEqual(
      (await dryRun({ defaultAcr: "nope" })).faults.map(({ path }: { path: string }) => path),
      ["defaultAcr"],
    );
    assert.equal((await exported()).revision, now.revision, "nothing was changed");
  });

  test("old sign-ins that do not say what they asked for are counted as assumed; many come page by page, each once", async () => {
    const { audit, now } = server.parts;
    const before = (await dryRun({})).looked;
    for (let index = 0; index < 250; index += 1)
      await audit.append({
        kind: "signed-in",
        at: now(),
        client: "spa",
        subject: "someone",
        facts: { acr: "twilio_sms", amr: ["pwd", "sms", "mfa"] },
      });
    let [looked, assumed, pages, cursor] = [0, 0, 0, ""];
    do {
      const page = await dryRun({}, cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`);
      assert.ok(page.looked <= 200);
      looked += page.looked;
      assumed += page.assumed;
      pages += 1;
      cursor = page.next ?? "";
    } while (cursor !== "" && pages < 20);
    assert.deepEqual([looked, assumed], [before + 250, 250]);
    assert.ok(pages >= 2);
    const forged = await callApi(
      server,
      token,
      "POST",
      "/api/v1/config/settings/dry-run?cursor=MCAx.AAAA",
      {},
    );
    assert.equal(forged.status, 400);
  });

  test("a phone that was added: a country that is taken away, enrolment that is off", async () => {
    const { audit, now } = server.parts;
    await audit.append({
      kind: "authenticator-bound",
      at: now(),
      client: "spa",
      subject: "someone",
      facts: { factor: "sms", country: "FR", authority: "password-once" },
    });
    const whys = async (body: unknown) =>
      (await dryRun(body)).groups
        .filter(({ was }: { was: string }) => was === "enrolment")
        .map(({ why }: { why: string }) => why);
    assert.deepEqual(await whys({ countries: ["DE"] }), ["a phone of FR may not be added"]);
    assert.match((await whys({ enrolment: "off" }))[0] ?? "", /enrolment is off/);
    assert.match((await whys({ enrolment: "ticket" }))[0] ?? "", /window or a ticket/);
    assert.deepEqual(await whys({ countries: ["FR"] }), []);
  });
});
