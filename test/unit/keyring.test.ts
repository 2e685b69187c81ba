import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { beforeEach, describe, it } from "node:test";
import { inspect } from "node:util";
import { calculateJwkThumbprint, type JWK } from "jose";
import { createKeyring } from "../../src/core/keyring.ts";
import type { KeyRow, KeyStore } from "../../src/core/keys.ts";
import { Secret } from "../../src/core/secret.ts";

const masterKey = new Secret(Buffer.alloc(32, 7).toString("base64"));

/** A key store in an array; the real ones run test/contracts/key-store.test.ts. */
function createRows(): KeyStore & { rows: KeyRow[] } {
  const store = {
    rows: [] as KeyRow[],
    all: async () => [...store.rows],
    addUnlessPresent: async (row: KeyRow) => {
      if (!store.rows.some(({ id }) => id === row.id)) store.rows.push(row);
    },
    rotate: async (row: KeyRow, expiresAt: number) => {
      const isOld = ({ purpose, expiresAt: end }: KeyRow) => purpose === row.purpose && end === null;
      store.rows = [...store.rows.map((old) => (isOld(old) ? { ...old, expiresAt } : old)), row];
    },
  };
  return store;
}

describe("The keyring", () => {
  let store: ReturnType<typeof createRows>;
  let at = 0;
  beforeEach(() => {
    store = createRows();
    at = 1_000_000_000;
  });
  const open = async (onChange?: () => void) => {
    const keyring = createKeyring({ store, masterKey, now: () => at, onChange });
    await keyring.load();
    return keyring;
  };
  const ids = (keyring: Awaited<ReturnType<typeof open>>) => keyring.secrets("cookie").map(({ id }) => id);
  const kids = (keyring: Awaited<ReturnType<typeof open>>, alg: string) =>
    keyring
      .signing()
      .filter((jwk) => jwk.alg === alg)
      .map(({ kid }) => kid);

  it("L05: makes signing keys of both algorithms and a secret for every purpose, once", async () => {
    const keyring = await open();
    assert.deepEqual(
      keyring
        .signing()
        .map(({ alg }) => alg)
        .sort(),
      ["ES256", "RS256"],
    );
    for (const jwk of keyring.signing()) {
      assert.equal(jwk.use, "sig");
      assert.equal(jwk.kid, await calculateJwkThumbprint(jwk as JWK));
      const key = createPrivateKey({ key: jwk as never, format: "jwk" });
      const data = Buffer.from("data");
      assert.equal(verify("sha256", data, createPublicKey(key), sign("sha256", data, key)), true);
    }
    const rsa = keyring.signing().find(({ alg }) => alg === "RS256");
    assert.equal(Buffer.from(String(rsa?.n), "base64url").length, 256);
    for (const purpose of ["cookie", "code", "seal", "lookup", "csrf", "callback", "audit"] as const)
      assert.equal(keyring.secrets(purpose)[0]?.bytes.length, 32);
    const again = await open();
    assert.deepEqual(again.signing(), keyring.signing());
    assert.equal(store.rows.length, 9);
  });

  it("L05: a new key is published first, signs after the lead, and the old one stays for the overlap", async () => {
    const keyring = await open();
    const [old] = kids(keyring, "RS256");
    await keyring.rotate("signing-rs256", { lead: 60, overlap: 3_600 });
    const fresh = kids(keyring, "RS256")[1];
    assert.deepEqual(kids(keyring, "RS256"), [old, fresh]);
    at += 59_999;
    assert.deepEqual(kids(keyring, "RS256"), [old, fresh]);
    at += 1;
    assert.deepEqual(kids(keyring, "RS256"), [fresh, old]);
    at += 3_599_999;
    assert.deepEqual(kids(keyring, "RS256"), [fresh, old]);
    at += 1;
    assert.deepEqual(kids(keyring, "RS256"), [fresh]);
    assert.equal(kids(keyring, "ES256").length, 1, "other purposes are untouched");
  });

  it("L05: sealing keys open for good; with no lead and no overlap another key ends at once", async () => {
    const keyring = await open();
    await keyring.rotate("seal", { lead: 0, overlap: 0 });
    await keyring.rotate("cookie", { lead: 0, overlap: 0 });
    assert.deepEqual(
      keyring.secrets("seal").map(({ id }) => id),
      ["seal-2", "seal-1"],
    );
    assert.deepEqual(ids(keyring), ["cookie-2"]);
  });

  it("L05: another node follows at its next look, and is told when anything changed, also by the clock", async () => {
    const keyring = await open();
    let changes = 0;
    const other = await open(() => {
      changes += 1;
    });
    assert.equal(await other.refresh(), false);
    await keyring.rotate("cookie", { lead: 60, overlap: 60 });
    assert.deepEqual([await other.refresh(), changes], [true, 1]);
    assert.deepEqual(ids(other), ["cookie-1", "cookie-2"]);
    at += 60_000;
    assert.deepEqual(ids(other), ["cookie-2", "cookie-1"], "it takes over by itself");
    assert.deepEqual([await other.refresh(), changes], [true, 2], "and the next look says so");
    at += 60_000;
    assert.deepEqual([await other.refresh(), changes, ids(other)], [true, 3, ["cookie-2"]]);
    assert.deepEqual([await other.refresh(), changes], [false, 3]);
  });

  it("answers the same arrays until something changes, so that others may cache by identity", async () => {
    const keyring = await open();
    const before = keyring.secrets("seal");
    await keyring.refresh();
    assert.equal(keyring.secrets("seal"), before);
    await keyring.rotate("cookie", { overlap: 1 });
    assert.notEqual(ids(keyring).length, 1);
  });

  it("M29: a node whose clock is behind uses the oldest key instead of none", async () => {
    await open();
    at -= 3_600_000;
    const keyring = await open();
    assert.deepEqual(ids(keyring), ["cookie-1"]);
    assert.equal(keyring.signing().length, 2);
  });

  it("L05: refuses a master key that is another one, and rows that were swapped, in one sentence", async () => {
    await open();
    const other = new Secret(Buffer.alloc(32, 8).toString("base64"));
    const wrong = createKeyring({ store, masterKey: other, now: () => at });
    await assert.rejects(wrong.load(), {
      code: "key-unavailable",
      message: /^The master key does not open.*\.$/,
    });
    const [code, cookie] = ["code-1", "cookie-1"].map((id) => store.rows.find((row) => row.id === id));
    assert.ok(code && cookie);
    store.rows = [{ ...code, material: cookie.material }];
    await assert.rejects(open(), { code: "key-unavailable" });
  });

  it("refuses a master key of another length and never prints it", () => {
    for (const text of [
      "",
      "short",
      Buffer.alloc(31).toString("base64"),
      `${"!".repeat(43)}=`,
      "A".repeat(88),
    ]) {
      const make = () => createKeyring({ store, masterKey: new Secret(text), now: () => at });
      assert.throws(make, (error) => text === "" || !inspect(error).includes(text));
    }
    createKeyring({ store, masterKey: new Secret(`${masterKey.reveal()}\n`), now: () => at });
  });

  it("says in one sentence that keys are not loaded", () => {
    const keyring = createKeyring({ store, masterKey, now: () => at });
    assert.throws(() => keyring.secrets("cookie"), { code: "key-unavailable" });
  });
});
