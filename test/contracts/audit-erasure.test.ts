/** What names a person goes out of the audit, old events go after their time, and the audit still shows what was done to it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createAuditErasure } from "../../src/core/audit-erasure.ts";
import { createAuditSeals } from "../../src/core/audit-seals.ts";
import { createSigner, signedAudit } from "../../src/core/audit-signature.ts";
import { type Retention, retentionSchema } from "../../src/core/retention.ts";
import { statement } from "../../src/kits/sql/database.ts";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { verifyAudit } from "../../src/surfaces/admin/host/audit.ts";
import { engines, testKeys } from "../kit/stores.ts";

const DAY = 86_400_000;

for (const engine of engines) {
  /** A node with a clock of its own. */
  async function node(store: SqlStore) {
    let at = 1_000 * DAY;
    let retention: Retention = { personalDays: 0, auditDays: 0 };
    const now = () => at;
    const signer = createSigner(testKeys);
    const { ledger } = store.audit;
    const audit = signedAudit(store.audit, signer);
    const seals = createAuditSeals({ ledger, signer, keys: testKeys, now });
    const erasure = () => createAuditErasure({ ledger, signer, audit, retention: () => retention, now });
    const events = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        const subject = n % 2 === 0 ? "ada" : "grace";
        // The password of a login is tried before anybody knows whose it is.
        const told = { at: now(), login: `l-${subject}-${n}`, address: "192.0.2.7" };
        await audit.append({ ...told, kind: "password-wrong", facts: { result: "unknown" } });
        await audit.append({
          ...told,
          kind: "code-sent",
          subject,
          facts: { phone: "•••• 43", purpose: "sign-in" },
        });
      }
      await seals.seal();
    };
    return {
      audit,
      seals,
      erasure,
      events,
      keep: (next: Retention) => {
        retention = next;
      },
      later: (days: number) => {
        at += days * DAY;
      },
    };
  }
  const all = (store: SqlStore) => store.audit.ledger.rows(0, Number.MAX_SAFE_INTEGER, 10_000);
  const raw = (store: SqlStore, text: string) => store.database.run(statement(text));
  const untied = async (store: SqlStore) => {
    for (const name of ["audit_stays", "audit_keeps"])
      await raw(store, `drop trigger ${name}${engine.name === "SQLite" ? "" : " on audit"}`);
  };
  const story = (name: string, tell: (store: SqlStore) => Promise<void>) =>
    it(`${name} (${engine.name})`, { skip: engine.skip }, async () => {
      const place = await engine.place();
      const store = await place.open();
      try {
        await tell(store);
      } finally {
        await store.close();
        place.remove();
      }
    });

  story(
    "L04: a person is erased, what happened stays, and the audit is sound to the last seal",
    async (store) => {
      const { audit, seals, erasure, events } = await node(store);
      await events(10);
      await audit.append({
        kind: "user-changed",
        at: 1,
        subject: "grace",
        facts: { by: "Ada", changed: ["claims"] },
      });
      await seals.seal();
      const before = await all(store);
      assert.equal(await erasure().person({ subject: "ada", name: "Ada", pseudonym: "erased-x" }), 11);
      const after = await all(store);
      assert.equal(after.length, before.length);
      for (const [index, row] of after.entries()) {
        const was = before[index];
        assert.deepEqual(
          [row.seq, row.at, row.kind, row.subject, row.login],
          [was?.seq, was?.at, was?.kind, was?.subject, was?.login],
        );
        if (row.login?.startsWith("l-ada") === true) {
          assert.equal(row.address, null);
          assert.doesNotMatch(row.facts ?? "", /43/);
        } else if (row.kind !== "user-changed") assert.deepEqual(row, was, "nobody else's event is touched");
      }
      const last = after.at(-1);
      assert.deepEqual(JSON.parse(last?.facts ?? ""), { by: "erased-x", changed: ["claims"] });
      const verdict = await seals.verify();
      assert.deepEqual([verdict.faults, verdict.erased, verdict.sound], [[], 11, before.length]);
      const said = await verifyAudit(seals);
      assert.ok(said.ok);
      assert.match(said.text, /11 of them keep what happened and nothing that names anybody/);
      assert.equal(
        await erasure().person({ subject: "ada", name: "Ada", pseudonym: "erased-x" }),
        0,
        "once is enough",
      );
    },
  );

  story(
    "L04: nobody without the key erases, and what was erased cannot be changed once more",
    async (store) => {
      const { seals, erasure, events } = await node(store);
      await events(4);
      for (const text of [
        "update audit set address = null where seq = 2",
        "update audit set signature = '~x', kind = 'code-right' where seq = 2",
        "delete from audit where seq = 2",
      ])
        await assert.rejects(raw(store, text), /append-only/, text);
      await erasure().person({ subject: "ada", pseudonym: "x" });
      // The triggers let an erased row be erased again; the seals do not believe it.
      await raw(store, "update audit set signature = '~made-up', address = null where seq = 4");
      await untied(store);
      await raw(store, "update audit set facts = '{}' where seq = 2");
      assert.deepEqual((await seals.verify()).faults, [
        { kind: "altered", seq: 2 },
        { kind: "altered", seq: 4 },
      ]);
    },
  );

  story(
    "after its time an event loses what names somebody, in small steps, and then it goes",
    async (store) => {
      const { seals, erasure, events, keep, later } = await node(store);
      await events(150);
      later(31);
      await events(5);
      keep({ personalDays: 30, auditDays: 0 });
      const node1 = erasure();
      let steps = 0;
      while (await node1.retain()) steps += 1;
      assert.ok(steps >= 1, "not all at once");
      const rows = await all(store);
      assert.equal(rows.filter(({ address }) => address === null).length, 300);
      assert.equal(rows.filter(({ address }) => address !== null).length, 10);
      assert.deepEqual((await seals.verify()).faults, []);

      keep({ personalDays: 30, auditDays: 90 });
      later(60);
      const node2 = erasure();
      while (await node2.retain());
      await seals.seal();
      const left = await all(store);
      assert.equal(left.length, 11, "the newest ten, and what says that the others were taken out");
      const verdict = await seals.verify();
      assert.deepEqual([verdict.faults, verdict.trimmed], [[], 300]);
      assert.match((await verifyAudit(seals)).text, /Up to event 300 they have had their time/);
      while (await erasure().retain());
      assert.equal((await all(store)).length, 11, "once a day");
    },
  );

  story("L04: whoever takes events out and says that their time was over is found out", async (store) => {
    const { seals, events } = await node(store);
    await events(5);
    await untied(store);
    await raw(store, "delete from audit where seq <= 4");
    await raw(
      store,
      `insert into audit (at, kind, facts, signature) values (86400000000, 'audit-trimmed', '${JSON.stringify({ through: 4 })}', 'AAAAAAAA1.AAAAAAAAAAAAAAAAAAAAAA')`,
    );
    const { faults, trimmed } = await seals.verify();
    assert.equal(trimmed, 0);
    assert.deepEqual(faults.filter(({ kind }) => kind === "missing").length, 4);
  });
}

it("retention has bounds, so that nobody makes what they did disappear in a day", () => {
  assert.deepEqual(retentionSchema.parse({}), { personalDays: 0, auditDays: 0 });
  for (const [name, days] of [
    ["personalDays", 29],
    ["auditDays", 89],
    ["auditDays", 4000],
    ["personalDays", -1],
  ] as const)
    assert.equal(retentionSchema.safeParse({ [name]: days }).success, false, `${name} ${days}`);
});
