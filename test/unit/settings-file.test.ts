/** What the boot file says of settings, taken in: once at the first start, and later only where the file has changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDocument, takeIn } from "../../src/compose/seed.ts";
import type { BootConfig } from "../../src/config.ts";
import { Secret } from "../../src/core/secret.ts";
import { settingsSchema } from "../../src/core/settings.ts";

const CALLBACK = "https://rp.example.test/cb";
const SID = `AC${"0".repeat(32)}`;

function file(over: Record<string, unknown> = {}, twilio: Record<string, string> = {}): BootConfig {
  const settings = settingsSchema.parse({
    brand: "Example",
    acrs: { enabled: ["twilio_sms"], default: "twilio_sms" },
    countries: "all",
    clients: [{ client_id: "web", redirect_uris: [CALLBACK] }],
    ...over,
  });
  return {
    settings,
    twilio: { twilio_sid: SID, twilio_token: new Secret("token"), from_number: "+12025550100", ...twilio },
  } as unknown as BootConfig;
}
const script = (document: ReturnType<typeof firstDocument>) =>
  document.scripts.find(({ name }) => name === "twilio_sms");

test("the first revision holds the shipped scripts with the file's properties in them", () => {
  const document = firstDocument(file(), 7);
  assert.equal(script(document)?.enabled, true);
  assert.deepEqual(
    script(document)?.configurationProperties.map(({ value1, value2, hide }) => [value1, value2, hide]),
    [
      ["twilio_sid", SID, false],
      ["twilio_token", "token", true],
      ["from_number", "+12025550100", false],
    ],
  );
  assert.deepEqual(
    document.scripts.map(({ name, enabled, revision }) => [name, enabled, revision]),
    [
      ["simple_password_auth", false, 1],
      ["twilio_sms", true, 1],
      ["otp", false, 1],
      ["fido2", false, 1],
      ["recovery_code", false, 1],
    ],
  );
});

test("built-ins that a later version has brought come switched off, and a script of that name keeps it", () => {
  const first = firstDocument(file(), 7);
  const own = { ...(first.scripts[0] ?? assert.fail()), name: "otp", inum: "own", level: 3 };
  const old = { ...first, scripts: [...first.scripts.slice(0, 2), own] };
  assert.deepEqual(
    takeIn(old, file(), 8).scripts.map(({ name, inum, enabled }) => [name, inum, enabled]),
    [
      ...old.scripts.map(({ name, inum, enabled }) => [name, inum, enabled]),
      ["fido2", "8BAF-80D7", false],
      ["recovery_code", "C0DE-0010", false],
    ],
  );
});

test("a file that says what it said takes nothing back", () => {
  const changed = { ...firstDocument(file(), 7), brand: "By the administrator", enrolment: "off" as const };
  assert.deepEqual(takeIn(changed, file(), 8), changed);
});

test("where the file says something new, that and nothing else is taken", () => {
  const changed = { ...firstDocument(file(), 7), brand: "By the administrator", enrolment: "off" as const };
  const taken = takeIn(changed, file({ brand: "By the file" }), 8);
  assert.deepEqual([taken.brand, taken.enrolment], ["By the file", "off"]);
});

test("a client that the file drops goes; one that an administrator has made stays", () => {
  const start = firstDocument(file(), 7);
  const [web] = start.clients;
  assert.ok(web);
  const more = { ...start, clients: [...start.clients, { ...web, client_id: "made" }] };
  const taken = takeIn(more, file({ clients: [{ client_id: "new", redirect_uris: [CALLBACK] }] }), 8);
  assert.deepEqual(taken.clients.map(({ client_id }) => client_id).sort(), ["made", "new"]);
});

test("new Twilio properties make a new revision of the script", () => {
  const taken = takeIn(firstDocument(file(), 7), file({}, { from_number: "+12025550111" }), 8);
  assert.deepEqual([script(taken)?.revision, script(taken)?.modified], [2, 8]);
});

const number = {
  number: "+12025550177",
  code: "135790",
  owner: "Ines of the app team",
  reason: "a review of the app",
  from: "2027-01-01T00:00:00Z",
  until: "2027-01-20T00:00:00Z",
};
const spare = {
  name: "spare",
  type: "webhook",
  enabled: true,
  breakAfter: 5,
  restSeconds: 30,
  properties: { url: new Secret("https://sms.example.org/send"), secret: new Secret("s".repeat(32)) },
};
const withSms = (over: Partial<BootConfig>): BootConfig => ({ ...file(), ...over });

test("gateways that stand by and test numbers come from the file, secrets marked as such", () => {
  const document = firstDocument(withSms({ gateways: [spare], testNumbers: [number] }), 7);
  const [gateway] = document.gateways;
  assert.deepEqual(
    gateway?.configurationProperties.map(({ value1, value2, hide }) => [value1, value2, hide]),
    [
      ["url", "https://sms.example.org/send", false],
      ["secret", "s".repeat(32), true],
    ],
  );
  assert.deepEqual(document.testNumbers, [number]);
});

test("a file that never named them leaves them to the administrators; one that drops them takes them away", () => {
  const named = withSms({ gateways: [spare], testNumbers: [number] });
  const { gateways, testNumbers } = firstDocument(named, 7);
  const byHand = { ...firstDocument(file(), 7), gateways, testNumbers };
  assert.deepEqual(takeIn(byHand, file(), 8), byHand);
  const dropped = takeIn(firstDocument(named, 7), file(), 8);
  assert.deepEqual([dropped.gateways, dropped.testNumbers], [[], []]);
  const again = { ...dropped, testNumbers };
  assert.deepEqual(
    takeIn(again, file(), 9).testNumbers,
    testNumbers,
    "and then they are the administrators' again",
  );
});
