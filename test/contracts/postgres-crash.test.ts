/** M30: PostgreSQL itself is killed under load, on a cluster of its own with fsync on. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Secret } from "../../src/core/secret.ts";
import { sqlStore } from "../../src/plugins/stores/sql/store.ts";
import { noPostgres } from "../kit/postgres.ts";
import { startCluster } from "../kit/postgres-cluster.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const LATER = Date.now() + 3_600_000;

it("M30: after kill -9 of PostgreSQL no counted try is missing, and the store comes back by itself", {
  skip: noPostgres,
}, async (t) => {
  const cluster = await startCluster({ durable: true });
  const config = { type: "postgres", url: new Secret(cluster.url("postgres")), pool: 5 } as const;
  const store = await sqlStore.open(config, { now: Date.now });
  try {
    const storage = createStorage({ store: store.records, sealer: testSealer(), now: Date.now });
    const tries = storage.records<number>("tries");
    const count = { acknowledged: 0, failed: 0 };
    const codes = new Set<unknown>();
    let running = true;
    /** Counts one try after the other, as a guesser would, and goes on through the crash. */
    const lane = async (name: string) => {
      while (running) {
        try {
          await tries.update(name, (n = 0) => ({ result: n, write: n + 1, expiresAt: LATER }));
          count.acknowledged += 1;
        } catch (error) {
          count.failed += 1;
          codes.add((error as { code?: unknown }).code);
          await sleep(20);
        }
      }
    };
    const names = ["a", "b", "c", "d"];
    const lanes = names.map(lane);
    for (const wait of [100, 37, 211]) {
      await sleep(wait);
      await cluster.kill();
      await cluster.restart();
    }
    const before = count.acknowledged;
    await sleep(200);
    running = false;
    await Promise.all(lanes);
    t.diagnostic(`${count.acknowledged} acknowledged, ${count.failed} failed over 3 crashes`);
    assert.ok(count.failed > 0, "the crashes were felt");
    assert.ok(count.acknowledged > before, "it works again without a restart of ours");
    assert.deepEqual([...codes], ["store-unavailable"]);
    const stored = (await Promise.all(names.map((name) => tries.get(name)))).map((n) => n ?? 0);
    const total = stored.reduce((sum, n) => sum + n, 0);
    // A try whose answer was lost may have been counted: that costs the person, never the limit.
    assert.ok(total >= count.acknowledged, `${total} stored, ${count.acknowledged} acknowledged`);
    assert.ok(total <= count.acknowledged + count.failed, `${total} stored`);
  } finally {
    await store.close();
    await cluster.stop();
  }
});
