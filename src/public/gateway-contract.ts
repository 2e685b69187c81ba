/**
 * What every SmsGateway promises, whoever the provider is. A gateway's test hands in how to open it against a real
 * server, and how to make that server fail.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { PhoneNumber, Secret } from "../core/secret.ts";
import type { Receipt, SmsGateway, SmsMessage, SmsRefusal } from "../core/sms.ts";

export interface ProviderFailure {
  readonly name: string;
  /** Makes the next send fail this way. */
  arrange(): Promise<void>;
  readonly reason: SmsRefusal;
  readonly providerCode?: number;
  /** The provider fails although it took the message. */
  readonly taken?: boolean;
}

export interface GatewayUnderTest {
  /** Without a time: as the product opens it. */
  open(timeoutMs?: number): Promise<SmsGateway>;
  /** A gateway whose provider's port nobody listens on. */
  openNowhere(): Promise<SmsGateway>;
  /** A gateway with credentials the provider does not know. */
  openStranger(): Promise<SmsGateway>;
  /** What the provider took, oldest first. */
  taken(): Promise<readonly { readonly to: string; readonly body: string }[]>;
  /** What was said in the calls the provider took, oldest first. */
  called(): Promise<readonly { readonly to: string; readonly said: string }[]>;
  clear(): Promise<void>;
  /** Makes the provider take so long for the next answer. */
  hang(ms: number): Promise<void>;
  readonly failures: readonly ProviderFailure[];
  /** Whether it can tell what a message cost. */
  readonly tellsPrices: boolean;
  /** What must never be seen beside codes and numbers: tokens, keys. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

const NUMBER = "+12025550143";
const CODE = "048151";
const TEXT = `${CODE} is your code to sign in to Example. Valid 5 minutes. Never share it.\n\n@localhost #${CODE}`;
const SHORT = 400;
const SLOW = 5000;

const message: SmsMessage = {
  to: new PhoneNumber(NUMBER),
  text: new Secret(TEXT),
  key: "challenge.1",
  validFor: 300,
};

export function smsGatewayContract(name: string, start: () => Promise<GatewayUnderTest>): void {
  describe(`SmsGateway: ${name}`, () => {
    let test: GatewayUnderTest;
    let gateway: SmsGateway;
    const seen = recordOutput();
    before(async () => {
      test = await start();
      gateway = await test.open();
      await gateway.warm?.();
    });
    after(async () => {
      seen.stop();
      await test.close();
    });
    beforeEach(() => test.clear());

    /** Sends, and looks at everything that can be looked at. */
    async function send(through = gateway): Promise<Receipt> {
      const receipt = await through.send(message);
      clean(receipt);
      clean(through);
      return receipt;
    }

    function clean(value: unknown): void {
      const printed = inspect(value, { depth: 12, showHidden: true, getters: true });
      for (const forbidden of [NUMBER, NUMBER.slice(1), "5550143", CODE, ...test.secrets])
        assert.ok(!printed.includes(forbidden), "a code, number or secret can be printed");
    }

    it("takes a message to the provider, as it is", async () => {
      const receipt = await send();
      assert.equal(receipt.kind, "accepted");
      assert.ok(receipt.kind === "accepted" && receipt.id.length > 0);
      assert.deepEqual(await test.taken(), [{ to: NUMBER, body: TEXT }]);
    });

    it("carries every letter of GSM-7 and beyond unchanged", async () => {
      const body = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞ^{}\\[~]|€ÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà\n% + 🚀 я";
      assert.equal((await gateway.send({ ...message, text: new Secret(body) })).kind, "accepted");
      assert.equal((await test.taken())[0]?.body, body);
    });

    it("calls with the code, and every failure of a call is a refusal", async () => {
      assert.ok(gateway.call, "the gateway under test can call");
      const speech = {
        language: "en-US",
        intro: "Hello <you> & others.",
        again: "Once more:",
        bye: "Goodbye.",
        code: new Secret(CODE),
      };
      const call = () => gateway.call?.({ to: message.to, speech, key: message.key });
      const receipt = await call();
      clean(receipt);
      assert.equal(receipt?.kind, "accepted");
      const [{ to, said } = assert.fail("nobody was called")] = await test.called();
      assert.equal(to, NUMBER);
      assert.match(said, /Hello <you> & others\./);
      assert.ok(said.includes("0 4 8 1 5 1"), "digit by digit");
      for (const { name, arrange, reason } of test.failures.slice(0, 4)) {
        await test.clear();
        await arrange();
        const refused = await call();
        clean(refused);
        assert.equal(refused?.kind === "refused" && refused.reason, reason, name);
      }
    });

