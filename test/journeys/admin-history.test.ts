/** What an administrator sees of the past and of the server itself: revisions and the way back, counts, logs. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { CALLBACK, startServer } from "../kit/server.ts";

const SETTINGS = "/api/v1/config/settings";
const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  callApi(server, token, method, path, body, headers);
const revision = async (): Promise<number> => (await call("GET", SETTINGS)).json.revision;
const secretOf = () =>
  server.parts.settings
    .document()
    .scripts.find(({ name }) => name === "twilio_sms")
    ?.configurationProperties.find(({ value1 }) => value1 === "twilio_token")?.value2;
const token2 = "canary-another-token-of-twilio";

describe("revisions of the settings", () => {
  test("S20 M22: what a revision changed is said, a secret only that it is another one", async () => {
    const before = await revision();
    const { properties } = (await call("GET", SETTINGS)).json.scripts.twilio_sms;
    const scripts = { twilio_sms: { properties: { ...properties, twilio_token: token2 } } };
    const put = await call("PUT", SETTINGS, { brand: "One", scripts });
    assert.equal(put.status, 200, put.text);
    const now = await revision();
    const answer = await call("GET", `${SETTINGS}/history/${now}/differences`);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([answer.json.from, answer.json.to], [before, now]);
    const token = "scripts.twilio_sms.properties.twilio_token";
    assert.deepEqual(
      answer.json.differences.map(({ path }: { path: string }) => path),
      ["brand", token],
    );
    assert.ok(!answer.text.includes("canary"));
    const first = await call("GET", `${SETTINGS}/history/1/differences`);
    assert.equal("from" in first.json, false);
    const none = await call("GET", `${SETTINGS}/history/${now}/differences?from=${now}`);
    assert.deepEqual(none.json.differences, []);
    assert.equal((await call("GET", `${SETTINGS}/history/999/differences`)).status, 404);
  });

  test("S20: back to a revision, secrets included, as a new one; a dry run changes nothing; If-Match counts", async () => {
    const old = (await revision()) - 1;
    const path = `${SETTINGS}/history/${old}/rollback`;
    const dry = await call("POST", `${path}?dryRun=true`);
    assert.equal(dry.status, 200, dry.text);
    assert.deepEqual([dry.json.changed, await revision(), secretOf()], [true, old + 1, token2]);
    assert.equal((await call("POST", path, undefined, { "if-match": `"r${old}"` })).status, 412);
    const done = await call("POST", path, undefined, { "if-match": `"r${old + 1}"` });
    assert.deepEqual([done.status, done.json.revision], [200, old + 2], done.text);
    assert.notEqual(secretOf(), token2);
    const [last] = (await call("GET", `${SETTINGS}/history?limit=1`)).json.entries;
    assert.deepEqual(
      [last.revision, last.by, last.what],
      [old + 2, "client machine", `settings: back to revision ${old}`],
    );
    assert.equal((await call("POST", path)).json.changed, false, "a second time there is nothing to do");
    assert.equal((await call("POST", `${SETTINGS}/history/999/rollback`)).status, 404);
  });

  test("M24: what has ended since stays ended, and a script's revision only rises", async () => {
    const was = await revision();
    const { clients } = (await call("GET", SETTINGS)).json;
    await call("PUT", SETTINGS, { clients: { ...clients, gone: { redirect_uris: [CALLBACK] } } });
    const withIt = await revision();
    const script = () => server.parts.settings.document().scripts.find(({ name }) => name === "twilio_sms");
    const counted = script()?.revision ?? 0;
    await call("PUT", SETTINGS, { clients, scripts: { twilio_sms: { description: "Another" } } });
    await call("POST", `${SETTINGS}/history/${withIt}/rollback`);
    const { ended, clients: now } = server.parts.settings.document();
    assert.ok(now.some(({ client_id }) => client_id === "gone"));
    assert.ok(ended.gone !== undefined, "tokens of before do not come back with it");
    assert.equal(script()?.revision, counted + 2);
    await call("POST", `${SETTINGS}/history/${was}/rollback`);
  });

  test("M24: nobody gets more rights by going back to a client that had them", async () => {
    const { clients } = (await call("GET", SETTINGS)).json;
    const strong = "https://jans.io/oauth/config/user.write";
    const client = { client_secret: "a-secret-that-is-long-enough", grant_types: ["client_credentials"] };
    await call("PUT", SETTINGS, { clients: { ...clients, strong: { ...client, scope: strong } } });
    const had = await revision();
    await call("PUT", SETTINGS, { clients });
    const weak = await tokenOf(server, "machine", ["https://jans.io/oauth/config/settings.write"]);
    const refused = await callApi(server, weak, "POST", `${SETTINGS}/history/${had}/rollback`);
    assert.equal(refused.status, 403, refused.text);
  });
});

describe("the overview", () => {
  test("counts what happened by the hour, and says what is wrong with a part", async () => {
    await server.parts.audit.append({ kind: "signed-in", at: Date.now() });
    await server.parts.audit.append({ kind: "signed-in", at: Date.now() });
    const { json, status, text } = await call("GET", "/api/v1/overview");
    assert.equal(status, 200, text);
    assert.deepEqual([json.hours.length, json.revision], [24, await revision()]);
    assert.equal(json.hours.at(-1).counts["signed-in"], 2);
    const what = (name: string) => json.health.find((one: { what: string }) => one.what === name);
    assert.deepEqual([what("store").level, what("brake").level], ["ok", "ok"]);
    assert.ok(what("texts") !== undefined);
  });
});

describe("the logs", () => {
  const lines = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => {
      const level = (from + at) % 10 === 0 ? "WARN " : "INFO ";
      return `2027-01-01T00:00:00.000Z ${level} Line ${from + at} ${"é".repeat(40)}\n`;
    }).join("");

  test("are read from their end, page by page, every line once, in stretches of a bounded size", async () => {
    const file = join(server.config.data, "logs", "script.log");
    writeFileSync(file, lines(9000));
    const found: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 200; page += 1) {
      const at = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { json, status, text } = await call("GET", `/api/v1/logs/script?limit=200${at}`);
      assert.equal(status, 200, text);
      found.push(...json.lines);
      cursor = json.next;
      if (cursor === undefined) break;
    }
    assert.equal(found.length, 9000);
    assert.deepEqual(found.reverse().join("\n"), lines(9000).trimEnd());
  });

  test("by level and by text; a made-up cursor, another log", async () => {
    const warned = await call("GET", "/api/v1/logs/script?level=warn&limit=3");
    assert.deepEqual(
      warned.json.lines.map((line: string) => /Line \d+/.exec(line)?.[0]),
      ["Line 8990", "Line 8980", "Line 8970"],
    );
    const named = await call("GET", "/api/v1/logs/script?pattern=LINE%208991");
    assert.equal(named.json.lines.length, 1);
    assert.equal((await call("GET", "/api/v1/logs/script?cursor=AAAA.BBBB")).status, 400);
    assert.equal((await call("GET", "/api/v1/logs/master-key")).status, 400);
    assert.equal((await call("GET", "/api/v1/logs/server?limit=5")).status, 200);
  });
});
