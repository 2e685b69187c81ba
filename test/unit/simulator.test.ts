import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type ClientRequest, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import twilio from "twilio";
import { codeOf, startSimulator, type TestPhones } from "../kit/simulator.ts";

describe("the phone simulator", () => {
  let phones: TestPhones;
  before(async () => {
    phones = await startSimulator({ paceMs: 5, keep: 5 });
  });
  after(() => phones.close());
  beforeEach(async () => {
    await phones.clear();
    await phones.clearFaults();
  });

  const sender = "+12025550100";
  const grace = "+12025550143";
  const text = { To: grace, From: sender, Body: "012345 is your code.\n\n@localhost #012345" };

  async function call(
    method: string,
    path: string,
    form?: Record<string, string>,
    as?: readonly [string, string],
  ) {
    const [username, password] = as ?? [phones.account.sid, phones.account.token];
    const answer = await fetch(`${phones.url}/2010-04-01/Accounts/${phones.account.sid}${path}`, {
      method,
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    const body = answer.status === 204 ? {} : await answer.json();
    return { status: answer.status, headers: answer.headers, body: body as Record<string, unknown> };
  }
  const post = (form: Record<string, string>) => call("POST", "/Messages.json", form);

  it("takes a text and answers as Twilio does, and the text is on the phone", async () => {
    const { status, body } = await post(text);
    assert.equal(status, 201);
    assert.match(String(body.sid), /^SM[0-9a-f]{32}$/);
    const { account_sid, from, to, status: state, num_segments, error_code, direction, uri } = body;
    assert.deepEqual(
      { account_sid, from, to, state, num_segments, error_code, direction, uri },
      {
        account_sid: phones.account.sid,
        from: sender,
        to: grace,
        state: "queued",
        num_segments: "1",
        error_code: null,
        direction: "outbound-api",
        uri: `/2010-04-01/Accounts/${phones.account.sid}/Messages/${body.sid}.json`,
      },
    );
    assert.match(String(body.date_created), /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);
    const message = await phones.nextMessage(grace);
    assert.equal(message.sid, body.sid);
    assert.equal(message.body, text.Body);
    assert.equal(codeOf(message), "012345");
    assert.ok(Math.abs(Date.parse(message.at) - Date.now()) < 5000);
    await assert.rejects(phones.nextMessage(grace, 50), /no new message to •••• 43 /);
  });

  it("shows how a text goes: queued, sent, delivered; fetches, lists, redacts, removes", async () => {
    const { body } = await post(text);
    for (
      let tries = 0;
      (await call("GET", `/Messages/${body.sid}.json`)).body.status !== "delivered";
      tries += 1
    ) {
      assert.ok(tries < 200, "never delivered");
      await sleep(5);
    }
    const list = await call("GET", "/Messages.json?PageSize=1");
    assert.equal((list.body.messages as { sid: string }[])[0]?.sid, body.sid);
    const canceled = await call("POST", `/Messages/${body.sid}.json`, { Status: "canceled" });
    assert.deepEqual([canceled.status, canceled.body.code], [400, 30409]);
    assert.equal((await call("POST", `/Messages/${body.sid}.json`, { Body: "" })).body.body, "");
    assert.equal((await phones.messages())[0]?.body, "");
    assert.equal((await call("DELETE", `/Messages/${body.sid}.json`)).status, 204);
    const gone = await call("GET", `/Messages/${body.sid}.json`);
    assert.deepEqual([gone.status, gone.body.code], [404, 20404]);
  });

  it("a messaging service accepts first and chooses a sender afterwards", async () => {
    const { body } = await post({ To: grace, Body: "hello", MessagingServiceSid: `MG${"a".repeat(32)}` });
    assert.deepEqual([body.status, body.from, body.num_segments], ["accepted", null, "0"]);
    assert.equal((await phones.nextMessage(grace)).from, sender);
  });

  it("refuses whoever has no right to the account, with Twilio's words", async () => {
    const { sid, token, apiKey } = phones.account;
    for (const pair of [
      [sid, "wrong"],
      ["AC1", token],
      [apiKey.sid, token],
      ["", ""],
    ] as const) {
      const { status, body, headers } = await call("POST", "/Messages.json", text, pair);
      assert.equal(status, 401);
      assert.deepEqual(body, {
        code: 20003,
        message: "Authenticate",
        more_info: "https://www.twilio.com/docs/errors/20003",
        status: 401,
      });
      assert.match(headers.get("www-authenticate") ?? "", /^Basic /);
    }
    assert.deepEqual(await phones.messages(), []);
    assert.equal((await call("POST", "/Messages.json", text, [apiKey.sid, apiKey.secret])).status, 201);
    assert.equal((await call("GET", ".json")).body.status, "active");
    assert.equal((await call("GET", ".json", undefined, [apiKey.sid, apiKey.secret])).status, 401);
    assert.equal((await call("GET", "/Messages.json", undefined, [apiKey.sid, apiKey.secret])).status, 200);
  });

  const faults: readonly (readonly [string, Record<string, string>, number])[] = [
    ["no To", { To: "" }, 21604],
    ["To is no number", { To: "0151" }, 21211],
    ["no sender", { From: "" }, 21603],
    ["From is no number", { From: "+0" }, 21212],
    ["From is To", { From: grace }, 21266],
    ["no Body", { Body: "" }, 21602],
    ["Body of 1601", { Body: "x".repeat(1601) }, 21617],
    ["ValidityPeriod 0", { ValidityPeriod: "0" }, 21624],
    ["ValidityPeriod 36001", { ValidityPeriod: "36001" }, 21624],
    ["StatusCallback without host", { StatusCallback: "/path" }, 21609],
    ["StatusCallback with an underscore", { StatusCallback: "http://my_host/" }, 21609],
    ["magic: invalid number", { To: "+15005550001" }, 21211],
    ["magic: no route", { To: "+15005550002" }, 21612],
    ["magic: region not enabled", { To: "+15005550003" }, 21408],
    ["magic: blocked", { To: "+15005550004" }, 21610],
    ["magic: no mobile", { To: "+15005550009" }, 21614],
    ["magic: bad sender", { From: "+15005550001" }, 21212],
    ["magic: unowned sender", { From: "+15005550007" }, 21606],
    ["magic: full queue", { From: "+15005550008" }, 21611],
  ];
  for (const [name, change, code] of faults)
    it(`refuses a message: ${name} (${code})`, async () => {
      const { status, body } = await post({ ...text, ...change });
      assert.deepEqual([status, body.status, body.code], [400, 400, code]);
      assert.doesNotMatch(String(body.message), /undefined|^Error/);
      assert.deepEqual(await phones.messages(), []);
    });

  it("takes the longest text and validity there are", async () => {
    assert.equal((await post({ ...text, Body: "x".repeat(1600), ValidityPeriod: "36000" })).status, 201);
    assert.equal((await post({ ...text, From: "+15005550006", ValidityPeriod: "1" })).status, 201);
  });

  it("reads forms only: JSON is a request without parameters", async () => {
    const answer = await fetch(`${phones.url}/2010-04-01/Accounts/${phones.account.sid}/Messages.json`, {
      method: "POST",
      headers: {
        authorization: `Basic ${btoa(`${phones.account.sid}:${phones.account.token}`)}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(text),
    });
    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as { code: number }).code, 21604);
  });

  it("keeps a bounded number of messages, newest last", async () => {
    for (let n = 1; n <= 7; n += 1) await post({ ...text, Body: `number ${n}` });
    assert.deepEqual(
      (await phones.messages()).map(({ body }) => body),
      ["number 3", "number 4", "number 5", "number 6", "number 7"],
    );
  });

  it("tells the status to the callback with a signature that the official SDK finds right", async () => {
    const seen: { signature: string; params: Record<string, string> }[] = [];
    const server = createServer((req, res) => {
      let form = "";
      req.on("data", (part) => {
        form += part;
      });
      req.on("end", () => {
        const params = Object.fromEntries(new URLSearchParams(form));
        seen.push({ signature: String(req.headers["x-twilio-signature"]), params });
        res.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    try {
      const callback = `http://127.0.0.1:${(server.address() as AddressInfo).port}/status?attempt=1`;
      await phones.fault({ match: { to: "+12025550199" }, then: "undelivered", code: 30003 });
      await post({ ...text, StatusCallback: `${callback}#rc=2` });
      for (let tries = 0; seen.length < 2 && tries < 200; tries += 1) await sleep(5);
      await post({ ...text, To: "+12025550199", StatusCallback: callback });
      for (let tries = 0; seen.length < 4 && tries < 200; tries += 1) await sleep(5);
      assert.deepEqual(
        seen.map(({ params }) => [params.MessageStatus, params.ErrorCode]),
        [
          ["sent", undefined],
          ["delivered", undefined],
          ["sent", undefined],
          ["undelivered", "30003"],
        ],
      );
      for (const { signature, params } of seen) {
        assert.ok(twilio.validateRequest(phones.account.token, signature, callback, params));
        assert.ok(
          !twilio.validateRequest(phones.account.token, signature, callback, {
            ...params,
            MessageStatus: "read",
          }),
        );
      }
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("never leaves loopback: for a callback elsewhere not even its name is looked up", async (t) => {
    const asked: string[] = [];
    const note = (message: unknown) => {
      const { request } = message as { request: ClientRequest };
      asked.push(`${request.protocol}//${request.getHeader("host")}${request.path}`);
    };
    const here = ["http://localhost:9/status", "http://127.0.0.2:9/status", "http://[::1]:9/status"];
    subscribe("http.client.request.start", note);
    t.after(() => unsubscribe("http.client.request.start", note));
    for (const callback of ["https://login.example.test/status", "http://192.0.2.1/status", ...here])
      assert.equal((await post({ ...text, StatusCallback: callback })).status, 201);
    for (let tries = 0; asked.length < 6 && tries < 200; tries += 1) await sleep(5);
    await sleep(50);
    assert.deepEqual(asked.sort(), [...here, ...here].sort());
  });

  it("takes a call and shows how it went", async () => {
    const { status, body } = await call("POST", "/Calls.json", {
      To: grace,
      From: sender,
      Twiml: "<Response/>",
    });
    assert.deepEqual([status, body.status, String(body.sid).slice(0, 2)], [201, "queued", "CA"]);
    for (
      let tries = 0;
      (await call("GET", `/Calls/${body.sid}.json`)).body.status !== "completed";
      tries += 1
    ) {
      assert.ok(tries < 200, "never completed");
      await sleep(5);
    }
    assert.equal((await call("POST", "/Calls.json", { To: grace, From: sender })).body.code, 21205);
    assert.deepEqual(await phones.messages(), []);
  });

  it("fails on request: which, how often, and how", async () => {
    await phones.fault({ match: { to: grace }, times: 2, status: 429, retryAfter: 7 });
    await phones.fault({ code: 21408 });
    const other = await post({ ...text, To: "+12025550199" });
    assert.equal(other.body.code, 21408);
    for (let n = 0; n < 2; n += 1) {
      const { status, body, headers } = await post(text);
      assert.deepEqual([status, body.code, headers.get("retry-after")], [429, 20429, "7"]);
    }
    assert.equal((await post(text)).status, 201);
    await phones.fault({ times: "always", status: 500 });
    for (let n = 0; n < 3; n += 1) assert.equal((await post(text)).status, 500);
    await phones.clearFaults();
    await phones.fault({ delayMs: 80 });
    const started = performance.now();
    assert.equal((await post(text)).status, 201);
    assert.ok(performance.now() - started >= 75);
  });

  it("cuts connections before and after it took the message", async () => {
    for (const then of ["reset", "garbage", "drop-after-accept"] as const) {
      await phones.clear();
      await phones.fault({ then });
      await assert.rejects(post(text), then);
      assert.equal((await phones.messages()).length, then === "drop-after-accept" ? 1 : 0, then);
    }
  });

  it("replaces faults as a list, and says what is wrong with one", async () => {
    const put = (body: unknown) =>
      fetch(`${phones.url}/control/faults`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const faults = [{ match: { to: grace }, times: "always", status: 401 }];
    assert.equal((await put(faults)).status, 200);
    assert.deepEqual(await (await fetch(`${phones.url}/control/faults`)).json(), faults);
    assert.equal((await post(text)).status, 401);
    const wrong = await put([{ status: 99, colour: "red" }]);
    assert.equal(wrong.status, 400);
    assert.match(((await wrong.json()) as { message: string }).message, /colour/);
  });

  it("does not answer to another host name: a page cannot rebind its own to read codes", async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${phones.url}/messages`, { headers: { host: "evil.example:80" } }, (res) =>
        resolve(res.resume().statusCode),
      )
        .on("error", reject)
        .end();
    });
    assert.equal(status, 421);
  });

  it("runs as a process of its own, and ends with its parent", async () => {
    const run = fileURLToPath(new URL("../../src/surfaces/dev/simulator/run.ts", import.meta.url));
    const child = spawn(process.execPath, [run], {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        SALLYPORT_SIMULATOR: JSON.stringify({
          accounts: [{ sid: "ACx", token: "t" }],
          untilStdinCloses: true,
        }),
      },
    });
    const exit = new Promise((resolve) => child.once("exit", resolve));
    try {
      const line = await new Promise<string>((resolve) =>
        child.stdout.once("data", (data) => resolve(String(data))),
      );
      const { url } = JSON.parse(line) as { url: string };
      assert.deepEqual(await (await fetch(`${url}/messages`)).json(), []);
    } finally {
      child.stdin.end();
    }
    assert.equal(await exit, 0);
  });
});
