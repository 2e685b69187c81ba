/** Another way to sign in where a code does not come: only one that lowers nothing, and only once each. With fixture factors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditEvent } from "../../src/core/audit.ts";
import type { Turn } from "../../src/core/login.ts";
import {
  composeMechanism,
  type Factor,
  type Mechanism,
  type Step,
  type StepPage,
} from "../../src/core/mechanism.ts";
import { createWalk } from "../../src/core/walk.ts";
import type { Amr } from "../../src/core/words.ts";
import { createCore } from "../kit/core.ts";

const VISITOR = { browser: "b", address: "192.0.2.1", marks: [] };
const core = await createCore();
const user = { id: "sub-1", username: "ada" };

/** A factor whose right answer is its own name. */
function factor(kind: string, method: Amr, held: () => boolean, prepared: string[]): Factor {
  const challenge: Step = {
    async prepare() {
      prepared.push(kind);
      return { kind: "ready", state: null };
    },
    async view({ canOtherMethod = false }) {
      return { page: { page: "code", facts: { kind, canOtherMethod } } as unknown as StepPage };
    },
    async authenticate(_login, form) {
      return form.code === kind
        ? { kind: "proved", method, ...(kind === "password" ? { user: user as never } : {}) }
        : { kind: "retry", notice: { key: "no" } };
    },
  };
  return { kind, challenge, held: async () => held() };
}

const mechanism = (acr: string, level: number, ...requires: string[]): Mechanism =>
  composeMechanism({ acr, level, requires });

function world(options: { mechanisms?: readonly Mechanism[]; holdsOtp?: boolean } = {}) {
  const { holdsOtp = true } = options;
  const prepared: string[] = [];
  const events: AuditEvent[] = [];
  const mechanisms = options.mechanisms ?? [
    mechanism("password", 10, "password"),
    mechanism("twilio_sms", 40, "password", "sms"),
    mechanism("otp", 50, "password", "otp"),
  ];
  const walk = createWalk({
    storage: core.storage,
    mechanisms: async () => mechanisms,
    factors: new Map(
      [
        factor("password", "pwd", () => true, prepared),
        factor("sms", "sms", () => true, prepared),
        factor("otp", "otp", () => holdsOtp, prepared),
        factor("paper", "otp", () => true, prepared),
      ].map((one) => [one.kind, one]),
    ),
    delivery: { deliver: async () => {} },
    audit: {
      append: async (event) => void events.push(event),
      query: async () => [],
      page: async () => ({ entries: [] }),
    },
    limits: () => core.limits,
    now: core.now,
  });
  let count = 0;
  /** Begins a login and shows the password; what is then shown is the code page. */
  async function atCode(essential = false) {
    const id = `login-${Math.random()}-${count++}`;
    await walk.begin({
      id,
      acr: "twilio_sms",
      ...(essential ? { essential } : {}),
      revision: 1,
      client: { id: "c", name: "C" },
      locale: "en",
      visitor: VISITOR,
      proofs: [],
      notBefore: 0,
      username: "",
      pinned: false,
      restart: "",
      redirectUri: "",
    });
    await walk.submit(id, 0, { code: "password" }, VISITOR);
    const show = () => walk.show(id, VISITOR);
    const press = async (form: Record<string, string>) => {
      const turn = await show();
      assert.equal(turn.kind, "page");
      return walk.submit(id, turn.kind === "page" ? turn.turn : -1, form, VISITOR);
    };
    return { show, press };
  }
  return { atCode, prepared };
}
const factsOf = (turn: Turn) =>
  turn.kind === "page"
    ? (turn.page.facts as unknown as { kind: string; canOtherMethod: boolean })
    : undefined;

