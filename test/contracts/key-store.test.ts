/** Keys over each engine: one set however many nodes start, one line however many rotate, never in clear. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createKeyring } from "../../src/core/keyring.ts";
import { Secret } from "../../src/core/secret.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { overEngines } from "../kit/over-engines.ts";
import { engines } from "../kit/stores.ts";

const run = promisify(execFile);
const LATER = Date.now() + 3_600_000;
const masterKey = new Secret(Buffer.alloc(32, "master").toString("base64"));

overEngines("Keys", ({ store }) => {
  const open = (now = Date.now) => createKeyring({ store: store().keys, masterKey, now });

  it("L05: two processes that start first at once, on an empty database, end with one set of keys", async () => {
    for (const engine of engines.filter(
      ({ name }) => (store().database.engine === "sqlite") === (name === "SQLite"),
    )) {
      const place = await engine.place();
      const script = fileURLToPath(new URL("../kit/store-process.ts", import.meta.url));
      const start = () => run(process.execPath, [script, place.text, "keys"]);
      const [one, two] = await Promise.all([start(), start()]);
      assert.equal(one.stdout, two.stdout);
      assert.equal(JSON.parse(one.stdout).length, 2);
      place.remove();
    }
  });

  it("L05: of two nodes that make the same successor at once one succeeds, and both know it", async () => {
    const [left, right] = [open(), open()];
    await left.load();
    await right.load();
    assert.deepEqual(left.secrets("csrf"), right.secrets("csrf"));
    const { keys } = store();
    const first = (await keys.all()).find(({ id }) => id === "csrf-1");
    assert.ok(first);
    const successors = [1, 2].map((n) => ({ ...first, id: "csrf-2", material: Buffer.of(n) }));
    await Promise.all(successors.map((row, n) => keys.rotate(row, LATER + n)));
    const line = (await keys.all()).filter(({ purpose }) => purpose === "csrf");
    assert.deepEqual(line.map(({ id }) => id).sort(), ["csrf-1", "csrf-2"]);
    const [end, winner] = [line.find(({ id }) => id === "csrf-1"), line.find(({ id }) => id === "csrf-2")];
    assert.equal(end?.expiresAt, LATER + (winner?.material[0] ?? 0) - 1, "key and end come from one node");
    assert.equal(winner?.expiresAt, null);
    await store().database.run(statement("delete from keys where id = 'csrf-2'"));
  });

  it("L05: a key rotated on one node is used by the other after its next look", async () => {
    const [left, right] = [open(), open()];
    await left.load();
    await right.load();
    assert.equal(await right.refresh(), false);
    await left.rotate("cookie", { overlap: 60, lead: 0 });
    assert.equal(await right.refresh(), true);
    assert.deepEqual(
      right.secrets("cookie").map(({ id }) => id),
      ["cookie-2", "cookie-1"],
    );
    assert.deepEqual(left.secrets("cookie"), right.secrets("cookie"));
  });

  it("L05: no key stands in the store in clear", async () => {
    const keyring = open();
    await keyring.load();
    const dump = Buffer.concat((await store().keys.all()).map(({ material }) => Buffer.from(material)));
    for (const purpose of ["cookie", "code", "seal", "lookup", "csrf", "audit"] as const)
      for (const { bytes } of keyring.secrets(purpose))
        assert.equal(dump.includes(Buffer.from(bytes)), false, purpose);
    for (const { d } of keyring.signing())
      assert.equal(dump.includes(Buffer.from(String(d), "base64url")), false);
  });

  it("L05: another master key is refused in one sentence", async () => {
    const wrong = new Secret(Buffer.alloc(32, 9).toString("base64"));
    const keyring = createKeyring({ store: store().keys, masterKey: wrong, now: Date.now });
    await assert.rejects(keyring.load(), {
      code: "key-unavailable",
      message: /^The master key does not open/,
    });
  });
});
