/** Once the provider has named its price, that stands in the ledger instead of the estimate: by country and relying party. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { dayOf, MICRO, spent } from "../../src/core/spend.ts";
import { begin } from "../attacks/attacker.ts";
import { changeSettings, standBehind, twilioAt } from "../kit/gateways.ts";
import { startServer, twoSteps, typePassword } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";
import { textOf } from "../kit/visitor.ts";

/** What the ledger's tables hold, a second after it was told. */
async function rowsOf(server: Awaited<ReturnType<typeof startServer>>) {
  await pause(1500);
  const today = dayOf(Date.now());
  return (await server.parts.store.spend.read("2020-01-01", `${Number(today.slice(0, 4)) + 1}-12-31`)).map(
    (row) => ({ ...row, cost: spent(row) / MICRO }),
  );
}

test("the simulator's price takes the estimate's place, once, behind the sign-in", {
  timeout: 60_000,
}, async () => {
  const server = await startServer({ pace: 0.1, hashCost: { memory: 256, passes: 1, lanes: 1 } });
  const visitor = server.visitor();
  await twoSteps(server, visitor, await begin(server, visitor));
  const [before, ...none] = await rowsOf(server);
  assert.deepEqual(none, []);
  assert.deepEqual(
    [before?.country, before?.client, before?.channel, before?.count, before?.cost, before?.settled],
    ["US", "spa", "sms", 1, 0.012, 0],
  );
  server.advance(2 * 60_000 + 1000);
  let row = before;
  for (let tries = 0; tries < 20 && row?.settled === 0; tries += 1) [row] = await rowsOf(server);
  assert.deepEqual([row?.count, row?.cost, row?.settled, row?.actual], [1, 0.0079, 12_000, 7_900]);
  server.advance(60 * 60_000);
  await pause(11_000);
  assert.deepEqual(
    (await rowsOf(server)).map(({ actual }) => actual),
    [7_900],
    "and is not asked again",
  );
});

test("a failover is a second message: it stands in the ledger, and the hard stop and the switch hold for it", {
  timeout: 60_000,
}, async (context) => {
  const [first, second] = [await startSimulator(), await startSimulator()];
  context.after(() => Promise.all([first.close(), second.close()]));
  const server = await startServer({
    pace: 0.1,
    simulator: first,
    hashCost: { memory: 256, passes: 1, lanes: 1 },
  });
  await standBehind(server, [twilioAt("spare", second, { breakAfter: 100 })]);
  const codePage = async () => {
    const visitor = server.visitor();
    return { visitor, page: await typePassword(visitor, await begin(server, visitor), "grace") };
  };
  /** Waits for what the background does when the receipt has not come. */
  const later = async () => {
    server.advance(21_000);
    await pause(5500);
  };
  const limit = (dayHard: number | null) =>
    changeSettings(server, (document) => ({ ...document, spend: { ...document.spend, dayHard } }));

  await first.fault({ then: "silent" });
  await codePage();
  await later();
  assert.equal((await second.messages()).length, 1);
  const [both] = await rowsOf(server);
  assert.deepEqual([both?.count, both?.cost], [2, 0.024], "both were taken, both cost");

  // There is money for one more text, and none for a second one behind it.
  await limit(0.03);
  server.advance(6_000);
  await first.fault({ then: "silent" });
  await codePage();
  assert.equal((await first.messages()).length, 2);
  await pause(1500);
  await later();
  assert.equal((await second.messages()).length, 1, "the hard stop holds");

  await limit(null);
  await first.fault({ then: "silent" });
  await codePage();
  const stopped = (is: boolean) =>
    changeSettings(server, (document) => ({ ...document, sending: { ...document.sending, stopped: is } }));
  await stopped(true);
  await later();
  assert.equal((await second.messages()).length, 1, "the emergency switch holds");
  await stopped(false);

  // A refusal within the request goes on at once, where there is money; where there is none, the person is told.
  await first.fault({ code: 21606 });
  await codePage();
  assert.equal((await second.messages()).length, 2);
});

test("a text that was taken although nobody answered costs as much: the provider's report says so", {
  timeout: 60_000,
}, async () => {
  const server = await startServer({ pace: 0.1, hashCost: { memory: 256, passes: 1, lanes: 1 } });
  await server.simulator.fault({ then: "drop-after-accept" });
  const visitor = server.visitor();
  const page = await typePassword(visitor, await begin(server, visitor), "grace");
  assert.ok(textOf(page.body).length > 0);
  const [row] = await rowsOf(server);
  assert.deepEqual([row?.count, row?.cost], [1, 0.012]);
});
