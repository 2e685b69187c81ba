import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deriveCode } from "../../src/core/code-derive.ts";
import { CODE_PURPOSES } from "../../src/core/message-texts.ts";
import { randomName } from "../../src/core/random.ts";
import { PhoneNumber } from "../../src/core/secret.ts";
import { createCore, MINUTE, type TestCore } from "../kit/core.ts";

const phone = new PhoneNumber("+12025550143");
const asked = {
  subject: "grace",
  phone,
  purpose: "sign-in",
  boundTo: "login-1",
  appName: "Bank",
  client: "bank",
  locale: "en",
} as const;

async function issue(core: TestCore, over: Partial<{ boundTo: string; subject: string }> = {}) {
  const issued = await core.codes.issue({ ...asked, ...over });
  assert.equal(issued.kind, "issued");
  if (issued.kind !== "issued") throw new Error("unreachable");
  assert.ok(await core.storage.commit(issued.writes ?? []));
  const boundTo = over.boundTo ?? asked.boundTo;
  const code = async () => {
    const challenge = await core.codes.look(issued.challenge, boundTo);
    assert.ok(challenge);
    return core.codes.reveal(challenge).reveal();
  };
  return {
    id: issued.challenge,
    boundTo,
    code,
    check: (typed: string) => core.codes.check(issued.challenge, typed, boundTo),
  };
}

const wrongOf = (code: string) => (code === "000000" ? "000001" : "000000");

