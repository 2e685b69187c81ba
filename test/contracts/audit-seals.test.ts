/** L04: the audit is tamper-evident on each engine. Whoever can write to the database has no key, and is found out. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { AuditEvent } from "../../src/core/audit.ts";
import { type AuditFault, createAuditSeals } from "../../src/core/audit-seals.ts";
import { createSigner, signedAudit } from "../../src/core/audit-signature.ts";
import { ask, statement, type Transaction } from "../../src/kits/sql/database.ts";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { verifyAudit } from "../../src/surfaces/admin/host/audit.ts";
import { engines, testKeys } from "../kit/stores.ts";

const COUNT = 1_203;
const event = (at: number): AuditEvent => ({
  kind: at % 2 === 0 ? "code-sent" : "code-right",
  at,
  subject: `s-${at % 3}`,
  address: "192.0.2.1",
  facts: { by: "root", note: "it's \0 done" },
});

/** A node over a store: its audit, and its seals. */
function node(store: SqlStore) {
  const signer = createSigner(testKeys);
  const seals = createAuditSeals({ ledger: store.audit.ledger, signer, keys: testKeys, now: Date.now });
  return { audit: signedAudit(store.audit, signer), seals, signer };
}

for (const engine of engines) {
  const story = (name: string, tell: (store: SqlStore, more: () => Promise<SqlStore>) => Promise<void>) =>
    it(`${name} (${engine.name})`, { skip: engine.skip }, async () => {
      const place = await engine.place();
      const opened = [await place.open()];
      try {
        await tell(opened[0] as SqlStore, async () => {
          const more = await place.open();
          opened.push(more);
          return more;
        });
      } finally {
        for (const store of opened) await store.close();
        place.remove();
      }
    });

  /** What somebody does who owns the database and knows that there are triggers. */
  const tamper = async ({ database }: SqlStore, text: string): Promise<number> => {
    const off = ["audit", "audit_seals"].map((table) =>
      database.engine === "postgres" ? [`alter table ${table} disable trigger all`] : [],
    );
    const triggers = ["audit_stays", "audit_keeps", "audit_seals_stay_update", "audit_seals_stay_delete"];
    const drops =
      database.engine === "sqlite" ? triggers.map((name) => `drop trigger if exists ${name}`) : [];
    for (const each of [...off.flat(), ...drops]) await database.run(statement(each));
    return (await database.run(statement(text))).changes;
  };

  /** A thousand events, sealed, and some that are not. */
  async function written(store: SqlStore) {
    const { audit, seals, signer } = node(store);
    for (let at = 1; at <= COUNT; at += 1) await audit.append(event(at));
    assert.equal(await seals.seal(), COUNT);
    for (let at = COUNT + 1; at <= COUNT + 7; at += 1) await audit.append(event(at));
    return { audit, signer, seals: node(store).seals, sealer: seals };
  }

  const faultsAfter = async (store: SqlStore, text: string): Promise<readonly AuditFault[]> => {
    const { seals } = await written(store);
    assert.deepEqual((await seals.verify()).faults, []);
    assert.ok((await tamper(store, text)) > 0, "something was done");
    return (await seals.verify()).faults;
  };

  story("L04: an untouched audit is sound, and says how much of it is sealed", async (store) => {
    const { seals } = await written(store);
    const verdict = await seals.verify();
    assert.deepEqual(
      { ...verdict, head: verdict.head?.seal },
      { sound: COUNT + 7, unsealed: 7, erased: 0, trimmed: 0, head: 3, faults: [] },
    );
    assert.equal(await seals.seal(), 7);
    assert.equal(await seals.seal(), 0, "nothing new, no seal");
    assert.deepEqual((await seals.verify(3)).faults, []);
    const said = await verifyAudit(seals);
    assert.ok(said.ok);
    assert.match(
      said.text,
      /^1210 events are as they were written, sealed through seal 4 \([0-9a-f]{16}\), 0 not/,
    );
    assert.ok((await verifyAudit(seals, "4")).ok);
    assert.equal((await verifyAudit(seals, "5")).ok, false, "a seal that was noted and is not there");
    assert.equal((await verifyAudit(seals, "x")).ok, false);
  });

  story("L04: the database refuses to change or delete an event or a seal", async (store) => {
    await written(store);
    for (const text of [
      "update audit set subject = 'x' where seq = 5",
      "delete from audit where seq = 5",
      "update audit_seals set through = 1 where number = 1",
      "delete from audit_seals where number = 1",
    ])
      await assert.rejects(store.database.run(statement(text)), /append-only/, text);
  });

  const attacks: readonly (readonly [string, string, readonly AuditFault[]])[] = [
    ["a deleted event", "delete from audit where seq = 42", [{ kind: "missing", seq: 42 }]],
    [
      "a changed event",
      "update audit set facts = replace(facts, 'root', 'ada') where seq = 700",
      [{ kind: "altered", seq: 700 }],
    ],
    ["a changed time", "update audit set at = at + 1 where seq = 1", [{ kind: "altered", seq: 1 }]],
    ["an event in front of all", insertAt("-5"), [{ kind: "inserted", seq: -5 }]],
    ["an event made up at the end", insertAt("1300"), [{ kind: "forged", seq: 1300 }]],
    [
      "a changed event that is not sealed yet",
      "update audit set subject = 'x' where seq = 1205",
      [{ kind: "forged", seq: 1205 }],
    ],
    [
      "a changed seal",
      "update audit_seals set through = 499 where number = 1",
      [
        { kind: "seal-broken", seal: 1 },
        { kind: "inserted", seq: 500 },
      ],
    ],
    ["a deleted seal", "delete from audit_seals where number = 2", [{ kind: "seal-missing", seal: 2 }]],
  ];
  for (const [name, text, faults] of attacks)
    story(`L04: ${name} is found`, async (store) => {
      assert.deepEqual(await faultsAfter(store, text), faults);
    });

  story("L04: an event put into a gap, with a copied signature, is found", async (store) => {
    const { seals } = await written(store);
    await tamper(store, "delete from audit where seq = 600");
    await tamper(
      store,
      `insert into audit (seq, at, kind, subject, facts, signature)
       {overriding system value} select 600, at, kind, subject, facts, signature from audit where seq = 10`,
    );
    assert.deepEqual((await seals.verify()).faults, [{ kind: "altered", seq: 600 }]);
  });

  story(
    "L04: an end cut off with its seals is missed by the server that runs, and by who noted the seal",
    async (store) => {
      const { seals, sealer } = await written(store);
      const { head } = await seals.verify();
      await tamper(store, "delete from audit where seq > 900");
      await tamper(store, "delete from audit_seals where number >= 2");
      await assert.rejects(sealer.seal(), { code: "store-damaged" });
      assert.deepEqual((await sealer.verify()).faults, [{ kind: "seal-missing", seal: 3 }]);
      const said = await verifyAudit(node(store).seals, String(head?.seal));
      assert.deepEqual(
        [said.ok, said.text.split("\n")[0]],
        [false, "Seal 3 was taken away, and the events under it are known to nobody."],
      );
    },
  );

  story("L04: nothing is missed or doubted while nodes write and seal at once", async (store, more) => {
    const nodes = [node(store), node(engine.name === "SQLite" ? store : await more())];
    await Promise.all(
      Array.from({ length: 400 }, async (_, at) => {
        const { audit, seals } = nodes[at % 2] as (typeof nodes)[0];
        await audit.append(event(at));
        if (at % 20 === 0) await seals.seal();
      }),
    );
    await nodes[0]?.seals.seal();
    const verdict = await node(store).seals.verify();
    assert.deepEqual([verdict.sound, verdict.faults], [400, []]);
  });

  story("L10: events from before there were signatures are sealed as they are", async (store) => {
    for (let at = 0; at < 700; at += 1) await store.audit.append(event(at));
    const { audit, seals } = node(store);
    await audit.append(event(700));
    assert.equal(await seals.seal(), 701);
    assert.deepEqual((await seals.verify()).faults, []);
    await store.audit.append(event(701));
    await seals.seal();
    assert.deepEqual((await seals.verify()).faults, [{ kind: "forged", seq: 702 }], "but no later one");
    await tamper(store, "update audit set at = 5 where seq = 650");
    assert.deepEqual((await seals.verify()).faults[0], { kind: "altered", seq: 650 });
  });

  if (engine.name === "PostgreSQL")
    story(
      "L04: an event that commits after one with a higher number is sealed in its place",
      async (store, more) => {
        const other = await more();
        const { audit, seals, signer } = node(store);
        await audit.append(event(1));
        await seals.seal();
        const slow = other.database.transact(function* (): Transaction<void> {
          yield* ask(
            statement("insert into audit (at, kind, signature) values ($1, $2, $3)"),
            2,
            "signed-in",
            signer.signed({ at: 2, kind: "signed-in" }).signature ?? "",
          );
          yield* ask(statement("select pg_sleep(0.6)"));
          return { keep: undefined };
        });
        await new Promise((resolve) => setTimeout(resolve, 200));
        await audit.append(event(3));
        assert.equal(await seals.seal(), 0, "somebody may still be writing below it");
        await slow;
        assert.equal(await seals.seal(), 2);
        assert.deepEqual((await seals.verify()).faults, []);
      },
    );
}

/** An insert of an event that nobody signed, at a place of its own. */
function insertAt(seq: string): string {
  return `insert into audit (seq, at, kind, subject) {overriding system value} values (${seq}, 5, 'signed-in', 's-1')`;
}
