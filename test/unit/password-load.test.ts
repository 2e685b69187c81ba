/** P15, M27: 500 people at once who want a password checked at the full cost. */
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Breakage } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { sqlDirectory } from "../../src/plugins/directories/sql/directory.ts";
import { sqlStore } from "../../src/plugins/stores/sql/store.ts";

it("P15: of 500 parallel checks a bounded number is hashed, the rest is turned away at once, and the server stays awake", async (t) => {
  const { migrations } = sqlDirectory;
  const store = await sqlStore.open({ type: "sqlite", file: ":memory:" }, { now: Date.now, migrations });
  try {
    // Nobody gives up: on a busy machine 64 hashes may take longer than the five seconds people are made to wait.
    const directory = await sqlDirectory.open(
      { longestWait: 30_000 },
      { database: store.database, now: Date.now },
    );
    await directory.checkPassword("warm", new Secret("up"));
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const begin = performance.now();
    const refusedAfter: number[] = [];
    const checks = Array.from({ length: 500 }, (_, n) =>
      directory.checkPassword(`nobody-${n}`, new Secret("a wrong password")).catch((error: unknown) => {
        refusedAfter.push(performance.now() - begin);
        return error;
      }),
    );
    // Meanwhile somebody wants a file, which needs a thread of the same pool as the hashes.
    const waits: number[] = [];
    const reading = (async () => {
      for (let n = 0; n < 20; n += 1) {
        const asked = performance.now();
        await stat(".");
        waits.push(performance.now() - asked);
        await sleep(10);
      }
    })();
    await sleep(5);
    const busy = directory.hashingStats();
    const results = await Promise.all(checks);
    const whole = performance.now() - begin;
    await reading;
    delay.disable();

    const refused = results.filter((result) => result instanceof Breakage);
    assert.ok(busy.active <= 3 && busy.waiting <= 64, JSON.stringify(busy));
    assert.equal(results.length - refused.length, busy.active + 64);
    for (const error of refused) assert.deepEqual([error.code, error.retryAfter], ["hashing-busy", 15]);
    const p99 = delay.percentile(99) / 1e6;
    const slowest = Math.max(...waits);
    t.diagnostic(`event loop p99 ${p99.toFixed(1)} ms, slowest stat ${slowest.toFixed(1)} ms`);
    t.diagnostic(`last refusal after ${Math.max(...refusedAfter).toFixed(0)} ms`);
    // Where other programs take most of the machine, everything is slower, the hashes too.
    const bound = Math.max(100, whole / 20);
    assert.ok(p99 < bound, `event loop delay p99 ${p99} ms, the bound is ${bound} ms`);
    // Behind the hashes, it would have waited for nearly all of them.
    assert.ok(slowest < whole / 4, `a file waited ${slowest} of ${whole} ms for a thread`);
    assert.ok(Math.max(...refusedAfter) < 1000, "refusals do not wait for hashes");
    assert.equal(directory.hashingStats().active, 0);
  } finally {
    await store.close();
  }
});
