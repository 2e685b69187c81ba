/** One form, one try: the turn, the slot and what a right answer leads to, over the engines and at two nodes at once. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, it } from "node:test";
import type { Challenge } from "../../src/core/codes.ts";
import type { Step } from "../../src/core/mechanism.ts";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { overEngines } from "../kit/over-engines.ts";
import { openTwoSteps, RIGHT, type TwoStepNode, visitorAt } from "../kit/two-step-node.ts";

const TIMES = 20;
const wrongOf = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");
const has = (kinds: readonly string[], ...wanted: string[]) => wanted.every((kind) => kinds.includes(kind));

overEngines("turns", ({ store, place }) => {
  const opened: SqlStore[] = [];
  afterEach(async () => {
    for (const other of opened.splice(0)) await other.close();
  });
  const twoNodes = async (): Promise<readonly [TwoStepNode, TwoStepNode]> => {
    const other = await place().open();
    opened.push(other);
    return [openTwoSteps(store()), openTwoSteps(other)];
  };
  const allAtOnce = (nodes: readonly TwoStepNode[], act: (node: TwoStepNode) => Promise<unknown>) =>
    Promise.all(Array.from({ length: TIMES }, (_, n) => act(nodes[n % nodes.length] as TwoStepNode)));
  const together = (nodes: readonly TwoStepNode[], of: (node: TwoStepNode) => number) =>
    nodes.reduce((sum, node) => sum + of(node), 0);
  /** Somebody else changes the challenge meanwhile. */
  const change = (challenge: string, by: Partial<Challenge>) =>
    openTwoSteps(store())
      .storage.records<Challenge>("challenge")
      .update(challenge, (current) => {
        assert.ok(current);
        return { result: undefined, write: { ...current, ...by }, expiresAt: current.endsAt };
      });
  /** A node at which something happens right before the commit of a right answer. */
  const before = (happens: (kinds: readonly string[]) => Promise<void>) => {
    let done = false;
    return openTwoSteps(store(), async (kinds, commit) => {
      if (
        !done &&
        has(kinds, "login", "code-failures", "challenge") &&
        node.compared.includes("right code")
      ) {
        done = true;
        await happens(kinds);
      }
      return commit();
    });
  };
  let node: TwoStepNode;

  it("P13 P14 S01: 20 clicks on one password page are one try, at one node and at two", async () => {
    const nodes = await twoNodes();
    for (const at of [[nodes[0]], nodes])
      for (const password of ["wrong", RIGHT]) {
        const username = randomUUID();
        const [first] = at;
        const id = await (first as TwoStepNode).begin();
        const of = (kind: "password-wrong" | "password-right" | "code-issued") =>
          together(at, ({ tell }) => tell(kind));
        const [wrong, right, issued] = [of("password-wrong"), of("password-right"), of("code-issued")];
        const [compared, sent] = [
          together(at, (one) => one.compared.length),
          together(at, (one) => one.sent.length),
        ];
        await allAtOnce(at, (one) => one.submit(id, 0, { username, password }));
        const isRight = password === RIGHT;
        assert.equal(together(at, (one) => one.compared.length) - compared, 1, "one is compared");
        assert.equal(await nodes[1].throttled(username), isRight ? 0 : 1, "one is counted");
        assert.deepEqual(
          [of("password-wrong") - wrong, of("password-right") - right, of("code-issued") - issued],
          isRight ? [0, 1, 1] : [1, 0, 0],
        );
        assert.equal(together(at, (one) => one.sent.length) - sent, isRight ? 1 : 0, "texts");
      }
  });

  it("O03 O08 S01: 20 clicks on one code page are one try, at one node and at two", async () => {
    const nodes = await twoNodes();
    for (const at of [[nodes[0]], nodes]) {
      const username = randomUUID();
      const { id, challenge, turn } = await nodes[0].toCode(username);
      const digits = await nodes[0].digitsOf(challenge, id);
      const compared = () =>
        together(nodes, (one) => one.compared.filter((what) => /code/.test(what)).length);
      const earlier = compared();
      await allAtOnce(at, (one) => one.submit(id, turn, { code: wrongOf(digits) }));
      assert.equal(compared() - earlier, 1);
      assert.equal((await nodes[1].codes.failures(username)).failures, 1);
      assert.equal((await nodes[1].codes.look(challenge, id))?.tries, 1);
      const told = () => [
        together(nodes, ({ tell }) => tell("code-right")),
        together(nodes, ({ tell }) => tell("signed-in")),
      ];
      const [rights = 0, ends = 0] = told();
      await allAtOnce(at, (one) => one.submit(id, turn + 1, { code: digits }));
      assert.equal(compared() - earlier, 2);
      assert.deepEqual(told(), [rights + 1, ends + 1]);
      assert.equal((await nodes[1].codes.failures(username)).failures, 0);
      assert.equal((await nodes[1].codes.look(challenge, id))?.spent, true);
    }
  });

  it("S01: a step that knows of no claim runs once for 20 clicks, and is given none", async () => {
    const claims: unknown[] = [];
    const step = {
      prepare: async () => ({ kind: "ready", state: null }),
      view: async () => ({ page: { page: "password", facts: {} } }),
      async authenticate(_login: unknown, _form: unknown, claim: unknown) {
        claims.push(claim);
        return { kind: "retry", notice: { key: "no" } };
      },
    };
    node = openTwoSteps(store(), undefined, step as unknown as Step);
    const id = await node.begin();
    await allAtOnce([node], (one) => one.submit(id, 0, {}));
    assert.deepEqual(claims, [undefined]);
  });

  it("P13: many logins that try one account at once, each clicked twice, are counted to the very try", async () => {
    const nodes = await twoNodes();
    const username = randomUUID();
    const logins = await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const visitor = visitorAt(`10.1.${n}.1`);
        return { visitor, id: await nodes[0].begin(visitor) };
      }),
    );
    await Promise.all(
      [...logins, ...logins].map(({ id, visitor }, n) =>
        (nodes[n % 2] as TwoStepNode).submit(id, 0, { username, password: "wrong" }, visitor),
      ),
    );
    assert.equal(
      together(nodes, (one) => one.compared.length),
      10,
      "ten strangers, and the others wait",
    );
    assert.equal(await nodes[0].throttled(username), 10);
  });

  it("O03 M11: a right code is used, its counter clean and the login at its end in one commit, or none of it", async () => {
    const commits: (readonly string[])[] = [];
    let fails = false;
    node = openTwoSteps(store(), async (kinds, commit) => {
      commits.push(kinds);
      if (fails && node.compared.includes("right code")) throw new Error("the node dies");
      return commit();
    });
    const username = randomUUID();
    const { id, challenge, turn } = await node.toCode(username);
    const digits = await node.digitsOf(challenge, id);
    fails = true;
    await assert.rejects(node.submit(id, turn, { code: digits }));
    fails = false;
    // What a crash in between leaves: a try that was counted, and nothing that it has opened.
    const left = await node.codes.look(challenge, id);
    assert.deepEqual([left?.tries, left?.spent], [1, false]);
    assert.equal((await node.codes.failures(username)).failures, 1);
    assert.equal(node.tell("signed-in") + node.tell("code-right"), 0);
    const next = await node.turnOf(id);
    assert.equal(next, turn + 1, "the form that died has had its turn");
    commits.length = 0;
    assert.equal((await node.submit(id, next, { code: digits })).kind, "proven");
    assert.deepEqual(
      commits.map((kinds) => [...kinds].sort()),
      [
        ["challenge", "code-failures", "login"],
        ["challenge", "code-failures", "login"],
      ],
    );
    assert.equal((await node.codes.failures(username)).failures, 0);
  });

  it("O10: a report on the message in the moment of the right code takes nothing from it", async () => {
    let challenge = "";
    node = before(() => change(challenge, { country: "US" }));
    const login = await node.toCode(randomUUID());
    challenge = login.challenge;
    const digits = await node.digitsOf(challenge, login.id);
    assert.equal((await node.submit(login.id, login.turn, { code: digits })).kind, "proven");
    assert.equal((await node.codes.look(challenge, login.id))?.spent, true);
    assert.deepEqual([node.tell("code-right"), node.tell("signed-in")], [1, 1]);
  });

  it("O03: a code that somebody has used in that very moment opens nothing, and nobody has failed", async () => {
    let used = { challenge: "", id: "", digits: "" };
    const username = randomUUID();
    node = before(async () => {
      const check = await openTwoSteps(store()).codes.check(used.challenge, used.digits, used.id);
      assert.equal(check.kind, "right");
    });
    const { id, challenge, turn } = await node.toCode(username);
    used = { id, challenge, digits: await node.digitsOf(challenge, id) };
    const standing = await node.submit(id, turn, { code: used.digits });
    assert.equal(standing.kind, "open");
    assert.equal(standing.kind === "open" ? standing.login.notice?.key : "", "code.spent");
    assert.deepEqual([node.tell("code-right"), node.tell("signed-in")], [0, 0]);
    assert.equal((await node.codes.failures(username)).failures, 0);
  });

  it("O03 O08: a code that was replaced in that very moment opens nothing, and is no failure either", async () => {
    let challenge = "";
    node = before(() => change(challenge, { random: "another" }));
    const username = randomUUID();
    const login = await node.toCode(username);
    challenge = login.challenge;
    const digits = await node.digitsOf(challenge, login.id);
    const standing = await node.submit(login.id, login.turn, { code: digits });
    assert.equal(standing.kind === "open" ? standing.login.notice?.key : standing.kind, "code.spent");
    assert.equal((await node.codes.look(challenge, login.id))?.spent, false);
    assert.deepEqual([node.tell("code-right"), node.tell("code-wrong")], [0, 1]);
    assert.equal((await node.codes.failures(username)).failures, 0);
  });

  it("M14: a login that is ended in that very moment stays ended, and its code is used", async () => {
    const username = randomUUID();
    node = before(() => openTwoSteps(store()).endLoginsOf(username));
    const { id, challenge, turn } = await node.toCode(username);
    const digits = await node.digitsOf(challenge, id);
    assert.equal((await node.submit(id, turn, { code: digits })).kind, "expired");
    assert.deepEqual([node.tell("code-right"), node.tell("signed-in")], [1, 0]);
    assert.equal((await node.codes.look(challenge, id))?.spent, true);
    assert.equal((await node.codes.failures(username)).failures, 0);
  });

  it("S07 M13: all of a person's ended while their password is compared, or just then: nobody goes on by the old one", async () => {
    for (const when of ["before the login has its person", "right after"]) {
      const username = randomUUID();
      const [, elsewhere] = await twoNodes();
      let ends = true;
      node = openTwoSteps(store(), async (kinds, commit) => {
        const now = ends && has(kinds, "login", "challenge");
        if (now) ends = false;
        if (now && when.startsWith("before")) await elsewhere.endLoginsOf(username);
        const done = await commit();
        if (now && when.startsWith("right")) await elsewhere.endLoginsOf(username);
        return done;
      });
      const id = await node.begin();
      assert.equal((await node.submit(id, 0, { username, password: RIGHT })).kind, "expired", when);
      assert.equal(await node.turnOf(id), -1, when);
      assert.deepEqual(node.sent, [], "no text goes out");
      // Whoever begins after it, has the new one.
      const again = await node.begin();
      assert.equal((await node.submit(again, 0, { username, password: RIGHT })).kind, "open", when);
    }
  });

  it("S07: of somebody with a hundred and more logins all end but the one that has set the new password", async () => {
    node = openTwoSteps(store());
    const username = randomUUID();
    const logins = node.storage.records<{ id: string }>("login");
    const ids = Array.from({ length: 130 }, () => randomUUID());
    for (const id of ids) await logins.put(id, { id }, Date.now() + 60_000, username);
    const last = ids.at(-1) ?? "";
    await node.endLoginsOf(username, last);
    assert.deepEqual(
      (await logins.list(username, 200)).map(({ id }) => id),
      [last],
    );
  });

  it("P13: a right password is given back with the code that it sends, in one commit, or by itself where none comes", async () => {
    const commits: (readonly string[])[] = [];
    let ends = false;
    node = openTwoSteps(store(), async (kinds, commit) => {
      if (ends && has(kinds, "password-throttle", "challenge")) {
        ends = false;
        await openTwoSteps(store()).storage.records("login").remove(id);
      }
      const done = await commit();
      commits.push(kinds);
      return done;
    });
    const username = randomUUID();
    let id = await node.begin();
    commits.length = 0;
    assert.equal((await node.submit(id, 0, { username, password: RIGHT })).kind, "open");
    assert.deepEqual(
      commits.map((kinds) => [...kinds].sort()),
      [
        ["login", "password-throttle"],
        ["challenge", "login", "outbox", "password-throttle"],
      ],
    );
    assert.equal(await node.throttled(username), 0);
    id = await node.begin();
    ends = true;
    assert.equal((await node.submit(id, 0, { username, password: RIGHT })).kind, "expired");
    assert.equal(await node.throttled(username), 0, "the login is gone, and the try was right");
    assert.equal(node.sent.length, 1, "and no second text went out");
  });
});
