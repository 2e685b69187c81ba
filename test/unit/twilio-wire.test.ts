/** What the gateway puts on the wire, and what it does with answers that Twilio itself would never give. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { PhoneNumber, Secret } from "../../src/core/secret.ts";
import { type TwilioDeps, twilioGateway } from "../../src/plugins/sms/twilio/gateway.ts";

const sid = `AC${"a1".repeat(16)}`;
const token = "0123456789abcdef0123456789abcdef";
const service = `MG${"c3".repeat(16)}`;
const taken = { sid: `SM${"d4".repeat(16)}`, status: "queued", error_code: null };
const message = {
  to: new PhoneNumber("+12025550143"),
  text: new Secret("012345 & more\n@x #012345"),
  key: "k",
  validFor: 299.7,
};

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** A provider that answers as told; keeps what it was asked. */
async function provider(t: TestContext, answer: (res: ServerResponse, req: IncomingMessage) => void) {
  const asked: { line: string; headers: IncomingMessage["headers"]; form: Record<string, string> }[] = [];
  const serve: RequestListener = async (req, res) => {
    let body = "";
    for await (const part of req) body += part;
    asked.push({
      line: `${req.method} ${req.url}`,
      headers: req.headers,
      form: Object.fromEntries(new URLSearchParams(body)),
    });
    answer(res, req);
  };
  const server = createServer(serve);
  t.after(() => server.closeAllConnections());
  const port = await listen(t, server);
  return { asked, server, url: `http://127.0.0.1:${port}` };
}

const json = (res: ServerResponse, status: number, body: unknown) =>
  void res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

function open(properties: Record<string, string>, deps: TwilioDeps = {}) {
  const all = { twilio_sid: sid, twilio_token: token, from_number: "+12025550100", ...properties };
  return twilioGateway.open(twilioGateway.schema.parse(all), deps);
}

const answering = (status: number, body: unknown) => (res: ServerResponse) => json(res, status, body);

