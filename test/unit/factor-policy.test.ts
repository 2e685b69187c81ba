/** The factor policy applied to a person: who a rule is for, what is missing, by when. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../../src/config.ts";
import type { User } from "../../src/core/directory.ts";
import { owedBy, preferredBy, rulesFor } from "../../src/core/factor-policy.ts";
import { factorPolicySchema } from "../../src/core/factor-policy-settings.ts";

const DAY = 86_400_000;
const from = "2027-01-01T00:00:00Z";
const begin = Date.parse(from);
const person = (over: Partial<User> = {}): User => ({
  id: "1",
  username: "ada",
  status: "active",
  roles: [],
  createdAt: begin - 100 * DAY,
  updatedAt: begin,
  version: 1,
  claims: {},
  ...over,
});
const policy = (...rules: Record<string, unknown>[]) =>
  factorPolicySchema.parse({ rules: rules.map((rule, at) => ({ name: `rule ${at}`, from, ...rule })) });
const ALL = ["password", "sms", "totp", "passkey", "recovery-code"];

test("a rule is for everybody, for a role, for a claim, or where both are named for both", () => {
  const all = policy(
    { must: ["sms"] },
    { roles: ["admin", "helpdesk"], must: ["totp"] },
    { claim: { name: "department", values: ["money", "law"] }, must: ["totp"] },
    { roles: ["admin"], claim: { name: "department", values: ["law"] }, must: ["totp"] },
  );
  const names = (over: Partial<User>) => rulesFor(all, person(over)).map(({ name }) => name);
  assert.deepEqual(names({}), ["rule 0"]);
  assert.deepEqual(names({ roles: ["helpdesk"] }), ["rule 0", "rule 1"]);
  assert.deepEqual(names({ claims: { department: "law" } }), ["rule 0", "rule 2"]);
  assert.deepEqual(names({ claims: { department: "LAW" } }), ["rule 0"]);
  assert.deepEqual(names({ roles: ["admin"], claims: { department: "law" } }).length, 4);
});

test("what is missing: kinds that must be there, then as many more as it takes, the safest first", () => {
  const owed = (rule: Record<string, unknown>, held: string[], usable = ALL) =>
    owedBy(policy(rule), person(), held, usable).map(({ factor }) => factor);
  assert.deepEqual(owed({ must: ["passkey", "totp"] }, ["totp"]), ["passkey"]);
  assert.deepEqual(owed({ least: 2 }, ["sms"]), ["passkey"]);
  assert.deepEqual(owed({ least: 2 }, ["sms"], ["password", "sms", "totp"]), ["totp"]);
  assert.deepEqual(owed({ least: 2 }, ["sms", "sms"]), []);
  assert.deepEqual(owed({ must: ["sms"], least: 2 }, []), ["sms", "passkey"]);
  assert.deepEqual(owed({ least: 3 }, ["sms"], ["password", "sms"]), ["sms", "sms"]);
});

test("it is due so many days after the rule began, or after the person's first day, and what is due first stands first", () => {
  const rules = policy({ must: ["totp"], graceDays: 14 }, { must: ["sms"], graceDays: 3 });
  const due = (createdAt: number) =>
    owedBy(rules, person({ createdAt }), [], ALL).map((one) => [one.factor, one.due]);
  assert.deepEqual(due(begin - 500 * DAY), [
    ["sms", begin + 3 * DAY],
    ["totp", begin + 14 * DAY],
  ]);
  assert.deepEqual(due(begin + 40 * DAY)[0], ["sms", begin + 43 * DAY]);
});

test("of several rules that prefer something the first counts", () => {
  const rules = policy({ roles: ["admin"], prefer: "passkey" }, { prefer: "totp" });
  assert.equal(preferredBy(rules, person()), "totp");
  assert.equal(preferredBy(rules, person({ roles: ["admin"] })), "passkey");
  assert.equal(preferredBy(policy(), person()), undefined);
});

test("the examples of the references are what sallyport.yaml takes", () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
  try {
    const yaml = (name: string) =>
      /```yaml\n([\s\S]*?)```/.exec(
        readFileSync(new URL(`../../docs/reference/${name}.md`, import.meta.url), "utf8"),
      )?.[1] ?? assert.fail(name);
    const file = join(folder, "sallyport.yaml");
    const head = [
      "issuer: https://login.example.org",
      "trusted_proxies: [127.0.0.1]",
      "twilio_sid: AC00000000000000000000000000000001",
      "twilio_token: a-token-of-the-account",
      'from_number: "+12025550100"',
      "clients: [{ client_id: spa, redirect_uris: [https://rp.example.test/callback] }]",
    ].join("\n");
    writeFileSync(file, `${head}\n${yaml("remembered-devices")}${yaml("factor-policy")}`, { mode: 0o600 });
    const { settings } = readConfig(file, {});
    assert.equal(settings.rememberedDevices.ask, "unknown-device");
    assert.deepEqual(settings.factorPolicy.rules[0]?.must, ["totp"]);
    assert.equal(settings.factorPolicy.selfService.enabled, false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
