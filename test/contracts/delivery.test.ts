/** O16, O17, M33: what the outbox promises is kept over crashes and nodes, on every store; with the same code. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { type Codes, createCodes, type OutboxRow } from "../../src/core/codes.ts";
import { createDelivery, type Delivery } from "../../src/core/delivery.ts";
import { createGatewayLine, type GatewayEntry } from "../../src/core/gateway-line.ts";
import type { Keys } from "../../src/core/keys.ts";
import { createReportUrls } from "../../src/core/report-url.ts";
import { PhoneNumber } from "../../src/core/secret.ts";
import type { SendFact } from "../../src/core/send-fact.ts";
import { deliverySchema, limitsSchema } from "../../src/core/settings.ts";
import type { DeliveryState, Receipt } from "../../src/core/sms.ts";
import { messageTexts } from "../kit/messages.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testKeys, testSealer } from "../kit/stores.ts";

const PHONE = new PhoneNumber("+12025550143");
const accepted: Receipt = { kind: "accepted", id: "one", reports: true };

overEngines("the outbox", ({ store }) => {
  /** A world with a clock of its own; `node()` is a process that knows nothing but the store. */
  function world() {
    let time = Date.UTC(2027, 0, 1) + Math.floor(Math.random() * 1e9);
    const now = () => time;
    const commits: number[] = [];
    const storage = createStorage({
      store: {
        ...store().records,
        commit: (writes, at) => {
          commits.push(writes.length);
          return store().records.commit(writes, at);
        },
        commitTold: undefined as never,
      },
      sealer: testSealer(),
      now,
      audit: store().audit,
    });
    const codes: Codes = createCodes({
      storage,
      keys: testKeys as Keys,
      limits: () => limitsSchema.parse({}),
      now,
      newId: () => randomBytes(16).toString("base64url"),
    });
    const sent: { gateway: string; text: string }[] = [];
    const gateway = (name: string, answer: () => Promise<Receipt>): GatewayEntry => ({
      name,
      gateway: {
        async send({ text }) {
          sent.push({ gateway: name, text: text.reveal() });
          return answer();
        },
        check: async () => [],
      },
    });
    /** Is called before the line is asked for gateways. */
    const hooks: { beforeLook?: () => Promise<void> } = {};
    const node = (...entries: readonly GatewayEntry[]): Delivery =>
      createDelivery({
        storage: createStorage({ store: store().records, sealer: testSealer(), now, audit: store().audit }),
        codes,
        line: createGatewayLine({
          entries: async () => {
            await hooks.beforeLook?.();
            return entries;
          },
          now,
          onProblem: () => {},
        }),
        urls: createReportUrls(new URL("https://login.example.org"), testKeys, now),
        settings: () => deliverySchema.parse({}),
        now,
        host: "login.example.org",
        texts: messageTexts(),
        brand: () => "Sallyport",
        onProblem: (problem) => assert.fail(String(problem)),
      });
    /** A code is promised: its rows are committed, and then the process dies. */
    async function promised() {
      const issued = await codes.issue({
        subject: randomBytes(8).toString("hex"),
        phone: PHONE,
        purpose: "sign-in",
        boundTo: "login",
        client: "example",
        appName: "Example",
        locale: "en",
      });
      assert.ok(issued.kind === "issued");
      assert.ok(await storage.commit(issued.writes ?? []));
      const look = async () => (await codes.look(issued.challenge, "login")) ?? assert.fail("it is gone");
      return {
        id: issued.challenge,
        key: issued.deliver ?? "",
        look,
        code: codes.reveal(await look()).reveal(),
      };
    }
    const textOf = (code: string) => new RegExp(`^${code} is your code[\\s\\S]*#${code}$`);
    return {
      hooks,
      now,
      codes,
      commits,
      storage,
      sent,
      gateway,
      node,
      promised,
      textOf,
      advance: (ms: number) => (time += ms),
    };
  }

  it("O17: killed after the commit and before the send, the next process sends that very code", async () => {
    const { sent, gateway, node, promised, textOf, advance } = world();
    const { code, look } = await promised();
    const after = node(gateway("a", async () => accepted));
    assert.equal(await after.sweep(), 0, "the dead process may still be at it");
    advance(10_001);
    await after.sweep();
    await after.idle();
    assert.deepEqual(
      sent.map(({ gateway: at }) => at),
      ["a"],
    );
    assert.match(sent[0]?.text ?? "", textOf(code));
    assert.deepEqual(
      (await look()).attempts.map(({ state }) => state),
      ["accepted"],
    );
    advance(60_000);
    await after.sweep();
    await after.idle();
    assert.equal(sent.length, 1);
  });

  it("O17: killed while the second gateway was at it, the second gateway is asked again, with that code", async () => {
    const { sent, gateway, node, promised, textOf, advance } = world();
    const { key, code, look } = await promised();
    const never = new Promise<Receipt>(() => {});
    const dying = node(
      gateway("a", async () => ({ kind: "refused", reason: "provider-down" })),
      gateway("b", () => never),
    );
    void dying.deliver(key);
    while (sent.length < 2) await new Promise(setImmediate);
    assert.deepEqual(
      (await look()).attempts.map(({ state }) => state),
      ["unknown", "pending"],
    );
    advance(10_001);
    const next = node(
      gateway("a", async () => assert.fail("it has failed already")),
      gateway("b", async () => accepted),
    );
    await next.sweep();
    await next.idle();
    assert.deepEqual(
      sent.map(({ gateway: at }) => at),
      ["a", "b", "b"],
    );
    for (const { text } of sent) assert.match(text, textOf(code));
    assert.deepEqual(
      (await look()).attempts.map(({ gateway: at, state }) => [at, state]),
      [
        ["a", "unknown"],
        ["b", "accepted"],
      ],
    );
  });

  it("of several nodes that sweep at once, one sends", async () => {
    const { sent, gateway, node, promised, advance } = world();
    await promised();
    advance(10_001);
    const nodes = Array.from({ length: 4 }, () => node(gateway("a", async () => accepted)));
    await Promise.all(nodes.map((one) => one.sweep()));
    await Promise.all(nodes.map((one) => one.idle()));
    assert.equal(sent.length, 1);
  });

  it("M33: of several nodes that miss a receipt at once, one goes on; none for a code that was used", async () => {
    const { codes, sent, gateway, node, promised, advance } = world();
    const make = () =>
      node(
        gateway("a", async () => accepted),
        gateway("b", async () => accepted),
      );
    const [first, ...others] = [make(), make(), make()];
    const waiting = await promised();
    const used = await promised();
    await first?.deliver(waiting.key);
    await first?.deliver(used.key);
    assert.equal((await codes.check(used.id, used.code, "login")).kind, "right");
    advance(20_001);
    const all = [first as Delivery, ...others];
    await Promise.all(all.map((one) => one.sweep()));
    await Promise.all(all.map((one) => one.idle()));
    assert.deepEqual(
      sent.map(({ gateway: at }) => at),
      ["a", "a", "b"],
    );
    assert.equal(sent[2]?.text, sent[0]?.text);
    advance(60_000);
    for (const one of all) await one.sweep();
    for (const one of all) await one.idle();
    assert.equal(sent.length, 3, "no third gateway, no third text");
  });

  it("M33: a code used while the first gateway hangs is sent by no other", async () => {
    const { codes, sent, gateway, node, promised } = world();
    const { id, key, code } = await promised();
    const hanging = Promise.withResolvers<Receipt>();
    const slow = node(
      gateway("a", () => hanging.promise),
      gateway("b", async () => accepted),
    );
    const sending = slow.deliver(key);
    while (sent.length < 1) await new Promise(setImmediate);
    // The text has come, although nobody says so.
    assert.equal((await codes.check(id, code, "login")).kind, "right");
    hanging.resolve({ kind: "refused", reason: "no-answer" });
    await sending;
    await slow.idle();
    assert.deepEqual(
      sent.map(({ gateway: at }) => at),
      ["a"],
    );
  });

  it("M33: nor one that is used in the moment before the next gateway is asked", async () => {
    const { hooks, codes, sent, gateway, node, promised } = world();
    const { id, key, code, look } = await promised();
    hooks.beforeLook = async () => {
      // The failure of the first is written down, the attempt at the second is not yet.
      const { attempts, spent } = await look();
      if (attempts.length === 1 && !spent) assert.equal((await codes.check(id, code, "login")).kind, "right");
    };
    const delivery = node(
      gateway("a", async () => ({ kind: "refused", reason: "no-answer" })),
      gateway("b", async () => accepted),
    );
    await delivery.deliver(key);
    await delivery.idle();
    assert.equal((await look()).spent, true);
    assert.deepEqual(
      sent.map(({ gateway: at }) => at),
      ["a"],
    );
  });

  describe("what a provider tells of it", () => {
    /** A process over one or two gateways that believe whatever is said; counts what it commits. */
    async function told(gateways: readonly string[], answers: Readonly<Record<string, Receipt>> = {}) {
      const { gateway, promised, sent, advance, now, codes } = world();
      const facts: SendFact[] = [];
      const commits: (readonly string[])[] = [];
      let held: { kind: string; reached: () => void; released: Promise<void> } | undefined;
      /** The next commit of this kind waits at the store's door. */
      const hold = (kind: string) => {
        const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        held = { kind, reached: reached.resolve, released: released.promise };
        return { reached: reached.promise, release: released.resolve };
      };
      const { records, audit } = store();
      const urls = createReportUrls(new URL("https://login.example.org"), testKeys, now);
      const entries = gateways.map((name): GatewayEntry => {
        const entry = gateway(name, async () => answers[name] ?? accepted);
        const readReport = async ({ url }: { readonly url: string }) => ({
          id: "one",
          state: url as DeliveryState,
        });
        return { ...entry, gateway: { ...entry.gateway, readReport } };
      });
      const delivery = createDelivery({
        storage: createStorage({
          store: {
            ...records,
            async commit(writes, at) {
              const kinds = writes.map(({ kind, bytes }) => (bytes === null ? `no ${kind}` : kind));
              if (held !== undefined && kinds.includes(held.kind)) {
                const { reached, released } = held;
                held = undefined;
                reached();
                await released;
              }
              commits.push(kinds);
              return records.commit(writes, at);
            },
            commitTold: undefined as never,
          },
          sealer: testSealer(),
          now,
          audit,
        }),
        codes,
        line: createGatewayLine({ entries: async () => entries, now, onProblem: () => {} }),
        urls,
        settings: () => deliverySchema.parse({}),
        now,
        host: "login.example.org",
        texts: messageTexts(),
        brand: () => "Sallyport",
        onSend: (fact) => void facts.push(fact),
        onProblem: (problem) => assert.fail(String(problem)),
      });
      const { id, key, look } = await promised();
      async function say(state: DeliveryState, name: string, number = 1) {
        const { endsAt } = await look();
        const about = { challenge: id, send: 1, number, gateway: name };
        const { pathname, searchParams } = urls.of(about, endsAt + 3_600_000);
        const attempt = pathname.split("/").at(-1) ?? "";
        const before = commits.length;
        const body = Buffer.alloc(0);
        const query = Object.fromEntries(searchParams);
        assert.equal(await delivery.report({ attempt, query, url: state, headers: {}, body }), "taken");
        await new Promise(setImmediate);
        return commits.slice(before);
      }
      const states = async () => (await look()).attempts.map(({ state }) => state);
      return { delivery, key, say, hold, states, facts, sent, advance };
    }
    const toldStates = (facts: readonly SendFact[]) => facts.map(({ state }) => state);

    it("`sent` on which nothing hangs is told once and written nowhere; the end is written, and the row is not looked for", async () => {
      const { delivery, key, say, states, facts } = await told(["a"]);
      await delivery.deliver(key);
      assert.deepEqual(await say("sent", "a"), []);
      assert.deepEqual(await say("sent", "a"), []);
      assert.deepEqual(await states(), ["accepted"]);
      assert.deepEqual(await say("delivered", "a"), [["challenge"]]);
      assert.deepEqual(await say("sent", "a"), []);
      assert.deepEqual(await states(), ["delivered"]);
      assert.deepEqual(toldStates(facts), ["accepted", "sent", "delivered"]);
    });

    it("M33: `sent` takes back the row that waits for it, so that no other gateway is asked", async () => {
      const { delivery, key, say, states, sent, advance } = await told(["a", "b"]);
      await delivery.deliver(key);
      assert.deepEqual(await say("sent", "a"), [["challenge", "no outbox"]]);
      assert.deepEqual(await states(), ["sent"]);
      advance(60_000);
      await delivery.sweep();
      await delivery.idle();
      assert.equal(sent.length, 1);
    });

    it("M33: of two that may have it, the one nobody had answered for is written when it turns out to be taken", async () => {
      const { delivery, key, say, states, sent } = await told(["a", "b"], {
        a: { kind: "refused", reason: "no-answer" },
      });
      await delivery.deliver(key);
      assert.deepEqual(await states(), ["unknown", "accepted"]);
      assert.deepEqual(await say("sent", "b", 2), [], "behind the last one nobody stands");
      assert.deepEqual(await say("sent", "a", 1), [["challenge", "no outbox"]]);
      assert.deepEqual(await states(), ["sent", "accepted"]);
      assert.equal(sent.length, 2);
    });

    it("O17: `sent` that comes before the answer to the send is durable is written down itself", async () => {
      const { delivery, key, say, hold, states } = await told(["a"]);
      const { reached, release } = hold("no outbox");
      const sending = delivery.deliver(key);
      await reached;
      assert.deepEqual(await states(), [], "killed now, nobody would know of the answer");
      assert.ok((await say("sent", "a")).length > 0);
      assert.deepEqual(await states(), ["sent"]);
      release();
      await sending;
      assert.deepEqual(await states(), ["sent"]);
    });
  });

  it("what a send writes is what it has always written: one commit for the promise, one for what came of it", async () => {
    const { commits, storage, codes, gateway, promised } = world();
    const { key } = await promised();
    const before = commits.length;
    const delivery = createDelivery({
      storage,
      codes,
      line: createGatewayLine({
        entries: async () => [gateway("a", async () => accepted), gateway("b", async () => accepted)],
        now: () => Date.UTC(2027, 0, 1),
        onProblem: () => {},
      }),
      urls: createReportUrls(new URL("https://login.example.org"), testKeys, Date.now),
      settings: () => deliverySchema.parse({}),
      now: () => Date.UTC(2027, 0, 1),
      host: "login.example.org",
      texts: messageTexts(),
      brand: () => "Sallyport",
      onProblem: (problem) => assert.fail(String(problem)),
    });
    await delivery.deliver(key);
    assert.deepEqual(commits.slice(before), [2], "the challenge and its outbox row");
    const rows = await storage.records<OutboxRow>("outbox").list("awaiting", 500);
    assert.ok(
      rows.some((row) => row.key === key),
      "and the row waits for the receipt",
    );
  });
});
