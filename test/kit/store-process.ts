/**
 * Another node on the same store, as a process of its own: `node store-process.ts PLACE ACT [COUNT]`. `count` adds
 * COUNT to one counter, 100 at a time, and prints how late its event loop was; `write` writes until it is killed and
 * prints each key after the write was acknowledged; `keys` makes the keys of a first start and prints their ids.
 */
import { writeSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { createKeyring } from "../../src/core/keyring.ts";
import { Secret } from "../../src/core/secret.ts";
import { createStorage } from "./storage.ts";
import { fromText, testSealer } from "./stores.ts";

const [place = "", act, count = "0"] = process.argv.slice(2);
const LATER = Date.now() + 3_600_000;
/** Said when it returns. A reader that is behind has filled the pipe: it is waited for. */
function say(line: string): void {
  const left = Buffer.from(`${line}\n`);
  for (let from = 0; from < left.length; ) {
    try {
      from += writeSync(1, left, from);
    } catch (problem) {
      if ((problem as { code?: string }).code !== "EAGAIN") throw problem;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const store = await fromText(place);
const storage = createStorage({ store: store.records, sealer: testSealer(), now: Date.now });

if (act === "count") {
  const counters = storage.records<number>("counter");
  say("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.destroy();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const add = () =>
    counters.update("shared", (current = 0) => ({ result: 0, write: current + 1, expiresAt: LATER }));
  for (let left = Number(count); left > 0; left -= 100) {
    await Promise.all(Array.from({ length: Math.min(left, 100) }, add));
    await new Promise((resolve) => setImmediate(resolve));
  }
  delay.disable();
  say(JSON.stringify({ p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 }));
}

if (act === "write") {
  const rows = storage.records<string>("acknowledged");
  const load = async (lane: number) => {
    for (let index = 0; ; index += 1) {
      const key = `${lane}.${index}`;
      const pair = [rows.write(key, "x".repeat(500), LATER), rows.write(`${key}.twin`, "twin", LATER)];
      if (index % 2 === 0) await rows.put(key, "single", LATER);
      else await storage.commit(pair);
      say(key);
    }
  };
  await Promise.all([0, 1, 2, 3].map(load));
}

if (act === "keys") {
  const masterKey = new Secret(Buffer.alloc(32, "master").toString("base64"));
  const keyring = createKeyring({ store: store.keys, masterKey, now: Date.now });
  await keyring.load();
  say(JSON.stringify(keyring.signing().map(({ kid }) => kid)));
}

await store.close();
