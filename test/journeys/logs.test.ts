/** What stands in the logs of a running server: the script's lines, what an operator wants to know, and nothing per request. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openLogs } from "../../src/kits/log/log.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { PASSWORD, startServer, twoSteps } from "../kit/server.ts";
import { temporaryFolder } from "../kit/stores.ts";

const INUM = "6122281b-b55d-4dd0-8115-b098eeeee2b7";
const cheap = { memory: 64, passes: 1, lanes: 1 } as const;
const server = await startServer({ clients: machines, hashCost: cheap });
const token = await tokenOf(server);
const call = (method: string, path: string, body?: unknown) => callApi(server, token, method, path, body);
const text = (name = "server.log") => readFileSync(join(server.folder, "logs", name), "utf8");
const signIn = async (at = server) => {
  const visitor = at.visitor();
  const page = await visitor.get(at.authorizeUrl({ client_id: "doc", nonce: "n", state: "s" }));
  return twoSteps(at, visitor, page);
};

/** Waits until the file says it. */
async function says(wanted: RegExp, name = "server.log"): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (wanted.test(text(name))) return text(name);
    await pause(10);
  }
  assert.fail(`${wanted} is not in ${name}: ${text(name)}`);
}

describe("the script log", () => {
  test("has the document's lines at the start and at each change of the script, and why not, when not", async () => {
    await says(
      /INFO {2}Twilio SMS\. Initialization .*revision=1\n.*INFO {2}Twilio SMS\. Initialized successfully/,
      "script.log",
    );
    const change = (path: string, value: unknown) =>
      call("PATCH", `/api/v1/config/scripts/${INUM}?defaultAcr=simple_password_auth`, [
        { op: "replace", path, value },
      ]);
    await change("/description", "another");
    await says(/Initialization .*revision=2\n.*Initialized successfully .*revision=2/, "script.log");
    await change("/enabled", false);
    await says(
      /Initialization .*revision=3\n.*WARN {2}Twilio SMS\. Not initialized: the script is disabled acr/,
      "script.log",
    );
    const script = (await call("GET", `/api/v1/config/scripts/inum/${INUM}`)).json;
    for (const property of script.configurationProperties)
      if (property.value1 === "from_number") property.value2 = "";
    assert.equal((await call("PUT", "/api/v1/config/scripts", script)).status, 200);
    await says(/Not initialized: the script is disabled; from_number is missing acr/, "script.log");
    for (const property of script.configurationProperties)
      if (property.value1 === "from_number") property.value2 = "+12025550100";
    await call("PUT", "/api/v1/config/scripts", { ...script, enabled: true });
    await call("PUT", "/api/v1/acrs", { defaultAcr: "twilio_sms" });
    await says(/Initialized successfully .*revision=5/, "script.log");
    const before = text("script.log");
    await call("PATCH", "/api/v1/openid/clients/spa", [{ op: "replace", path: "/clientName", value: "x" }]);
    assert.equal(text("script.log"), before, "another part of the settings is no news of the script");
  });
});

