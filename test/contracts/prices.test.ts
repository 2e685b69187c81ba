/** The provider's own price: asked behind the sign-ins, by one node, boundedly, and in the end the estimate stands. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { it } from "node:test";
import { createPrices } from "../../src/core/prices.ts";
import type { ProviderPrice, SmsGateway } from "../../src/core/sms.ts";
import type { Owed } from "../../src/core/spend.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const MINUTE = 60_000;
const owed: Owed = { day: "2027-01-01", country: "DE", client: "spa", channel: "sms", estimate: 100_000 };

overEngines("prices", ({ store }) => {
  function world() {
    let time = Date.UTC(2027, 0, 1) + Math.floor(Math.random() * 1e9);
    const now = () => time;
    const asked: string[] = [];
    const known: number[] = [];
    const foreign: string[] = [];
    const answers: { now: ProviderPrice } = { now: { kind: "known", amount: 0.05, currency: "USD" } };
    const gateway = {
      async price(id: string) {
        asked.push(id);
        return answers.now;
      },
    } as Partial<SmsGateway> as SmsGateway;
    const node = () =>
      createPrices({
        storage: createStorage({ store: store().records, sealer: testSealer(), now }),
        find: async (name) => (name === "twilio" ? { gateway } : undefined),
        priced: (_owed, amount) => void known.push(amount),
        currency: () => "USD",
        now,
        newId: randomUUID,
        onForeign: (currency) => void foreign.push(currency),
      });
    const sends = async (prices: ReturnType<typeof node>, count: number, name = "twilio") => {
      for (let n = 0; n < count; n += 1) prices.add({ gateway: name, id: `SM${n}` }, owed);
      await prices.flush();
    };
    return { node, sends, asked, known, foreign, answers, advance: (ms: number) => (time += ms) };
  }

  it("nothing is asked at once; then each once, whichever of two nodes comes first", async () => {
    const { node, sends, asked, known, advance } = world();
    const [first, second] = [node(), node()];
    await sends(first, 8);
    await Promise.all([first.look(), second.look()]);
    assert.deepEqual(asked, []);
    advance(2 * MINUTE);
    await Promise.all([first.look(), second.look(), first.look()]);
    assert.equal(asked.length, 8);
    assert.equal(new Set(asked).size, 8);
    assert.deepEqual(known, Array(8).fill(0.05));
    advance(24 * 60 * MINUTE);
    await second.look();
    assert.equal(asked.length, 8, "what is known is not asked again");
  });

  it("at most ten a look, however many wait", async () => {
    const { node, sends, asked, advance } = world();
    const prices = node();
    await sends(prices, 35);
    advance(2 * MINUTE);
    const counts = [await prices.look(), await prices.look(), await prices.look(), await prices.look()];
    assert.deepEqual(
      counts.sort((a, b) => b - a),
      [10, 10, 10, 5],
    );
    assert.equal(asked.length, 35);
  });

  it("what is not known yet is asked five times within a day, and then the estimate stands", async () => {
    const { node, sends, asked, known, answers, advance } = world();
    answers.now = { kind: "later" };
    const prices = node();
    await sends(prices, 1);
    for (let minute = 0; minute < 26 * 60; minute += 1) {
      advance(MINUTE);
      await prices.look();
    }
    assert.equal(asked.length, 5);
    assert.deepEqual(known, []);
  });

  it("a provider that is away is left alone for a while, and asked for the rest then", async () => {
    const { node, sends, asked, known, answers, advance } = world();
    answers.now = { kind: "away" };
    const prices = node();
    await sends(prices, 10);
    advance(2 * MINUTE);
    await prices.look();
    assert.equal(asked.length, 1);
    await prices.look();
    assert.equal(asked.length, 1);
    answers.now = { kind: "known", amount: 0.05, currency: "USD" };
    advance(6 * MINUTE);
    await prices.look();
    assert.equal(known.length, 10);
  });

  it("a price in another currency, a message nobody knows and a gateway that is gone leave the estimate", async () => {
    const { node, sends, asked, known, foreign, answers, advance } = world();
    const prices = node();
    answers.now = { kind: "known", amount: 7, currency: "JPY" };
    await sends(prices, 2);
    await sends(prices, 1, "removed");
    advance(2 * MINUTE);
    await prices.look();
    answers.now = { kind: "gone" };
    await sends(prices, 1);
    advance(2 * MINUTE);
    await prices.look();
    advance(24 * 60 * MINUTE);
    await prices.look();
    assert.deepEqual([asked.length, known, foreign], [3, [], ["JPY"]]);
  });

  it("a server that is closing asks for nothing more, and loses nothing", async () => {
    const { node, sends, asked, known, advance } = world();
    const closing = node();
    await sends(closing, 3);
    advance(2 * MINUTE);
    closing.stop();
    await closing.look();
    assert.deepEqual(asked, []);
    advance(6 * MINUTE);
    await node().look();
    assert.equal(known.length, 3);
  });
});
