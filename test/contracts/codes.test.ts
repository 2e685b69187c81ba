/**
 * One-time codes at two nodes of one store: what is compared, what succeeds and what is sent, under races between tries and
 * resends, under clocks that are put forward and back, and under `kill -9` between the count and the answer.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { Codes } from "../../src/core/codes.ts";
import { createCodes } from "../../src/core/codes.ts";
import { PhoneNumber } from "../../src/core/secret.ts";
import { limitsSchema } from "../../src/core/settings.ts";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { overEngines } from "../kit/over-engines.ts";
import { startProgram } from "../kit/processes.ts";
import { createStorage } from "../kit/storage.ts";
import { testKeys, testSealer } from "../kit/stores.ts";

const TEN_MINUTES = 600_000;
const limits = limitsSchema.parse({});
const DYING = fileURLToPath(new URL("../kit/dying-guess.ts", import.meta.url));

interface Node {
  readonly codes: Codes;
  readonly commit: ReturnType<typeof createStorage>["commit"];
  /** Codes that were compared here. */
  compared(): number;
  /** Puts this node's clock forward, or back. */
  jump(ms: number): void;
}

/** `around` may hold a commit back, and sees it done. */
function openNode(store: SqlStore, around?: (commit: () => Promise<boolean>) => Promise<boolean>): Node {
  let skew = 0;
  let compared = 0;
  const now = () => Date.now() + skew;
  const { records } = store;
  const storage = createStorage({
    store:
      around === undefined
        ? records
        : { ...records, commit: (writes, at) => around(() => records.commit(writes, at)) },
    sealer: testSealer(),
    now,
  });
  const codes = createCodes({
    storage,
    keys: testKeys as never,
    limits: () => limits,
    now,
    newId: () => randomBytes(16).toString("base64url"),
    onCompared: () => {
      compared += 1;
    },
  });
  return {
    codes,
    commit: storage.commit,
    compared: () => compared,
    jump: (ms) => {
      skew += ms;
    },
  };
}

let people = 0;
const newPerson = () => {
  people += 1;
  return `person-${people}`;
};
const wrongOf = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");
const compared = (nodes: readonly Node[]) => nodes.reduce((sum, node) => sum + node.compared(), 0);

/** A code that was sent to somebody; answers its challenge and its digits. */
async function send({ codes, commit }: Node, subject: string, login = `login of ${subject}`) {
  const issued = await codes.issue({
    subject,
    phone: new PhoneNumber("+12025550143"),
    purpose: "sign-in",
    boundTo: login,
    client: "spa",
    appName: "Spa",
    locale: "en",
  });
  if (issued.kind !== "issued") return undefined;
  assert.ok(await commit(issued.writes ?? []));
  const digits = async (): Promise<string> => {
    const challenge = await codes.look(issued.challenge, login);
    assert.ok(challenge);
    return codes.reveal(challenge).reveal();
  };
  return { id: issued.challenge, login, digits };
}
type Sent = NonNullable<Awaited<ReturnType<typeof send>>>;
const sendTo = async (node: Node, subject: string): Promise<Sent> =>
  (await send(node, subject)) ?? assert.fail("no code");

/** Asks for the code once more and commits that, as the walk does; true where a text would go out. */
async function resend({ codes, commit }: Node, { id, login }: Sent): Promise<boolean> {
  const again = await codes.resend(id, login);
  return (again.kind === "same" || again.kind === "new") && (await commit(again.writes ?? []));
}