describe("the Twilio gateway on the wire", () => {
  it("O12: sends number, sender, text and the code's life as a form, with the account's credentials", async (t) => {
    const { asked, url } = await provider(t, answering(201, taken));
    const gateway = await open({ api_base: `${url}/twilio/` });
    assert.deepEqual(await gateway.send(message), { kind: "accepted", id: taken.sid });
    const [{ line, headers, form } = assert.fail("nothing was asked")] = asked;
    assert.equal(line, `POST /twilio/2010-04-01/Accounts/${sid}/Messages.json`);
    assert.deepEqual(form, {
      To: "+12025550143",
      From: "+12025550100",
      Body: message.text.reveal(),
      ValidityPeriod: "299",
    });
    assert.equal(headers["content-type"], "application/x-www-form-urlencoded");
    assert.equal(headers.authorization, `Basic ${Buffer.from(`${sid}:${token}`).toString("base64")}`);
  });

  it("sends by messaging service and API key", async (t) => {
    const { asked, url } = await provider(t, answering(201, { ...taken, status: "accepted" }));
    const key = { api_key_sid: `SK${"b2".repeat(16)}`, api_key_secret: "s3cr3t" };
    const gateway = await open({ ...key, from_number: "", messaging_service_sid: service, api_base: url });
    assert.equal((await gateway.send(message)).kind, "accepted");
    assert.equal(asked[0]?.line, `POST /2010-04-01/Accounts/${sid}/Messages.json`);
    assert.equal(asked[0]?.form.MessagingServiceSid, service);
    assert.equal(asked[0]?.form.From, undefined);
    assert.equal(
      asked[0]?.headers.authorization,
      `Basic ${Buffer.from(`${key.api_key_sid}:s3cr3t`).toString("base64")}`,
    );
  });

  it("keeps connections, and does not fail when the provider has closed one meanwhile", async (t) => {
    const ports = new Set<number>();
    const { server, url } = await provider(t, (res, req) => {
      ports.add(req.socket.remotePort ?? 0);
      json(res, 201, taken);
    });
    const gateway = await open({ api_base: url });
    for (let n = 0; n < 3; n += 1) assert.equal((await gateway.send(message)).kind, "accepted");
    assert.equal(ports.size, 1);
    server.closeIdleConnections();
    await sleep(50);
    assert.equal((await gateway.send(message)).kind, "accepted");
    assert.equal(ports.size, 2);
  });

  it("O16: an answer that is no acceptance is none, whatever its status says", async (t) => {
    const cases: readonly (readonly [string, (res: ServerResponse) => void, string])[] = [
      ["200 and a page", (res) => void res.end("<html>Please log in to the Wi-Fi</html>"), "other"],
      ["201 without a SID", answering(201, {}), "other"],
      ["201 and a list", answering(201, []), "other"],
      ["201 and a text", answering(201, "SM"), "other"],
      ["201 and nothing", (res) => void res.writeHead(201).end(), "other"],
      ["a redirect", (res) => void res.writeHead(302, { location: "http://127.0.0.1:9/" }).end(), "other"],
      ["201, failed at once", answering(201, { ...taken, status: "failed", error_code: 30006 }), "landline"],
      ["401 and a page", (res) => void res.writeHead(401).end("<html>no</html>"), "credentials"],
      ["502 and a page", (res) => void res.writeHead(502).end("<html>no</html>"), "provider-down"],
      ["408", (res) => void res.writeHead(408).end(), "no-answer"],
      [
        "429 for longer than there is time",
        (res) => void res.writeHead(429, { "retry-after": "5" }).end(),
        "busy",
      ],
      ["400 and JSON null", answering(400, null), "other"],
      [
        "half an answer",
        (res) => void res.writeHead(201, { "content-length": 500 }).write("{", () => res.destroy()),
        "provider-down",
      ],
      ["an endless answer", (res) => void res.writeHead(201).end("x".repeat(1_000_000)), "provider-down"],
      ["a slow trickle", (res) => void res.writeHead(201).write("{"), "no-answer"],
    ];
    for (const [name, answer, reason] of cases)
      await t.test(name, async (t) => {
        const { asked, url } = await provider(t, answer);
        const gateway = await open({ api_base: url }, { timeoutMs: 300 });
        const receipt = await gateway.send(message);
        assert.equal(receipt.kind === "refused" && receipt.reason, reason);
        assert.equal(asked.length, 1);
      });
  });

  it("O16: a 429 has done nothing, so it is asked again within the time, later and later", async (t) => {
    const at: number[] = [];
    const { url } = await provider(t, (res) => {
      at.push(performance.now());
      if (at.length < 3) res.writeHead(429).end();
      else json(res, 201, taken);
    });
    const gateway = await open({ api_base: url }, { timeoutMs: 3000 });
    assert.equal((await gateway.send(message)).kind, "accepted");
    const [first = 0, second = 0, third = 0] = at;
    assert.ok(second - first >= 95 && third - second >= 190, `${second - first} and ${third - second} ms`);
  });

  it("O16: a 429 that says when to come again is believed; one that never ends is busy in time", async (t) => {
    const at: number[] = [];
    const told = await provider(t, (res) => {
      at.push(performance.now());
      if (at.length < 2) res.writeHead(429, { "retry-after": "1" }).end();
      else json(res, 201, taken);
    });
    const gateway = await open({ api_base: told.url }, { timeoutMs: 3000 });
    assert.equal((await gateway.send(message)).kind, "accepted");
    assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 990);
    const endless = await provider(t, (res) => void res.writeHead(429).end());
    const began = performance.now();
    const receipt = await (await open({ api_base: endless.url }, { timeoutMs: 1000 })).send(message);
    assert.deepEqual(receipt, { kind: "refused", reason: "busy", providerCode: undefined });
    assert.ok(performance.now() - began < 1600);
    assert.ok(endless.asked.length > 1);
  });

  it("sends a callback that Twilio can reach, and what it may keep, where that is set", async (t) => {
    const { asked, url } = await provider(t, answering(201, taken));
    const report = new URL("https://login.example.org/twilio/status/x.1.1?via=twilio_sms&until=1&sig=s");
    const properties = { content_retention: "discard", address_retention: "obfuscate", risk_check: "enable" };
    const gateway = await open({ api_base: url, ...properties });
    assert.deepEqual(await gateway.send({ ...message, report }), {
      kind: "accepted",
      id: taken.sid,
      reports: true,
    });
    const { StatusCallback, ContentRetention, AddressRetention, RiskCheck } = asked[0]?.form ?? {};
    assert.deepEqual(
      [StatusCallback, ContentRetention, AddressRetention, RiskCheck],
      [report.href, "discard", "obfuscate", "enable"],
    );
    // Twilio refuses a message whose callback has an underscore in its host.
    const odd = await gateway.send({ ...message, report: new URL("https://login_1.example.org/x") });
    assert.deepEqual(odd, { kind: "accepted", id: taken.sid });
    assert.equal(asked[1]?.form.StatusCallback, undefined);
  });

  it("calls with the code in the request's body alone: digits apart, three times, with breaks, in the language", async (t) => {
    const call = { sid: `CA${"d4".repeat(16)}`, status: "queued" };
    const { asked, url } = await provider(t, answering(201, call));
    const gateway = await open({ api_base: url });
    const speech = {
      language: "de-DE",
      intro: "Hallo <Bühne> & Co.",
      again: "Noch einmal",
      bye: "Tschüss",
      code: new Secret("048213"),
    };
    const receipt = await gateway.call?.({ to: message.to, speech, key: "k" });
    assert.deepEqual(receipt, { kind: "accepted", id: call.sid });
    const [{ line, form, headers } = assert.fail("nothing was asked")] = asked;
    assert.equal(line, `POST /2010-04-01/Accounts/${sid}/Calls.json`);
    assert.doesNotMatch(line + JSON.stringify(headers), /048213|0%204/);
    const { Twiml = "", To, From, Url } = form;
    assert.deepEqual([To, From, Url], ["+12025550143", "+12025550100", undefined]);
    const digits =
      '0<break time="600ms"/>4<break time="600ms"/>8<break time="600ms"/>2<break time="600ms"/>1<break time="600ms"/>3';
    assert.equal(Twiml.split(digits).length - 1, 3);
    assert.match(
      Twiml,
      /^<Response>.*<Say language="de-DE" voice="Polly.Vicki">Hallo &#60;Bühne&#62; &#38; Co\.<\/Say>/,
    );
    assert.equal(Twiml.match(/language="de-DE" voice="Polly.Vicki"/g)?.length, Twiml.match(/<Say /g)?.length);
  });

  it("a gateway whose sender is no number cannot call, unless it is given one that can", async () => {
    const service = { from_number: "", messaging_service_sid: `MG${"c3".repeat(16)}` };
    assert.equal((await open(service)).call, undefined);
    assert.equal((await open({ from_number: "Harbour" })).call, undefined);
    assert.ok((await open({ ...service, voice_number: "+12025550100" })).call);
  });

  it("O16: a certificate that nobody vouches for gets no credentials", async (t) => {
    let asked = 0;
    const server = createTlsServer(selfSigned(), (_req, res) => {
      asked += 1;
      json(res, 201, taken);
    });
    const port = await listen(t, server);
    const gateway = await open({ api_base: `https://127.0.0.1:${port}` });
    const down = { kind: "refused", reason: "provider-down" };
    assert.deepEqual(await gateway.send(message), { ...down, network: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    assert.equal(asked, 0);
    const plain = await provider(t, answering(201, taken));
    const overPlain = await open({ api_base: plain.url.replace("http:", "https:") });
    const answered = await overPlain.send(message);
    assert.deepEqual(answered, { ...down, network: "network" in answered ? answered.network : "" });
  });

  it("goes to the host of region and edge through a proxy where there is one, and api_base goes without", async (t) => {
    const connects: string[] = [];
    const proxy = createServer((_req, res) => res.writeHead(500).end());
    proxy.on("connect", (req, socket) => {
      connects.push(String(req.url));
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    const proxies = { HTTPS_PROXY: `http://127.0.0.1:${await listen(t, proxy)}` };
    // What the SDK would read from the environment must not redirect the credentials.
    process.env.TWILIO_EDGE = "evil";
    process.env.TWILIO_REGION = "xx1";
    t.after(() => {
      delete process.env.TWILIO_EDGE;
      delete process.env.TWILIO_REGION;
    });
    for (const properties of [{}, { region: "ie1", edge: "dublin" }, { edge: "sydney" }]) {
      const receipt = await (await open(properties, { proxies })).send(message);
      assert.equal(receipt.kind === "refused" && receipt.reason, "provider-down");
    }
    assert.deepEqual(connects, [
      "api.twilio.com:443",
      "api.dublin.ie1.twilio.com:443",
      "api.sydney.us1.twilio.com:443",
    ]);
    const { url } = await provider(t, answering(201, taken));
    const direct = await open(
      { api_base: url },
      { proxies: { ...proxies, HTTP_PROXY: proxies.HTTPS_PROXY } },
    );
    assert.equal((await direct.send(message)).kind, "accepted");
    assert.equal(connects.length, 3);
  });

  it("checks say what is wrong with the account", async (t) => {
    const accounts: readonly (readonly [object, string, RegExp])[] = [
      [{ status: "active", type: "Full" }, "ok", /account is active/],
      [{ status: "active", type: "Trial" }, "warning", /trial account/],
      [{ status: "suspended", type: "Full" }, "error", /account is suspended/],
    ];
    for (const [account, level, words] of accounts) {
      const { asked, url } = await provider(t, answering(200, { sid, ...account }));
      const findings = await (await open({ api_base: url })).check();
      assert.deepEqual(
        asked.map(({ line }) => line),
        [`GET /2010-04-01/Accounts/${sid}.json`],
      );
      assert.equal(findings.length, 2);
      assert.match(
        findings[0]?.message ?? "",
        /^api_base is set: texts go to 127\.0\.0\.1:\d+ and not to Twilio\.$/,
      );
      assert.equal(findings[1]?.level, level);
      assert.match(findings[1]?.message ?? "", words);
    }
  });

  it("loads the SDK only when it is asked to", async () => {
    const source = `
      import { createRequire } from "node:module";
      const { twilioGateway } = await import(${JSON.stringify(new URL("../../src/plugins/sms/twilio/gateway.ts", import.meta.url).href)});
      const cache = createRequire(import.meta.url).cache;
      const loaded = () => Object.keys(cache).some((file) => file.includes("node_modules/twilio/"));
      const gateway = await twilioGateway.open(twilioGateway.schema.parse(${JSON.stringify({ twilio_sid: sid, twilio_token: token, from_number: "Bank" })}), {});
      const before = loaded();
      await gateway.warm();
      process.stdout.write(JSON.stringify([before, loaded()]));`;
    const run = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source]);
    assert.equal(run.stdout, "[false,true]");
  });
});

/** A self-signed certificate for 127.0.0.1 (X.509 v1, RFC 5280 §4.1), written out here so that no key lies in a file. */
function selfSigned(): { cert: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
  const ecdsaSha256 = der(0x30, oid("2a8648ce3d040302"));
  const name = der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from("127.0.0.1")))));
  const validity = der(
    0x30,
    der(0x17, Buffer.from("200101000000Z")),
    der(0x17, Buffer.from("491231235959Z")),
  );
  const subjectKey = publicKey.export({ type: "spki", format: "der" });
  const toSign = der(0x30, der(0x02, Buffer.from([1])), ecdsaSha256, name, validity, name, subjectKey);
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", toSign, privateKey)]);
  const certificate = der(0x30, toSign, ecdsaSha256, der(0x03, signature));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
