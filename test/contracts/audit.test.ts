/** What the Audit promises over each engine: durable, in order, never changed. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { AuditEvent } from "../../src/core/audit.ts";
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
