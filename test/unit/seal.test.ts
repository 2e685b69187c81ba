import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { NamedKey } from "../../src/core/keys.ts";
import { createSealer } from "../../src/core/seal.ts";

const key = (id: string): NamedKey => ({ id, bytes: Buffer.alloc(32, id) });
const LOOKUP = [key("lookup-1")];
/** A sealer whose sealing keys a test may change. */
const sealerOver = (seal: readonly NamedKey[]) => {
  const keys = { seal };
  const secrets = (purpose: string) => (purpose === "seal" ? keys.seal : LOOKUP);
  return { sealer: createSealer({ secrets }), keys };
};

describe("The sealer", () => {
  it("gives back any value under its label", () => {
    const { sealer } = sealerOver([key("seal-1")]);
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 3_000 }), (label, plain) => {
        assert.deepEqual(Uint8Array.from(sealer.open(label, sealer.seal(label, plain))), plain);
      }),
      { numRuns: 300 },
    );
  });

  it("L06: refuses a value of which one bit, the length or the label differs", () => {
    const { sealer } = sealerOver([key("seal-1")]);
    const sealed = sealer.seal("kind\0row", Buffer.from("value"));
    const refused = (bytes: Uint8Array, label = "kind\0row") =>
      assert.throws(() => sealer.open(label, bytes), { code: "sealed-value-invalid" });
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      refused(changed);
    }
    for (let length = 0; length < sealed.length; length += 1) refused(sealed.subarray(0, length));
    refused(Buffer.concat([sealed, Buffer.of(0)]));
    refused(sealed, "kind\0other row");
  });

  it("L06: never uses a nonce twice under one salt, in two processes at once, and shows nothing of the value", () => {
    const keys = { secrets: () => ring };
    const ring = [key("seal-1")];
    const nodes = [createSealer(keys, 1000), createSealer(keys, 1000)];
    const seen = new Set<string>();
    const salts = new Set<string>();
    const plain = Buffer.from("the same value every time");
    const start = 2 + "seal-1".length;
    for (let round = 0; round < 100_000; round += 1) {
      const sealed = Buffer.from(nodes[round % 2]?.seal("label", plain) ?? []);
      salts.add(sealed.toString("latin1", start, start + 16));
      seen.add(sealed.toString("latin1", start, start + 28));
      if (round === 0) assert.equal(sealed.includes("value"), false);
    }
    assert.equal(seen.size, 100_000);
    assert.equal(salts.size, 100, "a new salt after every thousand messages of each");
  });

  it("L05: opens what an older key sealed, seals with the first, and knows no key it was not given", () => {
    const { sealer, keys } = sealerOver([key("seal-1")]);
    const old = sealer.seal("label", Buffer.from("old"));
    keys.seal = [key("seal-2"), key("seal-1")];
    const fresh = sealer.seal("label", Buffer.from("new"));
    assert.equal(Buffer.from(sealer.open("label", old)).toString(), "old");
    keys.seal = [key("seal-2")];
    assert.equal(Buffer.from(sealer.open("label", fresh)).toString(), "new");
    assert.throws(() => sealer.open("label", old), { code: "sealed-value-invalid" });
  });

  it("L05: names rows the same before and after a rotation of the sealing key, and apart by label", () => {
    const { sealer, keys } = sealerOver([key("seal-1")]);
    const name = sealer.lookup("row session", "id");
    keys.seal = [key("seal-2"), key("seal-1")];
    assert.equal(sealer.lookup("row session", "id"), name);
    assert.match(name, /^[A-Za-z0-9_-]{43}$/);
    const others = [
      sealer.lookup("row login", "id"),
      sealer.lookup("row session", "id2"),
      sealer.lookup("row", "session id"),
    ];
    assert.equal(new Set([name, ...others]).size, 4);
  });

  it("remembers no name beyond the key it was made with", () => {
    let lookup = [key("lookup-1")];
    const sealer = createSealer({ secrets: () => lookup });
    const name = sealer.lookup("row session", "id");
    lookup = [key("lookup-2")];
    assert.notEqual(sealer.lookup("row session", "id"), name);
    lookup = [key("lookup-1")];
    assert.equal(sealer.lookup("row session", "id"), name);
  });

  it("says in one sentence that keys are not loaded", () => {
    const { sealer } = sealerOver([]);
    assert.throws(() => sealer.seal("label", Buffer.of()), { code: "key-unavailable" });
  });

  it("seals and opens a kilobyte in microseconds", (t) => {
    const { sealer } = sealerOver([key("seal-1")]);
    const plain = Buffer.alloc(1_000, "x");
    const sealed = sealer.seal("label", plain);
    const time = (act: () => unknown) => {
      for (let round = 0; round < 2_000; round += 1) act();
      const start = performance.now();
      for (let round = 0; round < 5_000; round += 1) act();
      return (performance.now() - start) / 5;
    };
    const [seal, open] = [time(() => sealer.seal("label", plain)), time(() => sealer.open("label", sealed))];
    t.diagnostic(
      `seal ${seal.toFixed(1)} µs, open ${open.toFixed(1)} µs, lookup ${time(() => sealer.lookup("l", "v")).toFixed(1)} µs`,
    );
    // The target is 15 µs; the bound leaves room for a busy machine.
    assert.ok(seal < 150 && open < 150, `${seal} µs, ${open} µs`);
  });
});