    it("tells what the provider asks for a message or call once that is known, and never throws", async () => {
      assert.equal(gateway.price !== undefined, test.tellsPrices);
      if (gateway.price === undefined) return;
      const receipt = await send();
      assert.ok(receipt.kind === "accepted");
      const until = Date.now() + 5000;
      let price = await gateway.price(receipt.id);
      while (price.kind === "later" && Date.now() < until) {
        await sleep(20);
        price = await gateway.price(receipt.id);
      }
      clean(price);
      assert.deepEqual(price, { kind: "known", amount: 0.0079, currency: "USD" });
      const unknown = receipt.id.replace(/.{6}$/, "ffffff");
      assert.deepEqual(await gateway.price(unknown), { kind: "gone" });
      for (const other of [await test.openNowhere(), await test.openStranger()])
        assert.deepEqual(await other.price?.(receipt.id), { kind: "away" });
    });

    it("sends many at once, each once", async () => {
      const numbers = Array.from({ length: 30 }, (_, n) => `+120255501${String(n + 10)}`);
      const receipts = await Promise.all(
        numbers.map((number) => gateway.send({ ...message, to: new PhoneNumber(number) })),
      );
      const ids = receipts.map((receipt) => (receipt.kind === "accepted" ? receipt.id : receipt.reason));
      assert.equal(new Set(ids).size, 30);
      assert.deepEqual((await test.taken()).map(({ to }) => to).sort(), numbers);
    });

    it("O16: every failure of the provider is a refusal with a reason, and the next message goes out", async (t) => {
      assert.ok(test.failures.length >= 10);
      for (const { name, arrange, reason, providerCode, taken = false } of test.failures)
        await t.test(name, async () => {
          await test.clear();
          await arrange();
          const receipt = await send();
          assert.ok(receipt.kind === "refused", "it was accepted");
          assert.deepEqual([receipt.reason, receipt.providerCode], [reason, providerCode]);
          // Nothing is tried twice: a second message would be a second text on somebody's phone.
          assert.equal((await test.taken()).length, taken ? 1 : 0);
          assert.equal((await send()).kind, "accepted");
        });
    });

    it("O16: a provider that is not there, or does not know us, is a refusal", async () => {
      const nowhere = await send(await test.openNowhere());
      assert.equal(nowhere.kind === "refused" && nowhere.reason, "provider-down");
      const stranger = await send(await test.openStranger());
      assert.equal(stranger.kind === "refused" && stranger.reason, "credentials");
      assert.deepEqual(await test.taken(), []);
    });

    it("O16: a provider that is too slow is left behind in time", async () => {
      const hasty = await test.open(SHORT);
      await hasty.warm?.();
      await test.hang(SLOW);
      const started = performance.now();
      const receipt = await send(hasty);
      const took = performance.now() - started;
      assert.equal(receipt.kind === "refused" && receipt.reason, "no-answer");
      assert.ok(took >= SHORT - 20 && took < SLOW / 2, `${took} ms`);
    });

    it("O16: a provider that takes 30 s has 4 s", async () => {
      await test.hang(30_000);
      const started = performance.now();
      const receipt = await send();
      const took = performance.now() - started;
      assert.equal(receipt.kind === "refused" && receipt.reason, "no-answer");
      assert.ok(took > 3900 && took < 5500, `${took} ms`);
    });

    it("checks itself and says in words what is wrong", async () => {
      const good = await gateway.check();
      assert.ok(good.some(({ level }) => level === "ok"));
      assert.ok(good.every(({ level }) => level !== "error"));
      for (const bad of [await test.openNowhere(), await test.openStranger()]) {
        const findings = await bad.check();
        const error = findings.find(({ level }) => level === "error");
        assert.match(error?.message ?? "", /^[A-Z].{20,}\.$/);
        clean(findings);
      }
    });

    it("O11, M20: no code, number or secret was printed meanwhile", () => {
      const text = seen.text();
      for (const forbidden of [NUMBER, "5550143", CODE, ...test.secrets])
        assert.ok(!text.includes(forbidden));
    });
  });
}

/** Everything this process writes from now on, warnings included. */
function recordOutput() {
  let text = "";
  const streams = [process.stdout, process.stderr] as const;
  const writes = streams.map((stream) => stream.write);
  streams.forEach((stream, at) => {
    stream.write = ((...args: Parameters<typeof stream.write>) => {
      text += String(args[0]);
      return Reflect.apply(writes[at] as typeof stream.write, stream, args);
    }) as typeof stream.write;
  });
  const note = (problem: unknown) => {
    text += inspect(problem, { depth: 12 });
  };
  process.on("warning", note).on("uncaughtExceptionMonitor", note);
  return {
    text: () => text,
    stop() {
      streams.forEach((stream, at) => {
        stream.write = writes[at] as typeof stream.write;
      });
      process.off("warning", note).off("uncaughtExceptionMonitor", note);
    },
  };
}
