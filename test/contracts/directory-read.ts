/** What every directory promises to those who read it, whoever keeps its people. Run over each implementation. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { Claims, Directory, PeopleQuery, User } from "../../src/core/directory.ts";
import { Secret } from "../../src/core/secret.ts";

export const PASSWORD = "two doors, one open";

/** A directory, and how a test puts people into it: by its own writer, or behind its back. */
export interface Reading {
  /** Opened by the time a test runs. */
  directory(): Directory;
  add(
    username: string,
    rest?: { readonly claims?: Claims | undefined; readonly password?: Secret | undefined },
  ): Promise<User>;
  setStatus(user: User, status: User["status"]): Promise<unknown>;
  /** Lets so much time go by that a change is seen. */
  later(): Promise<unknown>;
}

/** Declares the tests, in the suite around it. */
export function readingContract({ directory, add, setStatus, later }: Reading): void {
  const check = async (username: string, password: string) =>
    (await directory().checkPassword(username, new Secret(password))).kind;

  const found = async (query: Partial<PeopleQuery>): Promise<string[]> =>
    (await directory().list({ sortBy: "username", limit: 100, ...query })).users.map(
      ({ username }) => username,
    );

  it("P12: every spelling of a name is the same person to whoever signs in", async () => {
    await add("Åsa Öberg");
    for (const spelling of ["ÅSA ÖBERG", "Åsa Öberg".normalize("NFD"), "Åｓａ  öberg"]) {
      assert.equal((await directory().find(spelling))?.username, "Åsa Öberg", spelling);
      assert.equal(await check(spelling, PASSWORD), "right", spelling);
    }
  });

  it("finds a person by id and by name as it was added, with the claims", async () => {
    const claims = {
      name: "Ada Byron",
      given_name: "Ada",
      family_name: "Byron",
      email: "ada@example.org",
    };
    const user = await add("ada", { claims });
    assert.deepEqual(user.claims, claims);
    assert.deepEqual(await directory().get(user.id), user);
    assert.deepEqual(await directory().find("ada"), user);
    assert.equal(await directory().get("nobody"), undefined);
    assert.equal(await directory().find("nobody"), undefined);
  });

  it("tells right from wrong, and both from unknown and disabled", async () => {
    const user = await add("bert");
    assert.deepEqual(await directory().checkPassword("bert", new Secret(PASSWORD)), {
      kind: "right",
      user,
    });
    assert.equal(await check("bert", "two doors, both open"), "wrong");
    assert.equal(await check("nobody", PASSWORD), "unknown");
    await setStatus(user, "disabled");
    await later();
    assert.equal(await check("bert", PASSWORD), "disabled");
    assert.equal((await directory().get(user.id))?.status, "disabled", "P17");
    await setStatus(user, "active");
    await later();
    assert.equal(await check("bert", PASSWORD), "right");
  });

  it("a name nobody can have is unknown, whatever is in it", async () => {
    for (const name of ["", "\u0000", "ada\u0000", "\ud800", "x".repeat(100_000), "' or 1=1 --", "%", "*"]) {
      assert.equal(await directory().find(name), undefined);
      assert.equal(await check(name, PASSWORD), "unknown");
    }
  });

  it("P02: a password in another normal form is the same password, up to 256 characters of any script", async () => {
    for (const [username, password] of [
      ["zoe", "Zoë öffnet die Tür".normalize("NFC")],
      ["emoji", "😀".repeat(8)],
      ["long", "🚪".repeat(256)],
    ] as const) {
      await add(username, { password: new Secret(password) });
      assert.equal(await check(username, password.normalize("NFD")), "right");
      assert.equal(await check(username, password), "right");
    }
  });

  it("P03: no truncation, no change of case, no trimming", async () => {
    const password = `${"0123456789abcdef".repeat(6)}xyzq`;
    await add("exact", { password: new Secret(password) });
    assert.equal(await check("exact", password), "right");
    for (const other of [
      `${password.slice(0, -1)}Q`,
      password.slice(0, -1),
      `${password}q`,
      ` ${password}`,
      `${password} `,
      password.toUpperCase(),
    ])
      assert.equal(await check("exact", other), "wrong");
  });

  it("P15: passwords too long to be anybody's are wrong", async () => {
    await add("dora");
    for (const length of [257, 4096, 5000, 1_000_000]) {
      assert.equal(await check("dora", "x".repeat(length)), "wrong");
      assert.equal(await check("nobody", "x".repeat(length)), "unknown");
    }
    assert.equal(await check("dora", ""), "wrong");
    assert.equal(await check("dora", "\u0000"), "wrong");
  });

  it("finds people by a part of their username, name or email, in any case and normal form", async () => {
    await add("k-lovelace", { claims: { name: "Ada Augusta Kìng", email: "Countess@Example.Org" } });
    await add("k-hopper", { claims: { given_name: "Grace", family_name: "Hopper" } });
    for (const [pattern, names] of [
      ["LOVELACE", ["k-lovelace"]],
      ["augusta KÌNG".normalize("NFD"), ["k-lovelace"]],
      ["countess@example", ["k-lovelace"]],
      ["grace hop", ["k-hopper"]],
      ["k-", ["k-hopper", "k-lovelace"]],
      ["k-x", []],
    ] as const)
      assert.deepEqual(await found({ pattern }), names, pattern);
  });

  it("a pattern is text: nothing in it is a wildcard, an operator or the end of a statement", async () => {
    await add("l%100_\\z", { claims: { email: "l'1@example.org" } });
    await add("lx100yz");
    assert.deepEqual(await found({ pattern: "l%100_\\Z" }), ["l%100_\\z"]);
    assert.deepEqual(await found({ pattern: "L'1" }), ["l%100_\\z"]);
    const nobodys = [
      "l%z",
      "l_100",
      "lx%",
      "\\%",
      "' or '1'='1",
      "'; drop table people; --",
      "$1",
      "{for update}",
      "?",
      '")',
      "\u0000",
      "a\u0000",
      "\ud800",
      "%".repeat(200),
      "x".repeat(100_000),
    ];
    for (const text of nobodys) {
      assert.deepEqual(await found({ pattern: text }), [], JSON.stringify(text.slice(0, 40)));
      for (const name of ["username", "email", "role", "status"])
        assert.deepEqual(await found({ filter: { [name]: text } }), [], `${name} ${text.slice(0, 40)}`);
    }
  });

  it("a cursor of another order, or nobody's, is refused", async () => {
    const { next = "" } = await directory().list({ sortBy: "username", limit: 1 });
    for (const after of [next, "", "x", Buffer.from("[]").toString("base64url")])
      await assert.rejects(directory().list({ sortBy: "createdAt", limit: 1, after }), RangeError);
    await assert.rejects(
      directory().list({ sortBy: "username", descending: true, limit: 1, after: next }),
      RangeError,
    );
  });
}
