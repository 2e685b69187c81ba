/** What Authenticators promise over each engine: permanent, sealed to their row, bound once, remembered when gone. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createAuthenticators } from "../../src/core/authenticator-box.ts";
import type { NewAuthenticator } from "../../src/core/authenticators.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { overEngines } from "../kit/over-engines.ts";
import { testSealer } from "../kit/stores.ts";

const phone = (subject: string, key: string): NewAuthenticator => ({
  subject,
  kind: "sms",
  key,
  data: { e164: `+1202555${key}`, verifiedAt: 1 } as never,
  boundBy: "password-once",
});

overEngines("Authenticators", ({ store }) => {
  let at = 1_000;
  const open = () =>
    createAuthenticators({ store: store().authenticators, sealer: testSealer(), now: () => (at += 1) });

  it("lists what a person has, oldest first, and finds every holder of a key", async () => {
    const box = open();
    const first = await box.bind(phone("ann", "0101"));
    const second = await box.bind(phone("ann", "0102"));
    const other = await box.bind({ ...phone("ann", "0101"), kind: "totp" });
    const shared = await box.bind(phone("bob", "0101"));
    assert.deepEqual(await box.list("ann"), [first, second, other]);
    assert.deepEqual(await box.list("ann", "sms"), [first, second]);
    assert.deepEqual(await box.find("sms", "0101"), [first, shared]);
    assert.deepEqual(await box.list("nobody"), []);
    assert.deepEqual(first.data, phone("ann", "0101").data);
    assert.equal(first.boundBy, "password-once");
  });

  it("M11: binding the same key to the same person again answers the one that is there, in parallel too", async () => {
    const box = open();
    const bound = await Promise.all(Array.from({ length: 20 }, () => box.bind(phone("carol", "0103"))));
    assert.equal(new Set(bound.map(({ id }) => id)).size, 1);
    assert.equal((await box.list("carol")).length, 1);
    assert.deepEqual(await box.bind(phone("carol", "0103")), bound[0]);
  });

  it("M11: of 20 parallel updates from one version exactly one is written", async () => {
    const box = open();
    const { id, version } = await box.bind(phone("dora", "0104"));
    const updates = Array.from({ length: 20 }, (_, index) => box.update(id, version, { index }));
    const written = await Promise.all(updates);
    assert.equal(written.filter(Boolean).length, 1);
    const [now] = await box.list("dora");
    assert.deepEqual(now?.data, { index: written.indexOf(true) });
    assert.notEqual(now?.version, version);
    assert.equal(await box.update("no-such-id", version, {}), false);
  });

  it("remembers that there was one after it is removed, without its data, and can bind it again", async () => {
    const box = open();
    const { id, version } = await box.bind(phone("eve", "0105"));
    assert.equal(await box.everHad("eve", "totp"), false);
    const removed = await Promise.all(Array.from({ length: 5 }, () => box.unbind(id, "root", "lost")));
    assert.equal(removed.filter(Boolean).length, 1);
    assert.deepEqual([await box.list("eve"), await box.find("sms", "0105")], [[], []]);
    assert.equal(await box.everHad("eve", "sms"), true);
    assert.equal(await box.update(id, version, {}), false);
    const mark = statement<{ removed_by: string; reason: string; size: number }>(
      "select removed_by, reason, length(data) as size from authenticators where subject = 'eve'",
    );
    const { rows } = await store().database.run(mark);
    assert.deepEqual({ ...rows[0] }, { removed_by: "root", reason: "lost", size: 0 });
    const again = await box.bind(phone("eve", "0105"));
    assert.notEqual(again.id, id);
    assert.equal((await box.list("eve")).length, 1);
  });

  it("O09: the number does not stand in the database, and a row cannot be given to somebody else", async () => {
    const box = open();
    await box.bind(phone("frank", "0106"));
    const { rows } = await store().database.run(
      statement<{ data: Uint8Array }>("select data from authenticators"),
    );
    for (const { data } of rows) assert.ok(!Buffer.from(data).includes("+1202555"));
    await store().database.run(
      statement("update authenticators set subject = 'mallory' where subject = 'frank'"),
    );
    assert.deepEqual(await box.list("mallory"), []);
    const copy = "update authenticators set data = (select data from authenticators where subject = 'bob')";
    await store().database.run(statement(`${copy} where subject = 'carol'`));
    await assert.rejects(box.list("carol"), { code: "sealed-value-invalid" });
  });
});
