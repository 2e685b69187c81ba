/** What is remembered of what was lately asked for, and that it is never more than was said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createShelves } from "../../src/core/lately.ts";

test("shelves share one bound: of all of them the last are remembered, and fewer than twice as many", () => {
  const shelves = createShelves<number, number>(10);
  const names = ["a", "b", "c"];
  const shelf = (key: number) => shelves.shelf(names[key % 3] as string);
  for (let key = 0; key < 1_000; key += 1) {
    shelf(key).set(key, key);
    const known = Array.from({ length: key + 1 }, (_, one) => one)
      .slice(-25)
      .reverse();
    // Looked for from the newest on: what is found among the older is young again.
    const found = known.slice(0, 10).filter((one) => shelf(one).get(one) === one);
    assert.equal(found.length, Math.min(10, key + 1), `after ${key}`);
  }
  const kept = Array.from({ length: 1_000 }, (_, key) => key).filter((key) =>
    names.some((name) => shelves.shelf(name).get(key) !== undefined),
  );
  assert.ok(kept.length < 20, `${kept.length}`);
});

test("each shelf has its own, forgets what it is told to, and all can be cleared", () => {
  const shelves = createShelves<string, string>(10);
  shelves.shelf("a").set("key", "of a");
  shelves.shelf("b").set("key", "of b");
  assert.equal(shelves.shelf("a").get("key"), "of a");
  shelves.shelf("a").delete("key");
  assert.equal(shelves.shelf("a").get("key"), undefined);
  assert.equal(shelves.shelf("b").get("key"), "of b");
  shelves.clear();
  assert.equal(shelves.shelf("b").get("key"), undefined);
});
