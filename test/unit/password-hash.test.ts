/** Hashes as text, the comparison, and the bound on how many are computed at a time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Breakage } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { createHashing, DEFAULT_COST } from "../../src/kits/password/hashing.ts";
import { normalPassword } from "../../src/kits/password/normal.ts";
import { affordable, formatHash, parseHash } from "../../src/kits/password/phc.ts";
import { createTurnstile } from "../../src/kits/password/turnstile.ts";

const CHEAP = { memory: 64, passes: 1, lanes: 1 };

describe("password hashes", () => {
  it("P06: are argon2id with m=19456, t=2, p=1, a 16-byte salt and a 32-byte tag unless told otherwise", async () => {
    const text = await createHashing().hash("two doors, one open");
    assert.match(text, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    const parsed = parseHash(text);
    assert.ok(parsed);
    assert.deepEqual([parsed.salt.length, parsed.tag.length], [16, 32]);
    assert.deepEqual(DEFAULT_COST, { memory: 19_456, passes: 2, lanes: 1 });
  });

  it("P06: 1000 hashes of one password have 1000 salts and 1000 tags", async () => {
    const hashing = createHashing({ cost: CHEAP, waiting: 1000 });
    const all = await Promise.all(Array.from({ length: 1000 }, () => hashing.hash("the same for all")));
    assert.equal(new Set(all.map((text) => text.split("$")[4])).size, 1000);
    assert.equal(new Set(all.map((text) => text.split("$")[5])).size, 1000);
  });

  it("agree with a test vector of the reference implementation (phc-winner-argon2, test.c)", async () => {
    const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert.deepEqual(await createHashing().verify(known, "password"), { right: true, outdated: false });
    assert.deepEqual(await createHashing().verify(known, "Password"), { right: false });
  });

  it("are read back exactly as written, whatever salt, tag and cost", () => {
    const bytes = (min: number) =>
      fc.uint8Array({ minLength: min, maxLength: 64 }).map((part) => Buffer.from(part));
    const hash = fc
      .record({
        memory: fc.integer({ min: 128, max: 262_144 }),
        passes: fc.integer({ min: 1, max: 4 }),
        lanes: fc.integer({ min: 1, max: 16 }),
        salt: bytes(8),
        tag: bytes(16),
      })
      .filter(affordable);
    fc.assert(fc.property(hash, (one) => assert.deepEqual(parseHash(formatHash(one)), { ...one })));
  });

  it("M27: a stored hash that would cost gigabytes or hours is not computed", async () => {
    const salt = "c29tZXNhbHQ";
    const tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    const texts = [
      `$argon2id$v=19$m=2147483648,t=2,p=1$${salt}$${tag}`,
      `$argon2id$v=19$m=262145,t=1,p=1$${salt}$${tag}`,
      `$argon2id$v=19$m=262144,t=64,p=1$${salt}$${tag}`,
      `$argon2id$v=19$m=8,t=65,p=1$${salt}$${tag}`,
      `$argon2id$v=19$m=8,t=1,p=2$${salt}$${tag}`,
      `$argon2id$v=19$m=64,t=0,p=1$${salt}$${tag}`,
      `$argon2id$v=19$m=064,t=1,p=1$${salt}$${tag}`,
      `$argon2id$v=16$m=64,t=1,p=1$${salt}$${tag}`,
      `$argon2id$v=19$m=64,t=1,p=1$${salt}=$${tag}`,
      `$argon2id$v=19$m=64,t=1,p=1$${salt}$short`,
      `$argon2id$v=19$m=64,t=1,p=1$${salt}$${tag}\n`,
      `$argon2id$v=19$m=64,t=1,p=1,keyid=x$${salt}$${tag}`,
      "",
      "password",
    ];
    for (const text of texts) {
      assert.equal(parseHash(text), undefined, text);
      await assert.rejects(createHashing({ cost: CHEAP }).verify(text, "x"), { code: "store-damaged" }, text);
    }
    // Base64 has spare bits in its last character; only one spelling is taken.
    assert.ok(parseHash(`$argon2id$v=19$m=64,t=1,p=1$${salt}$${tag}`));
    assert.equal(parseHash(`$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHR$${tag}`), undefined);
  });

  it("P03: the last of 100 characters counts, and so does the last of 256 emoji", async () => {
    const hashing = createHashing({ cost: CHEAP });
    for (const text of [`${"0123456789".repeat(10)}`, "🚪".repeat(256)]) {
      const stored = await hashing.hash(text);
      assert.equal((await hashing.verify(stored, text)).right, true);
      const changed = `${[...text].slice(0, -1).join("")}x`;
      assert.equal((await hashing.verify(stored, changed)).right, false);
    }
  });

  it("P07: says that a hash is outdated when today's cost is higher, and not when it is lower", async () => {
    const low = createHashing({ cost: CHEAP });
    const high = createHashing({ cost: { memory: 128, passes: 2, lanes: 1 } });
    const [old, fresh] = [await low.hash("x"), await high.hash("x")];
    assert.deepEqual(await high.verify(old, "x"), { right: true, outdated: true });
    assert.deepEqual(await high.verify(fresh, "x"), { right: true, outdated: false });
    assert.deepEqual(await low.verify(fresh, "x"), { right: true, outdated: false });
  });

  it("nothing to compare with is never right", async () => {
    const hashing = createHashing({ cost: CHEAP });
    assert.deepEqual(await hashing.verify(hashing.decoy, "x"), { right: false });
    assert.deepEqual(await hashing.verify(hashing.decoy, undefined), { right: false });
    assert.deepEqual(await hashing.verify(await hashing.hash(""), undefined), { right: false });
  });

  it("a cost beyond all bounds is refused at the start", () => {
    for (const cost of [
      { memory: 4, passes: 1, lanes: 1 },
      { memory: 2 ** 31, passes: 1, lanes: 1 },
    ])
      assert.throws(() => createHashing({ cost }), { code: "configuration-invalid" });
  });
});

describe("the normal form of passwords", () => {
  const normal = (text: string) => normalPassword(new Secret(text));

  it("P02: NFC and NFD, full width and ligatures are one password", () => {
    assert.equal(
      normal("Zürich-Überraschung".normalize("NFD")),
      normal("Zürich-Überraschung".normalize("NFC")),
    );
    assert.equal(normal("ｐａｓｓ ﬁ"), "pass fi");
  });

  it("P03: case, spaces and length stay as they are", () => {
    assert.equal(normal("  Two  Doors "), "  Two  Doors ");
    assert.equal(normal("x".repeat(256)), "x".repeat(256));
  });

  it("P15: what nobody can have is told apart before it costs anything", () => {
    assert.equal(normal("x".repeat(257)), undefined);
    assert.equal(normal("\ufdfa".repeat(255)), undefined, "255 code points that become 4590");
    assert.equal(normal("x".repeat(50_000_000)), undefined);
    assert.equal(normal("half \ud83d"), undefined, "a lone surrogate would become U+FFFD in UTF-8");
  });

  it("is stable: what is normal stays as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        const once = normal(text);
        if (once !== undefined) assert.equal(normal(once), once);
      }),
    );
  });
});

describe("the turnstile", () => {
  it("P15: lets so many through at a time, in the order they came, and turns the rest away at once", async () => {
    const turnstile = createTurnstile({ atOnce: 2, waiting: 5, longestWait: 10_000 });
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        turnstile.pass(async () => {
          inside += 1;
          most = Math.max(most, inside);
          order.push(n);
          await sleep(2);
          inside -= 1;
        }),
      ),
    );
    assert.equal(most, 2);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
    const refused = results.filter((result) => result.status === "rejected");
    assert.equal(refused.length, 13);
    for (const { reason } of refused) {
      assert.ok(reason instanceof Breakage);
      assert.equal(reason.code, "hashing-busy");
      assert.ok((reason.retryAfter ?? 0) >= 1);
    }
    assert.deepEqual(turnstile.stats(), { active: 0, waiting: 0, total: 7, refused: 13 });
  });

  it("P15: nobody waits longer than told, and who gave up holds nobody else up", async () => {
    const turnstile = createTurnstile({ atOnce: 1, waiting: 5, longestWait: 20 });
    let open = () => {};
    const first = turnstile.pass(() => new Promise<void>((resolve) => (open = resolve)));
    await assert.rejects(
      turnstile.pass(async () => {}),
      { code: "hashing-busy" },
    );
    const patient = turnstile.pass(async () => "in");
    open();
    await first;
    assert.equal(await patient, "in");
    assert.equal(turnstile.stats().active, 0);
  });

  it("a failure inside makes room like a success", async () => {
    const turnstile = createTurnstile({ atOnce: 1, waiting: 1, longestWait: 1000 });
    const failing = turnstile.pass(() => Promise.reject(new Error("no memory")));
    const next = turnstile.pass(async () => "in");
    await assert.rejects(failing, /no memory/);
    assert.equal(await next, "in");
  });
});
