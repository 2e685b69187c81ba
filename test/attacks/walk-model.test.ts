/**
 * The sign-in as a state machine under random hands: two people, three browsers, every page ever seen sent again in any
 * order, calls and resends, the provider's word true and forged, logout, clocks that jump by ten minutes. The model only
 * keeps who has shown what, where; the promises are weighed after every act (walk-world.ts).
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { roomy } from "../kit/roomy.ts";
import { startServer } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";
import { actsOf } from "./walk-acts.ts";
import { type Act, createWalking, LIMITS, type Model, TEXTS_A_DAY } from "./walk-world.ts";

// The simulator keeps silent: every word of the provider is the walk's.
const simulator = await startSimulator({ paceMs: 3_600_000, keep: 5_000 });
after(() => simulator.close());
const phone = { hour: TEXTS_A_DAY, day: TEXTS_A_DAY };
const server = await startServer({
  simulator,
  settings: { limits: LIMITS, sending: { ...roomy, owners: { ...roomy.owners, phone } } },
});
const walking = await createWalking(server);

test("S01 M08 M09 S10 M25 M29 O03 O05 O06 O15 whatever order the requests come in: no token without every factor of its acr, none for another person, no guess and no send beyond the caps, one success a code", {
  timeout: 180_000,
}, async (t) => {
  const { any, scripted } = actsOf(walking);
  const walk = async (commands: Iterable<Act>) => {
    await fc.asyncModelRun(async () => ({ model: {} as Model, real: await walking.newWorld() }), commands);
  };
  await walk(scripted);
  const { silent, steppedUp, ...each } = walking.reached;
  assert.ok(Math.min(silent + steppedUp, ...Object.values(each)) >= 1, JSON.stringify(walking.reached));
  await fc.assert(fc.asyncProperty(fc.commands(any, { maxCommands: 40, size: "max" }), walk), {
    numRuns: 40,
    interruptAfterTimeLimit: 30_000,
    endOnFailure: false,
  });
  t.diagnostic(JSON.stringify(walking.reached));
});
