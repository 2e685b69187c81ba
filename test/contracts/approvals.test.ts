/** S18, M11: an act that takes two is decided once, by somebody else, in time, at any number of nodes. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { it } from "node:test";
import { createApprovals, type Hand, type Wanted } from "../../src/core/approvals.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const hand = (name: string): Hand => ({ subject: `s-${name}`, name, client: "tool", address: "192.0.2.9" });
const wanted = (asker: string, subject: string = randomUUID()): Wanted => ({
  act: "remove-factor",
  operation: "delete-user-phone",
  asked: { params: { inum: subject, id: "p1" }, query: { reason: "lost" } },
  subject,
  person: "grace",
  reason: "lost",
  asker: hand(asker),
});

overEngines("approvals", ({ store }) => {
  let skew = 0;
  const now = () => Date.now() + skew;
  const node = () => {
    const storage = createStorage({
      store: store().records,
      sealer: testSealer(),
      now,
      audit: store().audit,
    });
    return createApprovals({ storage, now, newId: randomUUID });
  };
  const asked = async (one: Wanted) => {
    const made = await node().ask(one, 60);
    return typeof made === "string" ? assert.fail(made) : made;
  };

  it("M11: of twelve approvals and refusals at two nodes at once, one counts and leaves one event", async () => {
    const one = await asked(wanted("asker"));
    const nodes = [node(), node()];
    const tries = Array.from({ length: 12 }, (_, n) =>
      nodes[n % 2]?.decide(one.id, hand(`second-${n}`), n % 3 === 0 ? "declined" : "approved"),
    );
    const kinds = (await Promise.all(tries)).map((decided) => decided?.kind);
    assert.equal(kinds.filter((kind) => kind === "decided").length, 1, kinds.join());
    assert.equal(kinds.filter((kind) => kind === "decided-already").length, 11, kinds.join());
    const events = await store().audit.query({ subject: one.subject, limit: 20 });
    const state = (await node().get(one.id))?.state;
    assert.deepEqual(events.map(({ kind }) => kind).sort(), [
      "approval-asked",
      state === "approved" ? "approval-given" : "approval-declined",
    ]);
  });

  it("S18: whoever asked, and whom it is about, approve nothing; the asker may take it back", async () => {
    const subject = "s-concerned";
    const one = await asked(wanted("asker", subject));
    assert.equal((await node().decide(one.id, hand("asker"), "approved")).kind, "not-yours");
    assert.equal((await node().decide(one.id, hand("concerned"), "approved")).kind, "not-yours");
    assert.equal((await node().decide(one.id, hand("concerned"), "declined")).kind, "not-yours");
    assert.equal((await node().decide(one.id, hand("asker"), "declined")).kind, "decided");
    assert.equal((await node().decide(one.id, hand("second"), "approved")).kind, "decided-already");
  });

  it("S18: what nobody has approved in time is gone, and the same act is asked for once", async () => {
    const what = wanted("asker");
    const one = await asked(what);
    assert.equal(await node().ask(what, 60), "asked-already");
    skew += 60 * 60_000;
    assert.equal((await node().decide(one.id, hand("second"), "approved")).kind, "gone");
    assert.ok(!(await node().list()).some(({ id }) => id === one.id));
    assert.notEqual(await node().ask(what, 60), "asked-already");
  });

  it("M11: a ticket is handed to whoever asked for it, once, however often it is asked for at once", async () => {
    const one = await asked(wanted("asker"));
    await node().decide(one.id, hand("second"), "approved");
    await node().end(one.id, { state: "done", handOver: { ticket: "AAAA-BBBB", until: "2027" } });
    await node().end(one.id, { state: "failed", why: "too late to say so" });
    assert.equal((await node().get(one.id))?.state, "done");
    assert.equal(await node().takeTicket(one.id, "s-second"), undefined);
    const got = await Promise.all(Array.from({ length: 8 }, () => node().takeTicket(one.id, "s-asker")));
    assert.deepEqual(
      got.filter((ticket) => ticket !== undefined),
      [{ ticket: "AAAA-BBBB", until: "2027", act: "remove-factor" }],
    );
  });
});
