/** Settings over each engine: one line of revisions for all nodes, changed whole or not at all. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { documentSchema, type Fault, type SettingsDocument } from "../../src/core/settings.ts";
import { openSettings } from "../../src/core/settings-revisions.ts";
import { statement } from "../../src/kits/sql/database.ts";
import { overEngines } from "../kit/over-engines.ts";
import { testSealer } from "../kit/stores.ts";

const CANARY = "canary-client-secret-77";
const first = (): SettingsDocument =>
  documentSchema.parse({
    defaultAcr: "twilio_sms",
    clients: [{ client_id: "web", client_secret: CANARY, redirect_uris: ["https://rp.example.test/cb"] }],
  });
const named = (brand: string) => (document: SettingsDocument) => ({ ...document, brand });
const noLongName = ({ brand }: SettingsDocument): readonly Fault[] =>
  brand.includes("!") ? [{ path: "brand", message: "must not shout" }] : [];

overEngines("Settings", ({ store }) => {
  const open = () => {
    const { settings, audit } = store();
    return openSettings(
      { store: settings, sealer: testSealer(), audit, now: Date.now, judge: noLongName },
      first,
    );
  };

  it("two nodes that start first at once end with one first revision", async () => {
    const [left, right] = await Promise.all([open(), open()]);
    assert.equal(left.revision, 1);
    assert.deepEqual(left.document(), right.document());
    assert.equal((await left.history(10)).length, 1);
  });

  it("a change is a revision with when, who and what, and the other node finds it at its next look", async () => {
    const [left, right] = [await open(), await open()];
    const before = left.revision;
    const changed = await left.change({ change: named("Example"), by: "root", what: "brand" });
    assert.equal(changed.kind === "changed" && changed.revision, before + 1);
    assert.equal(right.document().brand, "Sallyport");
    assert.equal(await right.refresh(), true);
    assert.equal(right.document().brand, "Example");
    assert.equal(await right.refresh(), false);
    const [newest] = await right.history(1);
    assert.deepEqual([newest?.revision, newest?.by, newest?.what], [before + 1, "root", "brand"]);
    assert.equal((await right.at(before))?.brand, "Sallyport", "the old revision is still there to be read");
  });

  it("S20: a bad change is refused with every fault, and the old settings stay", async () => {
    const settings = await open();
    const { revision } = settings;
    const bad = await settings.change({
      change: (document) => ({
        ...document,
        brand: "",
        enrolment: "always" as "off",
        limits: { ...document.limits, codeLife: 601 },
      }),
      by: "root",
      what: "nonsense",
    });
    assert.equal(bad.kind, "faulty");
    const paths = bad.kind === "faulty" ? bad.faults.map(({ path }) => path).sort() : [];
    assert.deepEqual(paths, ["brand", "enrolment", "limits.codeLife"]);
    const judged = await settings.change({ change: named("Loud!"), by: "root", what: "brand" });
    assert.deepEqual(judged, { kind: "faulty", faults: [{ path: "brand", message: "must not shout" }] });
    assert.equal(settings.revision, revision);
  });

  it("S20: of two administrators on one revision one wins and the other is told", async () => {
    const [left, right] = [await open(), await open()];
    const ifRevision = left.revision;
    const results = await Promise.all([
      left.change({ change: named("Left"), by: "left", what: "brand", ifRevision }),
      right.change({ change: named("Right"), by: "right", what: "brand", ifRevision }),
    ]);
    assert.deepEqual(results.map(({ kind }) => kind).sort(), ["changed", "lost"]);
  });

  it("changes without a condition at once all take effect, one on top of the other", async () => {
    const nodes = [await open(), await open(), await open()];
    const { revision } = nodes[0] as (typeof nodes)[0];
    await Promise.all(
      nodes.map((node, index) =>
        node.change({
          change: (document) => ({
            ...document,
            limits: { ...document.limits, sessionIdle: document.limits.sessionIdle - 1 },
          }),
          by: `node ${index}`,
          what: "limits",
        }),
      ),
    );
    const [last] = nodes;
    await last?.refresh();
    assert.equal(last?.revision, revision + 3);
    assert.equal(last?.document().limits.sessionIdle, 3600 - 3);
  });

  it("a change that changes nothing makes no revision", async () => {
    const settings = await open();
    const same = await settings.change({ change: (document) => document, by: "root", what: "nothing" });
    assert.deepEqual([same.kind, settings.revision], ["same", settings.revision]);
  });

  it("M22: no secret of a client stands in the table", async () => {
    const { rows } = await store().database.run(
      statement<{ document: Uint8Array }>("select document from settings"),
    );
    assert.ok(rows.length > 0);
    for (const { document } of rows) assert.equal(Buffer.from(document).includes(CANARY), false);
  });
});