describe("one-time codes", () => {
  it("M18: a code belongs to the act it was sent for; to sign in with it changes no number", async () => {
    const core = await createCore();
    const { id, boundTo } = await issue(core);
    const challenge = await core.codes.look(id, boundTo);
    assert.ok(challenge);
    const codes = CODE_PURPOSES.map((purpose) =>
      core.codes.reveal({ ...challenge, purpose, digits: 10 }).reveal(),
    );
    assert.equal(new Set(codes).size, CODE_PURPOSES.length);
  });

  it("O01: six digits, uniform at every position, leading zeros kept, over 200 000 codes", () => {
    const counts = Array.from({ length: 6 }, () => new Array<number>(10).fill(0));
    const key = Buffer.alloc(32, 7);
    const of = { id: "c", subject: "s", phone: "+12025550143", purpose: "sign-in", boundTo: "l", digits: 6 };
    for (let n = 0; n < 200_000; n += 1) {
      const code = deriveCode(key, { ...of, random: randomName() });
      assert.equal(code.length, 6);
      for (const [at, digit] of [...code].entries()) {
        const position = counts[at] ?? [];
        position[Number(digit)] = (position[Number(digit)] ?? 0) + 1;
      }
    }
    for (const position of counts) {
      const chiSquare = position.reduce((sum, count) => sum + (count - 20_000) ** 2 / 20_000, 0);
      assert.ok(chiSquare < 33.7, `chi-square ${chiSquare} of 9 degrees of freedom is beyond p = 0.0001`);
    }
  });

  it("O01: a code depends on every part of what it is bound to", () => {
    const of = {
      id: "c",
      random: "r",
      subject: "s",
      phone: "+1",
      purpose: "sign-in",
      boundTo: "l",
      digits: 10,
    };
    const key = Buffer.alloc(32, 1);
    const changed = (["id", "random", "subject", "phone", "purpose", "boundTo"] as const).map((part) =>
      deriveCode(key, { ...of, [part]: `${of[part]}x` }),
    );
    assert.equal(new Set([deriveCode(key, of), ...changed, deriveCode(Buffer.alloc(32, 2), of)]).size, 8);
  });

  it("O02: right at 299 s, refused at 301 s", async () => {
    const core = await createCore();
    const first = await issue(core);
    core.advance(299_000);
    assert.equal((await first.check(await first.code())).kind, "right");
    const second = await issue(core);
    core.advance(301_000);
    assert.equal((await second.check(await second.code())).kind, "expired");
  });

  it("O03, M10: works once; 50 parallel right answers give exactly one success", async () => {
    const core = await createCore();
    const one = await issue(core);
    const code = await one.code();
    const answers = await Promise.all(Array.from({ length: 50 }, () => one.check(code)));
    assert.equal(answers.filter(({ kind }) => kind === "right").length, 1);
    assert.equal((await one.check(code)).kind, "spent");
  });

  it("O04: is right in no other login", async () => {
    const core = await createCore();
    const one = await issue(core);
    const code = await one.code();
    assert.equal((await core.codes.check(one.id, code, "login-2")).kind, "expired");
    const other = await issue(core, { boundTo: "login-2" });
    const answer = await other.check(code);
    assert.ok(answer.kind === "wrong" || code === (await other.code()));
  });

  it("M01: 100 parallel wrong tries: at most five are compared", async () => {
    const core = await createCore();
    const one = await issue(core);
    const wrong = wrongOf(await one.code());
    const answers = await Promise.all(Array.from({ length: 100 }, () => one.check(wrong)));
    assert.equal(answers.filter(({ kind }) => kind === "wrong").length, 5);
    assert.equal((await one.check(await one.code())).kind, "spent");
  });

  it("O05: a resend carries the same code, gives it more life, and resets no tries", async () => {
    const core = await createCore();
    const one = await issue(core);
    const code = await one.code();
    for (let n = 0; n < 4; n += 1) assert.equal((await one.check(wrongOf(code))).kind, "wrong");
    core.advance(31_000);
    const again = await core.codes.resend(one.id, one.boundTo);
    assert.equal(again.kind, "same");
    if (again.kind === "same") await core.storage.commit(again.writes ?? []);
    assert.equal(await one.code(), code);
    const last = await one.check(wrongOf(code));
    assert.ok(last.kind === "wrong");
    assert.deepEqual([last.left, last.failures, last.pausedUntil], [0, 5, 0]);
    assert.equal((await one.check(code)).kind, "spent");
  });

  it("O05: when the tries are spent the next send is a new code, and the old one is dead", async () => {
    const core = await createCore();
    const one = await issue(core);
    const old = await one.code();
    for (let n = 0; n < 5; n += 1) await one.check(wrongOf(old));
    core.advance(31_000);
    const again = await core.codes.resend(one.id, one.boundTo);
    assert.equal(again.kind, "new");
    if (again.kind === "new") await core.storage.commit(again.writes ?? []);
    const fresh = await one.code();
    assert.notEqual(fresh, old);
    assert.equal((await one.check(old)).kind, "wrong");
    assert.equal((await one.check(fresh)).kind, "right");
  });

  it("ARCHITECTURE §4: never lives beyond 600 s from the first send, whatever is resent", async () => {
    const core = await createCore();
    const one = await issue(core);
    const code = await one.code();
    for (const wait of [200_000, 200_000, 130_000]) {
      core.advance(wait);
      const again = await core.codes.resend(one.id, one.boundTo);
      assert.equal(again.kind, "same");
      if (again.kind === "same") await core.storage.commit(again.writes ?? []);
    }
    core.advance(71_000);
    assert.equal((await one.check(code)).kind, "expired");
  });

  it("resends open after 30, 60 and 120 s, and end after five sends", async () => {
    const core = await createCore();
    const one = await issue(core);
    const sent: number[] = [];
    for (let second = 1; second <= 590 && sent.length < 10; second += 1) {
      core.advance(1000);
      const again = await core.codes.resend(one.id, one.boundTo);
      if (again.kind !== "same" && again.kind !== "new") continue;
      sent.push(second);
      await core.storage.commit(again.writes ?? []);
    }
    assert.deepEqual(sent, [30, 90, 210, 330]);
    core.advance(300_000);
    assert.equal((await core.codes.resend(one.id, one.boundTo)).kind, "limit");
  });

  it("O06: pauses after ten failures over all codes and logins; a try in a pause is neither compared nor counted", async () => {
    const core = await createCore();
    for (let login = 0; login < 2; login += 1) {
      const one = await issue(core, { boundTo: `login-${login}` });
      for (let n = 0; n < 5; n += 1) await one.check(wrongOf(await one.code()));
    }
    const standing = await core.codes.issue({ ...asked, boundTo: "login-9" });
    assert.equal(standing.kind, "paused");
    core.advance(15 * MINUTE);
    const next = await issue(core, { boundTo: "login-10" });
    assert.equal((await next.check(wrongOf(await next.code()))).kind, "wrong");
    assert.equal((await core.codes.failures("grace")).failures, 11);
  });

  it("O06: fifty failures disable the factor, and the right code comes too late", async () => {
    const core = await createCore();
    let compared = 0;
    for (let login = 0; login < 40; login += 1) {
      const issued = await core.codes.issue({ ...asked, boundTo: `login-${login}` });
      if (issued.kind === "disabled") break;
      if (issued.kind === "paused") {
        core.advance(60 * MINUTE);
        continue;
      }
      await core.storage.commit(issued.writes ?? []);
      const challenge = await core.codes.look(issued.challenge, `login-${login}`);
      assert.ok(challenge);
      const code = core.codes.reveal(challenge).reveal();
      for (let n = 0; n < 5; n += 1) {
        const answer = await core.codes.check(issued.challenge, wrongOf(code), `login-${login}`);
        if (answer.kind === "wrong" || answer.kind === "disabled") compared += 1;
        if (answer.kind === "paused") core.advance(60 * MINUTE);
      }
      if ((await core.codes.failures("grace")).disabled)
        assert.equal((await core.codes.check(issued.challenge, code, `login-${login}`)).kind, "disabled");
    }
    assert.equal(compared, 50);
    assert.equal((await core.codes.issue({ ...asked, boundTo: "late" })).kind, "disabled");
  });

  it("O07: only a right code resets the counter", async () => {
    const core = await createCore();
    for (let login = 0; login < 2; login += 1) {
      const one = await issue(core, { boundTo: `a${login}` });
      for (let n = 0; n < 4; n += 1) await one.check(wrongOf(await one.code()));
    }
    assert.equal((await core.codes.failures("grace")).failures, 8);
    const good = await issue(core, { boundTo: "good" });
    assert.equal((await good.check(await good.code())).kind, "right");
    assert.equal((await core.codes.failures("grace")).failures, 0);
  });

  it("O10: what is not a code costs no try: empty, short, long, full-width, letters", async () => {
    const core = await createCore();
    const one = await issue(core);
    for (const typed of [
      "",
      " ",
      "12345",
      "1234567",
      "１２３４５６",
      "12345a",
      "9".repeat(1_000_000),
      "-----",
    ]) {
      assert.equal((await one.check(typed)).kind, "malformed");
    }
    const code = await one.code();
    assert.equal(
      (await one.check(` ${code.slice(0, 3)} ${code.slice(3)} `)).kind,
      "right",
      "spaces are taken out, as documented",
    );
  });

  it("L05: a rotated code key still verifies the codes it made", async () => {
    const core = await createCore();
    const one = await issue(core);
    const code = await one.code();
    await core.keyring.rotate("code", { overlap: 600 });
    core.advance(1000);
    await core.keyring.refresh();
    assert.equal((await one.check(code)).kind, "right");
  });
});
