/** The settings as one document, and logging: read, changed as a whole, tried without being changed, and remembered. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { CALLBACK, startServer, WEB_SECRET } from "../kit/server.ts";

const SETTINGS = "/api/v1/config/settings";
const LOGGING = "/api/v1/logging";
const server = await startServer({ clients: machines, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  callApi(server, token, method, path, body, headers);
const read = async () => (await call("GET", SETTINGS)).json;
const put = (body: unknown, query = "", headers?: Record<string, string>) =>
  call("PUT", `${SETTINGS}${query}`, body, headers);
const paths = (list: readonly { path: string }[]) => list.map(({ path }) => path);

describe("the settings as one document", () => {
  test("S19 M22: it names everything and holds no secret", async () => {
    const answer = await call("GET", SETTINGS);
    assert.equal(answer.status, 200, answer.text);
    const { scripts, clients, defaultAcr, limits, logging } = answer.json;
    assert.equal(scripts.twilio_sms.properties.twilio_token, null);
    assert.equal(scripts.twilio_sms.properties.from_number, "+12025550100");
    assert.deepEqual([clients.web.client_secret, "client_secret" in clients.spa], [null, false]);
    assert.deepEqual([defaultAcr, limits.codeDigits, logging.level], ["twilio_sms", 6, "info"]);
    for (const secret of [WEB_SECRET, server.simulator.account.token])
      assert.equal(answer.text.includes(secret), false);
  });

  test("put back as it was read it changes nothing", async () => {
    const answer = await put(await read());
    assert.deepEqual([answer.status, answer.json.changed, answer.json.differences], [200, false, []]);
  });

  test("a part alone leaves the rest; done twice it is done once; every difference is named, secrets without their value", async () => {
    const before = await read();
    const { clients } = before;
    const { asks: _gone, ...others } = clients;
    const body = {
      brand: "Example",
      clients: {
        ...others,
        web: { ...clients.web, client_secret: "canary-a-new-secret-of-web" },
        added: { redirect_uris: [CALLBACK] },
      },
      scripts: {
        twilio_sms: { properties: { ...before.scripts.twilio_sms.properties, from_number: "+12025550122" } },
      },
    };
    const done = await put(body);
    assert.equal(done.status, 200, done.text);
    assert.equal(done.json.changed, true);
    assert.deepEqual(paths(done.json.differences).sort(), [
      "brand",
      "clients.added",
      "clients.asks",
      "clients.web.client_secret",
      "scripts.twilio_sms.properties.from_number",
    ]);
    const secret = done.json.differences.find(({ path }: { path: string }) => path.endsWith("client_secret"));
    assert.deepEqual([secret.from, secret.to], ["[secret]", "[secret]"]);
    assert.equal(done.text.includes("canary"), false);
    const again = await put(body);
    assert.deepEqual([again.json.changed, again.json.revision], [false, done.json.revision]);
    const after = await read();
    assert.deepEqual(after.limits, before.limits);
    assert.equal(after.scripts.simple_password_auth.enabled, true, "a script that is not named stays");
    assert.equal(
      server.parts.settings.document().clients.find(({ client_id }) => client_id === "web")?.client_secret,
      "canary-a-new-secret-of-web",
    );
  });

  test("a trial answers differences and faults, and changes nothing", async () => {
    const { revision, clients } = await read();
    const good = await put({ brand: "Tried" }, "?dryRun=true");
    assert.deepEqual(
      [good.json.dryRun, good.json.changed, paths(good.json.differences)],
      [true, true, ["brand"]],
    );
    const bad = await put(
      {
        defaultAcr: "otp",
        clients: { ...clients, spa: { ...clients.spa, redirect_uris: ["javascript:alert(1)"] } },
      },
      "?dryRun=true",
    );
    assert.equal(bad.status, 200, bad.text);
    assert.deepEqual([bad.json.changed, paths(bad.json.faults)], [false, ["clients.spa.redirect_uris[0]"]]);
    const { revision: after, brand } = await read();
    assert.deepEqual([after, brand], [revision, "Example"]);
  });

  test("S20: unknown names, limits weaker than the standard, an unknown acr: every fault at once, and the old settings serve on", async () => {
    const before = await read();
    const shape = await put({
      brandd: "x",
      limits: { codeLife: 601, disableAfter: 101, codeDigits: 4 },
      enrolment: "always",
    });
    assert.equal(shape.status, 400);
    assert.deepEqual(paths(shape.json.faults).sort(), [
      "brandd",
      "enrolment",
      "limits.codeDigits",
      "limits.codeLife",
      "limits.disableAfter",
    ]);
    const rules = await put({
      defaultAcr: "otp",
      countries: ["ZZ"],
      scripts: {
        twilio_sms: { properties: { ...before.scripts.twilio_sms.properties, from_number: "1 2" } },
      },
    });
    assert.equal(rules.status, 400);
    const found = paths(rules.json.faults);
    for (const path of ["defaultAcr", "countries", "scripts.twilio_sms.properties.from_number"])
      assert.ok(found.includes(path), `${path} in ${found.join()}`);
    assert.deepEqual(await read(), before);
  });

  test("S19: a moved target wants its secret anew, and null where there is nothing to keep is refused", async () => {
    const { scripts, clients } = await read();
    const moved = { ...scripts.twilio_sms.properties, twilio_sid: `AC${"e".repeat(32)}` };
    const refused = await put({ scripts: { twilio_sms: { properties: moved } } });
    assert.match(
      refused.json.description,
      /scripts\.twilio_sms\.properties\.twilio_token: must be given anew/,
    );
    const foreign = await put({ clients: { ...clients, foreign: { ...clients.web } } });
    assert.match(
      foreign.json.description,
      /clients\.foreign\.client_secret: must be given; there is none here/,
    );
  });

  test("S20: who read an older revision is told with 412", async () => {
    const etag = (await call("GET", SETTINGS)).headers.get("etag") ?? "";
    const one = (brand: string) => put({ brand }, "", { "if-match": etag });
    const answers = await Promise.all([one("Left"), one("Right")]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
    assert.equal((await put({ brand: "x" }, "", { "if-match": '"made-up"' })).status, 412);
  });

  test("the history says who, when and what, newest first, by pages; an old revision is read without secrets", async () => {
    const first = await call("GET", `${SETTINGS}/history?limit=2`);
    const { revision } = await read();
    assert.deepEqual(
      first.json.entries.map(({ revision: one }: { revision: number }) => one),
      [revision, revision - 1],
    );
    assert.match(first.json.entries[0].at, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.deepEqual(
      [first.json.entries[0].by, first.json.entries[0].what],
      ["client machine", "settings: brand"],
    );
    const next = await call(
      "GET",
      `${SETTINGS}/history?limit=200&cursor=${encodeURIComponent(first.json.next)}`,
    );
    assert.equal(next.json.entries.at(-1).revision, 1);
    assert.equal(next.json.next, undefined);
    assert.equal(next.json.start, 2);
    assert.equal(
      (await call("GET", `${SETTINGS}/history?cursor=OQ.AAAAAAAAAAAAAAAAAAAAAAAAAAA`)).status,
      400,
    );
    const old = await call("GET", `${SETTINGS}/history/1`);
    assert.deepEqual(
      [old.json.revision, old.json.brand, old.json.clients.web.client_secret],
      [1, "Sallyport", null],
    );
    assert.equal(old.text.includes(WEB_SECRET), false);
    assert.equal((await call("GET", `${SETTINGS}/history/999`)).status, 404);
  });
});

describe("logging", () => {
  test("the original's example is taken, and answered in its own names", async () => {
    const example = {
      loggingLevel: "TRACE",
      loggingLayout: "text",
      httpLoggingEnabled: false,
      disableJdkLogger: true,
      enabledOAuthAuditLogging: false,
    };
    const put = await call("PUT", LOGGING, example);
    assert.equal(put.status, 200, put.text);
    assert.deepEqual(put.json, { ...example, httpLoggingExcludePaths: [] });
    assert.deepEqual((await call("GET", LOGGING)).json, put.json);
    assert.deepEqual((await server.parts.settings.history(1))[0]?.what, "logging: level");
  });

  test("what is not sent stays; what is not done is refused by name", async () => {
    const put = await call("PUT", LOGGING, {
      httpLoggingEnabled: true,
      httpLoggingExcludePaths: ["/assets"],
    });
    assert.deepEqual([put.json.loggingLevel, put.json.httpLoggingExcludePaths], ["TRACE", ["/assets"]]);
    const bad = await call("PUT", LOGGING, {
      disableJdkLogger: false,
      externalLoggerConfiguration: "/etc/log4j.xml",
    });
    assert.deepEqual(paths(bad.json.faults), ["disableJdkLogger", "externalLoggerConfiguration"]);
    const wrong = await call("PUT", LOGGING, { loggingLevel: "FATAL", loggingLayout: "xml" });
    assert.deepEqual(paths(wrong.json.faults), ["loggingLevel", "loggingLayout"]);
    assert.deepEqual(
      paths((await call("PUT", LOGGING, { httpLoggingExcludePaths: ["assets"] })).json.faults),
      ["httpLoggingExcludePaths[0]"],
    );
  });
});