test("M33: who holds another factor of no lower an acr may show that one, and is told as what was shown", async () => {
  const { atCode } = world();
  const { show, press } = await atCode();
  assert.deepEqual(factsOf(await show()), { kind: "sms", canOtherMethod: true });
  await press({ action: "other-method" });
  assert.equal(factsOf(await show())?.kind, "otp");
  await press({ code: "sms" });
  assert.equal((await show()).kind, "page", "what belongs to the factor that was left counts for nothing");
  await press({ code: "otp" });
  const end = await show();
  assert.ok(end.kind === "proven");
  assert.deepEqual([end.end.attained.acr, end.end.attained.amr], ["otp", ["pwd", "otp", "mfa"]]);
});

test("M33: no way is offered, and none is taken, that would lower the acr", async () => {
  for (const mechanisms of [
    [mechanism("password", 10, "password"), mechanism("twilio_sms", 40, "password", "sms")],
    // A level that is too low; a level that is set by hand over the same factors and fewer.
    [mechanism("twilio_sms", 40, "password", "sms"), mechanism("otp", 30, "password", "otp")],
    [mechanism("password", 90, "password"), mechanism("twilio_sms", 40, "password", "sms")],
  ]) {
    const { atCode, prepared } = world({ mechanisms });
    const { show, press } = await atCode();
    assert.deepEqual(factsOf(await show()), { kind: "sms", canOtherMethod: false });
    await press({ action: "other-method" });
    assert.deepEqual(factsOf(await show()), { kind: "sms", canOtherMethod: false });
    assert.deepEqual(prepared, ["password", "sms"], "and nothing was sent anew");
  }
});

test("M33: not for who does not hold it, nor where the relying party takes this acr alone", async () => {
  const without = await world({ holdsOtp: false }).atCode();
  assert.equal(factsOf(await without.show())?.canOtherMethod, false);
  const essential = await world().atCode(true);
  assert.equal(factsOf(await essential.show())?.canOtherMethod, false);
  await essential.press({ action: "other-method" });
  assert.equal(factsOf(await essential.show())?.kind, "sms");
});

test("turning from one way to the other and back sends nothing: a way that was left stands as it was", async () => {
  const { atCode, prepared } = world({
    mechanisms: [mechanism("twilio_sms", 40, "password", "sms"), mechanism("otp", 40, "password", "otp")],
  });
  const { show, press } = await atCode();
  for (let times = 0; times < 5; times += 1) await press({ action: "other-method" });
  assert.deepEqual(factsOf(await show()), { kind: "otp", canOtherMethod: true });
  assert.deepEqual(prepared, ["password", "sms", "otp"]);
});

test("M33: of several ways one is chosen by name; a name that was not offered, or is weaker, is none", async () => {
  const { atCode, prepared } = world({
    mechanisms: [
      mechanism("password", 10, "password"),
      mechanism("twilio_sms", 40, "password", "sms"),
      mechanism("otp", 50, "password", "otp"),
      mechanism("paper", 40, "password", "paper"),
      mechanism("weak", 20, "password", "paper"),
    ],
  });
  const { show, press } = await atCode();
  await press({ action: "other-method" });
  const choice = await show();
  assert.ok(choice.kind === "page" && choice.page.page === "ways");
  assert.deepEqual(choice.page.facts.ways, [
    { name: "otp", kind: "otp" },
    { name: "paper", kind: "paper" },
  ]);
  // What was typed for the page before is no answer here, and the choice can be left.
  await press({ code: "sms" });
  assert.equal(factsOf(await show())?.kind, "sms");
  for (const way of ["weak", "password", "nothing", "factor:password", "factor:paper"]) {
    await press({ action: "other-method", way });
    assert.equal(factsOf(await show())?.kind, "sms", way);
  }
  await press({ action: "other-method", way: "paper" });
  assert.equal(factsOf(await show())?.kind, "paper");
  await press({ action: "other-method", way: "twilio_sms" });
  assert.equal(
    factsOf(await show())?.kind,
    "sms",
    "back to what was asked for, though the other is no stronger",
  );
  assert.deepEqual(prepared, ["password", "sms", "paper"]);
});
