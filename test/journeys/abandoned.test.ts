/**
 * M05: texts of a login that ended with another factor say nothing about pumping. The SMS factor, the limits and the store
 * are the product's; password and the other factor are fixtures.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { composeLimits } from "../../src/compose/limits.ts";
import { createCodes } from "../../src/core/codes.ts";
import { createDevices } from "../../src/core/device.ts";
import { composeMechanism, type Factor, type StepPage } from "../../src/core/mechanism.ts";
import { createWalk } from "../../src/core/walk.ts";
import { createSmsFactor } from "../../src/plugins/factors/sms/sms.ts";
import { startServer } from "../kit/server.ts";

const server = await startServer({ settings: { pumping: { mode: "protect" } } });
const { parts } = server;
const { storage, keyring, settings, audit, now, store } = parts;
const VISITOR = { browser: "b", address: "192.0.2.77", marks: [] };
const ada = (await parts.directory.find("ada")) ?? assert.fail();
const bounds = composeLimits({
  line: { find: async () => undefined },
  parts,
  audit,
  alarm: (text) => assert.fail(text),
  onProblem: (problem) => assert.fail(String(problem)),
  countryOfAddress: undefined,
});
const codes = createCodes({
  storage,
  keys: keyring,
  limits: bounds.limits,
  now,
  newId: randomUUID,
  ...bounds.hooks,
});

function fixture(kind: string): Factor {
  return {
    kind,
    held: async () => kind === "otp",
    challenge: {
      prepare: async () => ({ kind: "ready", state: null }),
      view: async () => ({ page: { page: "code", facts: {} } as unknown as StepPage }),
      authenticate: async (_login, { code }) =>
        code === kind
          ? {
              kind: "proved",
              method: kind === "otp" ? "otp" : "pwd",
              ...(kind === "password" && { user: ada }),
            }
          : { kind: "retry", notice: { key: "no" } },
    },
  };
}
const sms = createSmsFactor({
  ...parts,
  codes,
  ...bounds.factor,
  devices: createDevices(keyring),
  newNumberHours: () => 24,
  claimOf: async () => undefined,
  noticeAfter: () => 3,
  countries: () => "all",
  host: "localhost",
  canCall: async () => false,
  mostSends: () => 5,
  mostTries: () => 5,
});
const walk = createWalk({
  storage,
  mechanisms: async () => [
    composeMechanism({ acr: "twilio_sms", level: 40, requires: ["password", "sms"] }),
    composeMechanism({ acr: "otp", level: 50, requires: ["password", "otp"] }),
  ],
  factors: new Map([fixture("password"), fixture("otp"), sms].map((factor) => [factor.kind, factor])),
  delivery: { deliver: async () => {} },
  audit,
  limits: bounds.limits,
  now,
  onProven: bounds.onProven,
});

/** A login that has shown the password and is asked for a phone to bind. */
async function atPhone() {
  const id = randomUUID();
  await walk.begin({
    id,
    acr: "twilio_sms",
    revision: settings.revision,
    client: { id: "spa", name: "Spa" },
    locale: "en",
    visitor: VISITOR,
    proofs: [],
    notBefore: 0,
    username: "",
    pinned: false,
    restart: "",
    redirectUri: "",
  });
  const show = () => walk.show(id, VISITOR);
  const press = async (form: Record<string, string>) => {
    const turn = await walk.show(id, VISITOR);
    assert.equal(turn.kind, "page");
    return walk.submit(id, turn.kind === "page" ? turn.turn : -1, form, VISITOR);
  };
  return Object.assign(press, { show });
}
/** Typed numbers of a country and of a block that nobody answered. */
async function openOf(country: string, block: string): Promise<readonly number[]> {
  // What is given back is so behind the sign-in.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await bounds.flush();
  return Promise.all(
    (
      [
        ["typed country", country],
        ["typed block", block],
      ] as const
    ).map(async ([kind, name]) =>
      (await store.tallies.read(kind, name, 0)).reduce((sum, { a, b }) => sum + a - b, 0),
    ),
  );
}

test("M05: who types a number and then shows another factor leaves no unanswered text behind", async () => {
  const press = await atPhone();
  await press({ code: "password" });
  const shown = await press.show();
  assert.equal(shown.kind === "page" && shown.page.page === "phone" && shown.page.facts.canOtherMethod, true);
  await press({ phone: "+447400123456" });
  assert.deepEqual(await openOf("GB", "+44740012"), [1, 1]);
  await press({ action: "other-method" });
  assert.deepEqual(await openOf("GB", "+44740012"), [1, 1], "turning to it is not showing it");
  const end = await press({ code: "otp" });
  assert.ok(end.kind === "proven" && end.end.attained.acr === "otp");
  assert.deepEqual(await openOf("GB", "+44740012"), [0, 0]);
});

test("M05: each number of such a login is given back where it was counted", async () => {
  const press = await atPhone();
  await press({ code: "password" });
  await press({ phone: "+4915112345678" });
  await press({ action: "change-number" });
  await press({ phone: "+33612345678" });
  assert.deepEqual(await openOf("DE", "+491511234"), [1, 1]);
  assert.deepEqual(await openOf("FR", "+3361234"), [1, 1]);
  await press({ action: "other-method" });
  await press({ code: "otp" });
  assert.deepEqual(await openOf("DE", "+491511234"), [0, 0]);
  assert.deepEqual(await openOf("FR", "+3361234"), [0, 0]);
});

test("M05: who types a number and goes away is counted, and what was given back is no country of that address", async () => {
  const press = await atPhone();
  await press({ code: "password" });
  await press({ phone: "+393401234567" });
  await press({ action: "cancel" });
  assert.deepEqual(await openOf("IT", "+39340123"), [1, 1]);
});
