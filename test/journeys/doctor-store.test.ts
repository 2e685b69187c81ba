/** `sallyport doctor` at the store: what went wrong lately, keys, money, people, and a store that goes away meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { storeFindings } from "../../src/compose/doctor/store.ts";
import { dangersOf } from "../../src/core/dangers.ts";
import { createPhones } from "../../src/kits/phone/phones.ts";
import { certificateFindings, certificatesOf } from "../../src/kits/web/certificate.ts";
import { selfSigned } from "../kit/certificate.ts";
import { startServer } from "../kit/server.ts";

const server = await startServer();
const { parts, config } = server;
type Looked = Parameters<typeof storeFindings>[0];
const at = (over: Partial<Looked> = {}): Looked => ({
  config,
  parts,
  document: parts.settings.document(),
  phones: createPhones(),
  now: Date.now(),
  up: true,
  ...over,
});
const found = async (check: string, over: Partial<Looked> = {}) =>
  (await storeFindings(at(over))).filter((one) => one.check === check);

test("in order: the store, the keys, the administrator, and nothing lately", async () => {
  for (const check of ["store", "keys", "directory", "lately"])
    assert.deepEqual(
      (await found(check)).map(({ level }) => level),
      ["ok"],
      check,
    );
});

test("what gateways had to mend in the last hour stands there once, with the remedy; older things do not", async () => {
  const now = Date.now();
  for (const [age, reason, providerCode] of [
    [60_000, "trial-account", 21608],
    [120_000, "trial-account", 21608],
    [7_200_000, "suspended", 30002],
  ] as const)
    await parts.audit.append({
      kind: "gateway-problem",
      at: now - age,
      facts: { gateway: "twilio_sms", reason, providerCode },
    });
  const [only, ...more] = await found("lately");
  assert.deepEqual([only?.level, more.length], ["warning", 0]);
  assert.match(only?.message ?? "", /gateway twilio_sms: a trial account .* \(21608\)/);
  assert.match(only?.remedy ?? "", /Upgrade/);
});

test("M29: keys of the future mean a clock that was put back, keys of last year want a successor", async () => {
  const year = 366 * 86_400_000;
  assert.match(
    (await found("keys", { now: Date.now() - year }))[0]?.message ?? "",
    /clock has been put back/,
  );
  const old = await found("keys", { now: Date.now() + year });
  assert.deepEqual(old.map(({ remedy }) => remedy?.split(" --")[0]).sort(), [
    "sallyport keys rotate signing-es256",
    "sallyport keys rotate signing-rs256",
  ]);
});

test("money that is spent is named with its sum", async () => {
  const day = new Date().toISOString().slice(0, 10);
  await parts.store.spend.add([
    {
      day,
      country: "US",
      client: "spa",
      channel: "sms",
      count: 9,
      estimate: 12_000_000,
      settled: 0,
      actual: 0,
    },
  ]);
  const document = parts.settings.document();
  const [spent] = await found("spend", {
    document: { ...document, spend: { ...document.spend, dayHard: 10 } },
  });
  assert.match(spent?.message ?? "", /cost 12\.00 this day, and 10 is where they stop/);
});

test("what a directory of the site says of its bind is among the findings", async () => {
  const refused = { level: "error" as const, message: "The bind is refused.", remedy: "Mend bind_dn." };
  const directory = { ...parts.directory, check: async () => [refused] };
  const [first] = await found("directory", { parts: { ...parts, directory } });
  assert.deepEqual(first, { check: "directory", ...refused });
});

test("test numbers, and limits that are looser than shipped; tighter ones are no danger", async () => {
  const document = parts.settings.document();
  const until = new Date(Date.now() + 86_400_000).toISOString();
  const from = new Date(Date.now() - 1000).toISOString();
  const armed = { number: "+12025550177", code: "135790", owner: "Ines", reason: "a review", from, until };
  const of = (over: Partial<typeof document>) => dangersOf({ ...document, ...over }, Date.now());
  const [numbers] = of({ testNumbers: [armed] }).filter(({ check }) => check === "settings.test_numbers");
  assert.match(numbers?.message ?? "", /•••• 77 until .* \(Ines\)/);
  assert.ok(!JSON.stringify(numbers).includes("135790"));
  const { limits } = document;
  const loose = of({ limits: { ...limits, pauses: [1, 30, 60], triesPerCode: 9 } });
  assert.match(
    loose.find(({ check }) => check === "settings.limits")?.message ?? "",
    /triesPerCode 9 \(5\).*pauses 1,30,60/,
  );
  const tight = of({ limits: { ...limits, codeDigits: 8, triesPerCode: 3, disableAfter: 20 } });
  assert.equal(
    tight.find(({ check }) => check === "settings.limits"),
    undefined,
  );
});

test("certificates: another name, one that has ended, one signed by itself, and none", () => {
  const chain = certificatesOf(selfSigned("login.example.org").cert);
  const says = (host: string, now: number, which = chain) =>
    certificateFindings(which, host, now, "tls")
      .map(({ level, message }) => `${level}: ${message}`)
      .join("\n");
  const now = Date.now();
  assert.match(
    says("login.example.org", now),
    /error: The certificate ends on .*\nwarning: The certificate is signed by itself/,
  );
  assert.match(says("other.example.org", now), /error: The certificate is not for other\.example\.org/);
  assert.match(says("login.example.org", now + 5 * 86_400_000), /error: The certificate has ended on /);
  assert.match(says("login.example.org", now - 5 * 86_400_000), /error: The certificate is not valid yet/);
  assert.match(says("login.example.org", now, []), /error: There is no certificate/);
  assert.match(
    says("login.example.org", now, [...chain, ...certificatesOf(selfSigned("else.test").cert)]),
    /signed by itself/,
  );
});

test("S16, M30: a store that goes away meanwhile is every look's own finding, and nothing throws", async () => {
  await server.close();
  const findings = await storeFindings(at());
  assert.ok(findings.some(({ check, level }) => check === "store" && level === "error"));
  assert.ok(
    findings.every(({ level, remedy }) => level === "ok" || remedy !== undefined),
    JSON.stringify(findings),
  );
});
