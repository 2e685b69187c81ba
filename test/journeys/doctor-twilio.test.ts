/**
 * `sallyport doctor` at the provider: whatever the simulator is told to do wrong is found, named, and answered with what to
 * do. The real SDK over HTTP, and a real server for the status callback.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, beforeEach, describe, test } from "node:test";
import type { Finding } from "../../src/core/finding.ts";
import { createReportUrls } from "../../src/core/report-url.ts";
import { PhoneNumber, Secret } from "../../src/core/secret.ts";
import { SMS_REMEDIES } from "../../src/core/sms-remedies.ts";
import { type TwilioDeps, twilioGateway } from "../../src/plugins/sms/twilio/gateway.ts";
import { DOCTOR_CHECKS } from "../../src/surfaces/admin/host/doctor-checks.ts";
import type { FaultRequest } from "../../src/surfaces/dev/simulator/faults.ts";
import { startServer } from "../kit/server.ts";

const server = await startServer({ people: false });
const { simulator } = server;
const { account } = simulator;
const FROM = "+12025550100";
const properties = {
  twilio_sid: account.sid,
  twilio_token: account.token,
  from_number: FROM,
  api_base: simulator.url,
};
const key = { twilio_token: "", api_key_sid: account.apiKey.sid, api_key_secret: account.apiKey.secret };
const open = (over: Record<string, string> = {}, deps: TwilioDeps = {}) =>
  twilioGateway.open(twilioGateway.schema.parse({ ...properties, ...over }), { timeoutMs: 1500, ...deps });
const urls = createReportUrls(new URL(server.issuer), server.parts.keyring, Date.now);
const report = urls.of(
  { challenge: "doctor", send: 0, number: 0, gateway: "twilio_sms" },
  Date.now() + 600_000,
);

interface Case {
  readonly fault?: FaultRequest | readonly FaultRequest[];
  readonly properties?: Record<string, string>;
  readonly countries?: readonly string[] | "all";
  readonly report?: URL;
  readonly check: string;
  readonly level: Finding["level"];
  readonly says: RegExp;
  readonly remedy: RegExp;
}

const ALWAYS = { times: "always" } as const;
const at = (path: string, what: Omit<FaultRequest, "match" | "times">): FaultRequest => ({
  ...ALWAYS,
  match: { path },
  ...what,
});
const ACCOUNT = `${account.sid}.json`;
const NUMBERS = "IncomingPhoneNumbers";
const number = (capabilities: Record<string, boolean>, phone = FROM) => ({
  incoming_phone_numbers: [{ sid: `PN${"1".repeat(32)}`, phone_number: phone, capabilities }],
});
const offAt = (codes: readonly string[]) => ({
  permissions: codes.map((country_code) => ({ country_code, type: "country", enabled: false })),
});
const SERVICE = { from_number: "", messaging_service_sid: `MG${"a".repeat(32)}` };

const cases: Readonly<Record<string, Case>> = {
  "wrong credentials": {
    properties: { twilio_token: "f".repeat(32) },
    check: "twilio.account",
    level: "error",
    says: /refused the credentials; compare twilio_sid and twilio_token .*20003/,
    remedy: /Compare twilio_sid and twilio_token/,
  },
  "a wrong API key": {
    properties: { ...key, api_key_secret: "wrong" },
    check: "twilio.account",
    level: "error",
    says: /compare twilio_sid, api_key_sid and api_key_secret/,
    remedy: /after a rotation give the new token/,
  },
  "no such account": {
    fault: at(ACCOUNT, { status: 404 }),
    check: "twilio.account",
    level: "error",
    says: /credentials.*20404/,
    remedy: /region where one is set/,
  },
  "an account that is suspended": {
    fault: at(ACCOUNT, { with: { status: "suspended" } }),
    check: "twilio.account",
    level: "error",
    says: /is suspended: it sends nothing/,
    remedy: /Recharge, or write to its support/,
  },
  "a suspended account by error code": {
    fault: at(ACCOUNT, { status: 401, code: 20005 }),
    check: "twilio.account",
    level: "error",
    says: /suspended and sends nothing.*20005/,
    remedy: /money has run out/,
  },
  "an account that is closed": {
    fault: at(ACCOUNT, { with: { status: "closed" } }),
    check: "twilio.account",
    level: "error",
    says: /is closed/,
    remedy: /of another one/,
  },
  "a trial account": {
    fault: at(ACCOUNT, { with: { type: "Trial" } }),
    check: "twilio.account",
    level: "warning",
    says: /trial account: it sends to verified numbers only \(at most five\).*ends after 30 days/,
    remedy: /Upgrade the account/,
  },
  "no money left": {
    fault: at("Balance", { with: { balance: "0.41" } }),
    check: "twilio.balance",
    level: "warning",
    says: /0\.41 USD left/,
    remedy: /Recharge/,
  },
  "too many requests": {
    fault: at(ACCOUNT, { status: 429, retryAfter: 30 }),
    check: "twilio.account",
    level: "error",
    says: /limits the requests.*20429/,
    remedy: /Wait a minute/,
  },
  "a provider that is down": {
    fault: at(ACCOUNT, { status: 503 }),
    check: "twilio.account",
    level: "error",
    says: /could not be reached.*20503/,
    remedy: /status\.twilio\.com/,
  },
  "a connection that is reset": {
    fault: at(ACCOUNT, { then: "reset" }),
    check: "twilio.account",
    level: "error",
    says: /could not be reached/,
    remedy: /network and the proxy/,
  },
  "bytes that are no HTTP": {
    fault: at(ACCOUNT, { then: "garbage" }),
    check: "twilio.account",
    level: "error",
    says: /could not be reached/,
    remedy: /network and the proxy/,
  },
  "a provider that hangs": {
    fault: at(ACCOUNT, { delayMs: 4000 }),
    check: "twilio.account",
    level: "error",
    says: /did not answer in time/,
    remedy: /network and the proxy/,
  },
  "a number that is somebody else's": {
    fault: at(NUMBERS, { with: { incoming_phone_numbers: [] } }),
    check: "twilio.sender",
    level: "error",
    says: /no number of this account.*21606/,
    remedy: /Active numbers/,
  },
  "a number that only looks like ours": {
    fault: at(NUMBERS, { with: number({ sms: true, voice: true }, `${FROM}0`) }),
    check: "twilio.sender",
    level: "error",
    says: /no number of this account/,
    remedy: /Give a number of this account/,
  },
  "a number without SMS": {
    fault: at(NUMBERS, { with: number({ sms: false, voice: true }) }),
    check: "twilio.sender",
    level: "error",
    says: /cannot send texts/,
    remedy: /capability SMS/,
  },
  "a number without voice": {
    fault: at(NUMBERS, { with: number({ sms: true, voice: false }) }),
    check: "twilio.voice",
    level: "error",
    says: /offered a call that never comes/,
    remedy: /capability Voice/,
  },
  "a number to call from that is nobody's": {
    fault: [
      at(NUMBERS, { with: { incoming_phone_numbers: [] } }),
      at("CallerIds", { with: { outgoing_caller_ids: [] } }),
    ],
    properties: { from_number: "Example", voice_number: "+12025550111" },
    countries: ["DE"],
    check: "twilio.voice",
    level: "error",
    says: /neither a number nor a verified caller id/,
    remedy: /capability Voice/,
  },
  "a short code of somebody else": {
    properties: { from_number: "12345" },
    fault: at("ShortCodes", { with: { short_codes: [] } }),
    check: "twilio.sender",
    level: "error",
    says: /short code that this account does not have/,
    remedy: /Short codes/,
  },
  "a sender name where none is taken": {
    properties: { from_number: "Example" },
    countries: ["DE", "US"],
    check: "twilio.sender",
    level: "warning",
    says: /networks of US take none/,
    remedy: /messaging service/,
  },
  "no such messaging service": {
    properties: SERVICE,
    fault: at("/v1/Services/", { status: 404 }),
    check: "twilio.sender",
    level: "error",
    says: /no messaging service of this account/,
    remedy: /Messaging, Services/,
  },
  "a messaging service without a sender": {
    properties: SERVICE,
    fault: at("/PhoneNumbers", { with: { phone_numbers: [] } }),
    check: "twilio.sender",
    level: "error",
    says: /no sender that can send texts .*21703/,
    remedy: /sender pool/,
  },
  "a country that is off for texts": {
    fault: at("GeoPermissions", { with: offAt(["DE", "FR"]) }),
    countries: ["DE", "US"],
    check: "twilio.countries",
    level: "error",
    says: /refused by Twilio \(error 21408\): texts to DE\./,
    remedy: /Messaging, Settings, Geo permissions/,
  },
  "a country that only a person may enable": {
    fault: at("GeoPermissions", { with: offAt(["NG"]) }),
    countries: ["NG"],
    check: "twilio.countries",
    level: "error",
    says: /texts to NG/,
    remedy: /NG: Twilio may ask why/,
  },
  "every country allowed, some of them off": {
    fault: at("GeoPermissions", { with: offAt(["FR"]) }),
    countries: "all",
    check: "twilio.countries",
    level: "warning",
    says: /countries is all, and Twilio refuses texts to FR/,
    remedy: /Name the countries you serve/,
  },
  "a country where nothing arrives": {
    countries: ["IR"],
    check: "twilio.countries",
    level: "error",
    says: /No text of Twilio's arrives in IR/,
    remedy: /Take it out of countries/,
  },
  "a country that may not be called": {
    fault: at("DialingPermissions", {
      with: { content: [{ iso_code: "DE", low_risk_numbers_enabled: false }] },
    }),
    countries: ["DE"],
    check: "twilio.dialing",
    level: "warning",
    says: /error 21215\): calls to DE/,
    remedy: /Voice, Settings, Geo permissions/,
  },
  "permissions that an API key may not read": {
    properties: key,
    fault: at("GeoPermissions", { status: 403 }),
    check: "twilio.countries",
    level: "skipped",
    says: /could not be looked at: this API key may not read it/,
    remedy: /Twilio console/,
  },
  "permissions that do not come": {
    fault: at("GeoPermissions", { status: 500 }),
    check: "twilio.countries",
    level: "error",
    says: /could not be reached.*20500/,
    remedy: /status\.twilio\.com/,
  },
  "M29: a clock that is behind": {
    fault: { ...ALWAYS, clockMs: 40_000 },
    check: "clock",
    level: "warning",
    says: /clock is (39|40|41) s behind Twilio's/,
    remedy: /timedatectl/,
  },
  "M29: a clock that is minutes ahead": {
    fault: { ...ALWAYS, clockMs: -600_000 },
    check: "clock",
    level: "error",
    says: /clock is (599|600|601) s ahead of Twilio's/,
    remedy: /NTP/,
  },
  "a server with another token than this one": {
    properties: { ...key, twilio_token: "f".repeat(32) },
    check: "twilio.callback",
    level: "error",
    says: /refuses status callbacks that are signed as Twilio signs/,
    remedy: /restart it where sallyport\.yaml has changed/,
  },
  "a callback address that nothing listens at": {
    report: new URL(report.href.replace(`:${server.port}`, ":9")),
    check: "twilio.callback",
    level: "error",
    says: /cannot be reached for status callbacks \(ECONNREFUSED\)/,
    remedy: /Start the server, and check the proxy/,
  },
  "another path behind the proxy": {
    report: new URL(report.href.replace("/twilio/", "/elsewhere/")),
    check: "twilio.callback",
    level: "error",
    says: /answers status callbacks with 404/,
    remedy: /POST \/twilio\/status/,
  },
  "another host name behind the proxy": {
    report: new URL(report.href.replace("localhost", "127.0.0.1")),
    check: "twilio.callback",
    level: "error",
    says: /another host name than its own \(421\)/,
    remedy: /proxy_set_header Host/,
  },
  "api_base that was forgotten": {
    check: "twilio.api_base",
    level: "warning",
    says: /texts go to 127\.0\.0\.1:\d+ and not to Twilio/,
    remedy: /Remove api_base/,
  },
};

describe("every fault of the provider is found, with what to do", () => {
  beforeEach(() => simulator.clearFaults());

  for (const [name, one] of Object.entries(cases))
    test(name, async () => {
      for (const fault of [one.fault ?? []].flat()) await simulator.fault(fault);
      const gateway = await open(one.properties);
      const findings = await gateway.check({
        countries: one.countries ?? ["US"],
        report: one.report ?? report,
      });
      for (const { check = "" } of findings) assert.ok(check in DOCTOR_CHECKS, `${check} is in no reference`);
      const found = findings.filter(({ check }) => check === one.check);
      const hit = found.find(({ level, message }) => level === one.level && one.says.test(message));
      assert.ok(hit, JSON.stringify(findings, undefined, 1));
      assert.match(hit.remedy ?? "", one.remedy);
      const text = JSON.stringify(findings);
      for (const secret of [account.token, account.apiKey.secret, FROM.slice(2)])
        assert.ok(!text.includes(secret), "no finding holds a secret or a number");
    });

  test("with everything in order nothing is complained of but api_base, and nothing was sent", async () => {
    const findings = await (await open()).check({ countries: ["US", "DE"], report });
    assert.deepEqual(
      findings.map(({ level, check }) => [level, check]),
      [
        ["warning", "twilio.api_base"],
        ["ok", "twilio.account"],
        ["ok", "clock"],
        ["ok", "twilio.sender"],
        ["ok", "twilio.voice"],
        ["ok", "twilio.countries"],
        ["ok", "twilio.dialing"],
        ["ok", "twilio.callback"],
      ],
    );
    assert.deepEqual(await simulator.messages(), []);
  });

  test("with API keys alone the callback is held by our own signature, and that is what is tried", async () => {
    const changed = await server.parts.settings.change({
      change: (document) => ({
        ...document,
        scripts: document.scripts.map((entry) =>
          entry.name === "twilio_sms"
            ? {
                ...entry,
                configurationProperties: Object.entries({ ...properties, ...key }).map(
                  ([value1, value2]) => ({
                    value1,
                    value2,
                    hide: false,
                    description: "",
                  }),
                ),
              }
            : entry,
        ),
      }),
      by: "test",
      what: "an API key",
    });
    assert.equal(changed.kind, "changed");
    const findings = await (await open(key)).check({ countries: ["US"], report });
    assert.equal(findings.find(({ check }) => check === "twilio.callback")?.level, "ok");
    assert.equal(findings.find(({ check }) => check === "twilio.state")?.level, "skipped");
  });

  test("another program behind the name, which takes anything, is told from ours", async () => {
    const anybody = createServer((_request, response) => response.writeHead(204).end());
    await new Promise<void>((resolve) => anybody.listen(0, "127.0.0.1", resolve));
    after(() => anybody.close());
    const { port } = anybody.address() as { port: number };
    const elsewhere = new URL(report.href.replace(/localhost:\d+/, `127.0.0.1:${port}`));
    const findings = await (await open()).check({ countries: ["US"], report: elsewhere });
    const found = findings.find(({ check }) => check === "twilio.callback");
    assert.match(found?.message ?? "", /takes a status callback whose signature is wrong/);
    assert.match(found?.remedy ?? "", /hands \/twilio\/status on/);
  });
});

describe("what became of a message can be asked", () => {
  const text = {
    to: new PhoneNumber("+12025550143"),
    text: new Secret("a test"),
    key: "k",
    validFor: 60,
  };
  for (const [fault, state, reason] of [
    [undefined, "delivered", undefined],
    [{ then: "undelivered", code: 30003 }, "undelivered", "unreachable"],
    [{ then: "undelivered", code: 30007 }, "undelivered", "filtered"],
    [{ then: "failed", code: 30008 }, "failed", "not-delivered"],
    [{ then: "silent" }, "queued", undefined],
  ] as const)
    test(`${state} ${reason ?? ""}`, async () => {
      await simulator.clearFaults();
      if (fault !== undefined) await simulator.fault(fault);
      const gateway = await open();
      const receipt = await gateway.send(text);
      assert.equal(receipt.kind, "accepted");
      const id = receipt.kind === "accepted" ? receipt.id : "";
      let fate = await gateway.look?.(id);
      for (let tries = 0; fate?.state !== state && tries < 200; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        fate = await gateway.look?.(id);
      }
      assert.deepEqual([fate?.state, fate?.reason], [state, reason]);
      if (reason !== undefined) assert.notEqual(SMS_REMEDIES[reason].remedy, "");
    });
});