describe("the server log", () => {
  test("says start, listening and every revision; of requests nothing", async () => {
    const log = await says(/Settings revision taken revision=\d/);
    assert.match(log, /INFO {2}Starting issuer=http:\/\/localhost:\d+ store=sqlite revision=1\n/);
    assert.match(log, /INFO {2}Listening host=127\.0\.0\.1/);
    const before = text();
    assert.match((await signIn()).url.search, /code=/);
    assert.equal(text(), before);
  });

  test("a line per request while it is asked for, from the next request on; without its query, and but for what is excluded", async () => {
    await call("PUT", "/api/v1/logging", { httpLoggingEnabled: true, httpLoggingExcludePaths: ["/assets"] });
    await fetch(new URL("/authorize?client_id=canary-query&login_hint=grace", server.issuer));
    await fetch(new URL("/assets/sallyport.css", server.issuer));
    await fetch(new URL("/jans-auth/.well-known/openid-configuration?x=canary-query", server.issuer));
    const log = await says(
      /Answered method=GET path=\/jans-auth\/\.well-known\/openid-configuration status=200 ms=[\d.]+ address=\S*127\.0\.0\.1/,
    );
    assert.match(log, /Answered method=GET path=\/authorize status=400/);
    assert.doesNotMatch(log, /canary-query|\/assets/);
    await call("PUT", "/api/v1/logging", { httpLoggingEnabled: false });
    await pause(20);
    const quiet = text();
    await fetch(new URL("/jwks", server.issuer));
    await pause(20);
    assert.equal(text(), quiet);
  });

  test("L03: at trace, a browser's own words stay in their quotes and on their line", async () => {
    await call("PUT", "/api/v1/logging", {
      httpLoggingEnabled: true,
      loggingLevel: "trace",
      loggingLayout: "text",
    });
    await fetch(new URL("/jwks", server.issuer), {
      headers: { "user-agent": 'Evil" path=/forged \u009b31m\u0085', authorization: "Bearer canary-bearer" },
    });
    const log = await says(/forged/);
    const line = log.split("\n").find((one) => one.includes("forged")) ?? "";
    assert.match(line, /"user-agent":"Evil\\" path=\/forged \\u009b31m\\u0085"/);
    assert.doesNotMatch(log, /canary-bearer/);
    await call("PUT", "/api/v1/logging", { httpLoggingEnabled: false, loggingLevel: "info" });
  });

  test("layout and level change with the settings; refused requests stand there at debug, texts that failed with their reason", async () => {
    await call("PUT", "/api/v1/logging", {
      loggingLayout: "json",
      loggingLevel: "DEBUG",
      enabledOAuthAuditLogging: true,
    });
    await fetch(new URL("/token", server.issuer), {
      method: "POST",
      body: new URLSearchParams({ grant_type: "authorization_code", client_id: "spa", code: "canary-code" }),
    });
    await says(/"level":"debug".*"error":"invalid_request|"error":"invalid_grant/);
    await signIn();
    const log = await says(/Audit: signed-in/);
    const lines = log.split("\n").filter((line) => line.startsWith("{"));
    for (const line of lines) JSON.parse(line);
    assert.doesNotMatch(log, /canary-code|2025550143/);
    await server.simulator.fault({ status: 400, code: 21610 });
    const visitor = server.visitor();
    const page = await visitor.get(server.authorizeUrl({ client_id: "doc", nonce: "n", state: "s" }));
    await visitor.submit(page, { username: "grace", password: PASSWORD });
    await says(
      /"level":"warn".*"login":"[^"]+","reason":"number-blocked","providerCode":21610,"message":"A text was not sent"/,
    );
    await server.simulator.fault({ then: "reset" });
    const other = server.visitor();
    const again = await other.get(server.authorizeUrl({ client_id: "doc", nonce: "n", state: "s" }));
    await other.submit(again, { username: "grace", password: PASSWORD });
    const told = await says(
      /"reason":"provider-down","network":"ECONNRESET","message":"A text was not sent"/,
    );
    const login = /"login":"([^"]+)","reason":"provider-down"/.exec(told)?.[1] ?? assert.fail(told);
    const events = await server.parts.audit.query({ kind: "code-send-failed", limit: 9 });
    assert.ok(
      events.some((event) => event.login === login),
      "the login of the log is the login of the audit",
    );
    assert.doesNotMatch(told, /2025550143/);
  });
});

test("a disk that is full from the start on fails no login, and is said once", async () => {
  const said: string[] = [];
  const full = () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error("no space"), { code: "ENOSPC" })),
    });
    setImmediate(() => stream.emit("open"));
    return stream;
  };
  const logs = await openLogs({
    folder: join(temporaryFolder(), "logs"),
    complain: (one) => said.push(one),
    open: full,
  });
  const other = await startServer({ hashCost: cheap, logs });
  assert.match((await signIn(other)).url.search, /code=/);
  assert.equal(said.filter((one) => /server\.log cannot be written \(ENOSPC\)/.test(one)).length, 1);
});
