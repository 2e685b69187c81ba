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