overEngines("one-time codes at two nodes", ({ store, place }) => {
  const opened: SqlStore[] = [];
  afterEach(async () => {
    for (const other of opened.splice(0)) await other.close();
  });
  /** The same store as another process would open it. */
  const second = async (): Promise<SqlStore> => {
    const other = await place().open();
    opened.push(other);
    return other;
  };
  const twoNodes = async (): Promise<readonly [Node, Node]> => [openNode(store()), openNode(await second())];

  it("O03 M10 M11: of 40 right answers at both at once exactly one succeeds, in each of ten rounds", async () => {
    const nodes = await twoNodes();
    for (let round = 0; round < 10; round += 1) {
      const sent = await sendTo(nodes[0], newPerson());
      const digits = await sent.digits();
      const kinds = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          (nodes[n % 2] as Node).codes.check(sent.id, digits, sent.login).then(({ kind }) => kind),
        ),
      );
      assert.equal(kinds.filter((kind) => kind === "right").length, 1, kinds.join(" "));
    }
  });

  it("O03 M10: of two that have found the code right at the same moment one has used it", async () => {
    const other = await second();
    const holds = Promise.withResolvers<void>();
    let commits = 0;
    // Both have compared before either has written down that the code was used.
    const slow = openNode(store(), async (commit) => {
      commits += 1;
      if (commits === 2) await holds.promise;
      return commit();
    });
    const quick = openNode(other);
    const subject = newPerson();
    const sent = await sendTo(openNode(store()), subject);
    const digits = await sent.digits();
    const first = slow.codes.check(sent.id, digits, sent.login);
    while (commits < 2) await new Promise(setImmediate);
    const used = await quick.codes.check(sent.id, digits, sent.login);
    holds.resolve();
    assert.deepEqual([used.kind, (await first).kind], ["right", "spent"]);
    assert.equal((await quick.codes.failures(subject)).failures, 0, "nobody has failed");
  });

  it("M01 O08: 80 wrong tries at both at once, and the right one after them: five are compared and counted", async () => {
    const nodes = await twoNodes();
    const subject = newPerson();
    const sent = await sendTo(nodes[0], subject);
    const digits = await sent.digits();
    await Promise.all(
      Array.from({ length: 80 }, (_, n) =>
        (nodes[n % 2] as Node).codes.check(sent.id, wrongOf(digits), sent.login),
      ),
    );
    assert.equal((await nodes[1].codes.check(sent.id, digits, sent.login)).kind, "spent");
    assert.equal(compared(nodes), 5);
    assert.equal((await nodes[1].codes.failures(subject)).failures, 5);
  });

  it("O05: tries and resends race at both nodes: one text a cool-down, five tries a code, ten until the pause", async () => {
    const nodes = await twoNodes();
    const subject = newPerson();
    const sent = await sendTo(nodes[0], subject);
    let texts = 1;
    for (let round = 0; round < 6; round += 1) {
      for (const node of nodes) node.jump(121_000);
      const before = compared(nodes);
      const wrong = wrongOf(await sent.digits());
      const acts = Array.from({ length: 40 }, (_, n) => {
        const node = nodes[n % 2] as Node;
        return n % 4 < 2 ? node.codes.check(sent.id, wrong, sent.login) : resend(node, sent);
      });
      const done = (await Promise.all(acts)).filter((one) => one === true).length;
      texts += done;
      assert.ok(done <= 1, `${done} texts in one cool-down`);
      assert.ok(compared(nodes) - before <= 10, "five of the old code, five of the new one");
    }
    assert.ok(texts <= limits.sendsPerLogin, `${texts} texts of one login`);
    assert.equal(compared(nodes), 10, "the account's pause ends it");
    assert.equal((await nodes[1].codes.failures(subject)).failures, 10);
  });

  it("O03 O05: a right code and resends race: one success, whatever was sent", async () => {
    const nodes = await twoNodes();
    for (let round = 0; round < 10; round += 1) {
      const sent = await sendTo(nodes[0], newPerson());
      const digits = await sent.digits();
      for (const node of nodes) node.jump(31_000);
      const acts = Array.from({ length: 20 }, async (_, n) => {
        const node = nodes[n % 2] as Node;
        if (n % 4 >= 2) return resend(node, sent);
        return (await node.codes.check(sent.id, digits, sent.login)).kind;
      });
      const kinds = await Promise.all(acts);
      assert.ok(kinds.filter((kind) => kind === true).length <= 1, "one text a cool-down");
      // Where a new code came after the success, the old one is not good again.
      assert.equal(kinds.filter((kind) => kind === "right").length, 1, kinds.join(" "));
      assert.notEqual((await nodes[1].codes.check(sent.id, digits, sent.login)).kind, "right");
    }
  });

  it("M29: a clock put back by ten minutes keeps a code for those ten minutes more, and gives no try back", async () => {
    const nodes = await twoNodes();
    const [good, behind] = nodes;
    const subject = newPerson();
    const sent = await sendTo(good, subject);
    const wrong = wrongOf(await sent.digits());
    for (let n = 0; n < 2; n += 1) await good.codes.check(sent.id, wrong, sent.login);
    behind.jump(-TEN_MINUTES);
    for (let n = 0; n < 2; n += 1) await behind.codes.check(sent.id, wrong, sent.login);
    assert.equal((await behind.codes.failures(subject)).failures, 4);
    for (const node of nodes) node.jump(limits.codeLife * 1000 + 1_000);
    assert.equal((await good.codes.check(sent.id, wrong, sent.login)).kind, "expired");
    for (const node of nodes) node.jump(TEN_MINUTES);
    assert.equal((await behind.codes.check(sent.id, await sent.digits(), sent.login)).kind, "expired");
    assert.equal(compared(nodes), 4);
  });

  it("M29: a clock put forward by ten minutes ends a code at once, and a pause by ten minutes too early, not its count", async () => {
    const nodes = await twoNodes();
    const [good, ahead] = nodes;
    const subject = newPerson();
    for (let login = 0; login < 2; login += 1) {
      const sent = (await send(good, subject, `${subject} ${login}`)) ?? assert.fail("no code");
      const wrong = wrongOf(await sent.digits());
      for (let n = 0; n < 5; n += 1) await good.codes.check(sent.id, wrong, sent.login);
    }
    assert.equal(await send(good, subject), undefined, "15 minutes of pause");
    ahead.jump(TEN_MINUTES);
    assert.equal(await send(ahead, subject), undefined, "not before its time by more than the jump");
    for (const node of nodes) node.jump(5 * 60_000 + 1_000);
    const early = await sendTo(ahead, subject);
    assert.equal((await ahead.codes.failures(subject)).failures, 10);
    const wrong = wrongOf(await early.digits());
    for (let n = 0; n < 5; n += 1) await ahead.codes.check(early.id, wrong, early.login);
    assert.equal(await send(good, subject), undefined, "the next pause is 30 minutes, at every node");
    const other = await sendTo(good, newPerson());
    assert.equal((await ahead.codes.check(other.id, await other.digits(), other.login)).kind, "expired");
  });

  it("O06 M29: however both clocks jump, at most five tries of a code and fifty of an account are compared, and no right code comes after", async () => {
    const nodes = await twoNodes();
    const act = fc.tuple(
      fc.constantFrom(0, 1),
      fc.constantFrom("guess", "guess", "guess", "again", "new", "forward", "back", "hour"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 150, maxLength: 200 }), async (acts) => {
        const subject = newPerson();
        let logins = 0;
        const start = compared(nodes);
        const open = (node: Node) => {
          logins += 1;
          return send(node, subject, `${subject} ${logins}`);
        };
        let sent = await open(nodes[0]);
        const triesOf = new Map<string, number>();
        for (const [at, what] of acts) {
          const node = nodes[at] as Node;
          if (what === "guess" && sent !== undefined) {
            // Long after its end nobody knows it any more, and nothing is compared.
            const digits = await sent.digits().catch(() => "000000");
            const before = compared(nodes);
            await node.codes.check(sent.id, wrongOf(digits), sent.login);
            const name = `${sent.id} ${digits}`;
            triesOf.set(name, (triesOf.get(name) ?? 0) + compared(nodes) - before);
          } else if (what === "again" && sent !== undefined) await resend(node, sent);
          else if (what === "new") sent = (await open(node)) ?? sent;
          else if (what === "forward") node.jump(TEN_MINUTES);
          else if (what === "back") node.jump(-TEN_MINUTES);
          else if (what === "hour") for (const one of nodes) one.jump(3_600_000);
        }
        assert.ok(Math.max(0, ...triesOf.values()) <= limits.triesPerCode);
        const total = compared(nodes) - start;
        assert.ok(total <= limits.disableAfter, `${total} compared`);
        assert.equal((await nodes[0].codes.failures(subject)).failures, total, "none is forgotten");
      }),
      { numRuns: 8, interruptAfterTimeLimit: 15_000, endOnFailure: true },
    );
  });

  it("O08 M30: kill -9 between the count and the answer: the try is spent, nothing succeeds twice, the right code stays good", async () => {
    const node = openNode(store());
    const subject = newPerson();
    const sent = await sendTo(node, subject);
    const digits = await sent.digits();
    /** A process of its own that dies right after its so-many-th commit. */
    const dies = async (typed: string, after: number) => {
      const args = [place().text, sent.id, sent.login, typed, String(after)];
      const { signal, stdout, stderr } = await startProgram(args, { script: DYING }).ended;
      assert.deepEqual([signal, stdout], ["SIGKILL", ""], stderr);
    };
    const stands = async () => {
      const challenge = await node.codes.look(sent.id, sent.login);
      const { failures } = await node.codes.failures(subject);
      return { tries: challenge?.tries, spent: challenge?.spent, failures };
    };
    await dies(wrongOf(digits), 1);
    assert.deepEqual(
      await stands(),
      { tries: 1, spent: false, failures: 1 },
      "counted before it was compared",
    );
    await dies(digits, 1);
    assert.deepEqual(await stands(), { tries: 2, spent: false, failures: 2 }, "a right one too");
    await dies(digits, 2);
    assert.deepEqual(await stands(), { tries: 3, spent: true, failures: 0 }, "used, though nobody was told");
    assert.equal((await node.codes.check(sent.id, digits, sent.login)).kind, "spent");
  });
});
