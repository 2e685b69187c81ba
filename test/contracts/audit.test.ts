/** What the Audit promises over each engine: durable, in order, never changed. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { AuditEvent, AuditSearch } from "../../src/core/audit.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { overEngines } from "../kit/over-engines.ts";

overEngines("Audit", ({ store, place }) => {
  const full: AuditEvent = {
    kind: "signed-in",
    at: 10,
    subject: "s-1",
    login: "l-1",
    client: "c-1",
    address: "192.0.2.1",
    facts: { acr: "twilio_sms", amr: ["pwd", "sms"], note: "a \0 b" },
  };

  it("answers newest first what was appended, with exactly the fields that were given", async () => {
    const { audit } = store();
    const bare: AuditEvent = { kind: "keys-rotated", at: 5 };
    await audit.append(full);
    await audit.append(bare);
    assert.deepEqual(await audit.query({ limit: 10 }), [bare, full], "by order of arrival, not by clock");
  });

  it("filters by person, login and kind, and answers no more than asked", async () => {
    const { audit } = store();
    for (let index = 0; index < 10; index += 1)
      await audit.append({
        kind: index % 2 ? "code-wrong" : "code-right",
        at: index,
        subject: "s-2",
        login: `l-${index}`,
      });
    const found = async (filter: Parameters<typeof audit.query>[0]) =>
      (await audit.query(filter)).map(({ at }) => at);
    assert.deepEqual(await found({ subject: "s-2", limit: 3 }), [9, 8, 7]);
    assert.deepEqual(await found({ subject: "s-2", kind: "code-wrong", limit: 2 }), [9, 7]);
    assert.deepEqual(await found({ login: "l-4", limit: 9 }), [4]);
    assert.deepEqual(await found({ subject: "s-2", login: "l-4", kind: "code-wrong", limit: 9 }), []);
  });

  it("finds by every filter, newest first, page by page, and never looks at all of it at once", async () => {
    const { audit } = store();
    const before = (await audit.page({ limit: 1 })).entries[0]?.seq ?? 0;
    for (let at = 0; at < 60; at += 1)
      await audit.append({
        kind: at % 3 === 0 ? "user-changed" : "code-sent",
        at: 1_000 + at,
        client: at % 2 === 0 ? "shop" : "wiki",
        subject: "s-9",
        facts: { by: at < 30 ? 'ro"ot' : "client x", note: '"by":"nobody"' },
      });
    const all = async (search: Omit<AuditSearch, "limit">) => {
      const found: number[] = [];
      for (let after: number | undefined; ; ) {
        const page = await audit.page({ ...search, limit: 7, after });
        assert.ok(page.entries.length <= 7);
        found.push(...page.entries.filter(({ seq }) => seq > before).map(({ at }) => at));
        after = page.next;
        if (after === undefined) return found;
      }
    };
    const times = (keep: (at: number) => boolean) =>
      Array.from({ length: 60 }, (_, at) => 1_059 - at).filter((at) => keep(at - 1_000));
    assert.deepEqual(
      await all({}),
      times(() => true),
    );
    assert.deepEqual(
      await all({ subject: "s-9" }),
      times(() => true),
    );
    assert.deepEqual(
      await all({ kinds: ["user-changed", "user-removed"] }),
      times((at) => at % 3 === 0),
    );
    assert.deepEqual(
      await all({ client: "shop", from: 1_010, to: 1_020 }),
      times((at) => at >= 10 && at < 20 && at % 2 === 0),
    );
    assert.deepEqual(
      await all({ by: 'ro"ot' }),
      times((at) => at < 30),
    );
    for (const text of ["nobody", "ro", "%", "' or 1=1 --", "\0", ""]) {
      assert.deepEqual(await all({ by: text }), [], text);
      assert.deepEqual(await all({ client: text }), [], text);
      assert.deepEqual(await all({ subject: text }), [], text);
    }
  });

  it("a page that found nothing in its stretch says where to go on", async () => {
    const { audit, database } = store();
    await audit.append({ kind: "bootstrap-used", at: 7 });
    const [first] = (await audit.page({ limit: 1 })).entries;
    const many = statement(
      `insert into audit (at, kind) with recursive n(i) as (select 1 union all select i + 1 from n where i < 45000)
       select 8, 'code-sent' from n`,
    );
    await database.run(many);
    const pages = [];
    for (let after: number | undefined; pages.length < 9; ) {
      const page = await audit.page({ kinds: ["bootstrap-used"], limit: 5, after });
      pages.push(page.entries.map(({ seq }) => seq));
      after = page.next;
      if (after === undefined) break;
    }
    assert.deepEqual(pages, [[], [], [first?.seq]]);
  });

  it("loses none of 100 parallel events and refuses to change one", async () => {
    const { audit, database } = store();
    const events = Array.from({ length: 100 }, (_, at) =>
      audit.append({ kind: "code-sent", at, subject: "s-3" }),
    );
    await Promise.all(events);
    assert.equal((await audit.query({ subject: "s-3", limit: 1_000 })).length, 100);
    const change = statement("update audit set subject = 'somebody else' where subject = 's-3'");
    await assert.rejects(database.run(change), /append-only/);
  });

  it("is there when the store is opened again", async () => {
    const again = await place().open();
    try {
      assert.equal((await again.audit.query({ subject: "s-1", limit: 1 })).length, 1);
    } finally {
      await again.close();
    }
  });
});
