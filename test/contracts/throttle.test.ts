/** The password throttle over the engines: exact when two nodes are asked at the same time. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createThrottle, type Throttle } from "../../src/core/throttle.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

overEngines("the password throttle", ({ store }) => {
  /** Each with a queue of its own, as two processes have. */
  const nodes = (): readonly [Throttle, Throttle] => {
    const node = () => {
      const storage = createStorage({ store: store().records, sealer: testSealer(), now: Date.now });
      return createThrottle({ records: storage.records("password-throttle"), now: Date.now });
    };
    return [node(), node()];
  };
  const ada = { subject: "ada", username: "ada", address: "192.0.2.7", device: undefined };

  it("P13, O08: of 100 parallel tries at two nodes five are compared, and a right one before the wait clears them", async () => {
    const [one, two] = nodes();
    const slots = await Promise.all(
      Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : two).reserve(ada)),
    );
    const going = slots.filter((slot) => slot.kind === "go");
    assert.equal(going.length, 5);
    await Promise.all(going.map((slot, n) => slot.settle(n === 0 ? "right" : "wrong")));
    assert.equal((await two.reserve(ada)).kind, "go");
  });

  it("P13: of 100 parallel tries from 100 networks at two nodes ten are compared", async () => {
    const [one, two] = nodes();
    const slots = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        (n % 2 === 0 ? one : two).reserve({ ...ada, subject: "bert", address: `10.0.${n}.1` }),
      ),
    );
    assert.equal(slots.filter(({ kind }) => kind === "go").length, 10);
  });

  it("a right password leaves no row behind", async () => {
    const [one] = nodes();
    const slot = await one.reserve({ ...ada, subject: "carol" });
    assert.equal(slot.kind, "go");
    if (slot.kind === "go") await slot.settle("right");
    const storage = createStorage({ store: store().records, sealer: testSealer(), now: Date.now });
    assert.equal(await storage.records("password-throttle").get("person carol"), undefined);
  });
});
