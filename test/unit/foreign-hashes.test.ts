/** Hashes that other servers have made: published examples, what is refused, and what a form gives away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readForeign, takeHash } from "../../src/kits/password/foreign.ts";
import { createHashing } from "../../src/kits/password/hashing.ts";

const b64 = (hex: string) => Buffer.from(hex, "hex").toString("base64").replace(/=+$/, "");

/** Each as its own makers publish it. */
const PUBLISHED: readonly (readonly [name: string, password: string, hash: string])[] = [
  ["crypt_blowfish", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  [
    "SHA-crypt, Drepper",
    "Hello world!",
    "{CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
  ],
  ["md5-crypt, openssl passwd -1", "secret", "{CRYPT}$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1"],
  [
    "md5-crypt, a long one",
    "a password of more than sixteen characters, that is 33 or so",
    "$1$12345678$h5JelH5Og7o9M3kPNAXe00",
  ],
  ["md5-crypt, in UTF-8", "Grüße", "$1$x$M4nVmkK2nmBxnBpMoD3o00"],
  ["SHA-crypt, Drepper", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"],
  [
    "RFC 7914 §11",
    "passwd",
    `$pbkdf2-sha256$1$${b64("73616c74")}$${b64("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783")}`,
  ],
  [
    "RFC 7914 §12",
    "password",
    `$scrypt$ln=10,r=8,p=16$${b64("4e61436c")}$${b64("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")}`,
  ],
  [
    "the reference implementation of argon2",
    "password",
    "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
  ],
  ["OpenLDAP", "secret", "{SSHA}+RFhsab2AfzZ0VfEdyknXtUT06RhYmNk"],
];

for (const [name, password, hash] of PUBLISHED)
  test(`P07: a published hash is right for its password and no other: ${name}, ${hash.slice(0, 12)}`, async () => {
    const read = readForeign(hash) ?? assert.fail("not read");
    assert.equal(await read.matches(password), true);
    assert.equal(await read.matches(`${password} `), false);
    assert.equal(await read.matches(""), false);
    const form = readForeign(read.form) ?? assert.fail("the form is no hash itself");
    assert.equal(form.form, read.form, "and is its own form");
    assert.equal(await form.matches(password), false, "which is nobody's");
  });

test("P03: bcrypt looks at 72 bytes, so a longer password is refused and not cut", async () => {
  const { default: bcrypt } = await import("bcryptjs");
  const cut = "x".repeat(72);
  const hash = bcrypt.hashSync(cut, 4);
  const read = readForeign(hash) ?? assert.fail();
  assert.deepEqual([await read.matches(cut), await read.matches(`${cut}y`)], [true, false]);
});

test("what is weak, costs too much or is no hash is refused, with the reason", () => {
  const tag = "A".repeat(43);
  const refused = [
    "secret",
    "{MD5}Qhz9FD5FDD9YFKBJVAngcw==",
    "{CRYPT}ab01FAX.bQRSU",
    "{CRYPT}$1$abcdefghi$cHJi5PXp/ki/ktXzqlk6I1",
    "{CRYPT}$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I",
    `$2b$31$${"a".repeat(53)}`,
    `$2x$05$${"a".repeat(53)}`,
    `$pbkdf2-sha256$99999999$c2FsdA$${tag}`,
    `$pbkdf2-sha256$NaN$c2FsdA$${tag}`,
    `$pbkdf2-md5$1000$c2FsdA$${tag}`,
    `$scrypt$ln=30,r=8,p=1$c2FsdA$${tag}`,
    `$scrypt$ln=14,r=0,p=1$c2FsdA$${tag}`,
    `$6$rounds=9999999$salt$${"a".repeat(86)}`,
    `$argon2i$v=19$m=9999999,t=9,p=1$c29tc2FsdA$${tag}`,
    `$argon2id$v=16$m=4096,t=3,p=1$c29tc2FsdA$${tag}`,
    "{SSHA}AAAA",
    "{SSHA}",
    `{SSHA}${"A".repeat(5000)}`,
    "{PBKDF2_SHA256}AAAA",
    "{{{}}}",
    "",
  ];
  for (const text of refused) {
    const taken = takeHash(text);
    assert.ok("why" in taken, text);
    assert.ok(!taken.why.includes(tag), "the reason holds no part of the hash");
  }
});

test("argon2id at another cost is our own kind, and needs no form", () => {
  const taken = takeHash(
    "{ARGON2}$argon2id$v=19$m=7168,t=5,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  );
  assert.ok("hash" in taken && taken.form === undefined && taken.hash.startsWith("$argon2id$"));
});

test("a right password over an old hash asks for a new one; a wrong one and one that nobody can have do not", async () => {
  const hashing = createHashing({ cost: { memory: 64, passes: 1, lanes: 1 } });
  const hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  const verify = (password: string | undefined, typed = password ?? "") =>
    hashing.verify(hash, password, { forms: ["{SSHA}AAAA"], typed });
  assert.deepEqual(await verify("U*U"), { right: true, outdated: true });
  assert.deepEqual(await verify("U*V"), { right: false });
  assert.deepEqual(await verify(undefined, "U*U"), { right: false });
});
