/** What every directory that can be written to promises. Run by directory.test.ts over each implementation. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Directory, DirectoryWriter, NewUser, User } from "../../src/core/directory.ts";
import { Secret } from "../../src/core/secret.ts";

export const PASSWORD = "two doors, one open";

/** Declares the suite. `open` makes an empty directory with cheap hashes whose passwords need 8 characters. */
export function directoryContract(
  name: string,
  open: () => Promise<{ directory: Directory & { write: DirectoryWriter }; close(): Promise<void> }>,
  skip: string | false = false,
): void {
  describe(`Directory on ${name}`, { skip }, () => {
    let directory: Directory & { write: DirectoryWriter };
    let close: (() => Promise<void>) | undefined;
    before(async () => {
      const opened = await open();
      directory = opened.directory;
      close = opened.close;
    });
    after(() => close?.());

    const add = async (username: string, rest: Partial<NewUser> = {}): Promise<User> => {
      const added = await directory.write.add({ username, password: new Secret(PASSWORD), ...rest });
      assert.equal(added.kind, "done", username);
      if (added.kind !== "done") throw new Error("unreachable");
      return added.user;
    };
    const check = async (username: string, password: string) =>
      (await directory.checkPassword(username, new Secret(password))).kind;
    const refusal = async (username: string, password = PASSWORD) => {
      const added = await directory.write.add({ username, password: new Secret(password) });
      return added.kind === "done" ? "done" : added.kind;
    };

    it("finds a person by id and by name as it was added, with the claims", async () => {
      const claims = { given_name: "Ada", email: "ada@example.org", email_verified: true };
      const user = await add("ada", { claims });
      assert.match(user.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.deepEqual(user.claims, claims);
      assert.deepEqual(await directory.get(user.id), user);
      assert.deepEqual(await directory.find("ada"), user);
      assert.equal(await directory.get("nobody"), undefined);
      assert.equal(await directory.find("nobody"), undefined);
    });

    it("tells right from wrong, and both from unknown and disabled", async () => {
      const user = await add("bert");
      assert.deepEqual(await directory.checkPassword("bert", new Secret(PASSWORD)), { kind: "right", user });
      assert.equal(await check("bert", "two doors, both open"), "wrong");
      assert.equal(await check("nobody", PASSWORD), "unknown");
      await directory.write.setStatus(user.id, "disabled");
      assert.equal(await check("bert", PASSWORD), "disabled");
      assert.equal((await directory.get(user.id))?.status, "disabled", "P17: at once");
      await directory.write.setStatus(user.id, "active");
      assert.equal(await check("bert", PASSWORD), "right");
    });

    it("P12: every spelling of a name is the same person, and no two people", async () => {
      await add("José Ångström");
      const spellings = [
        "JOSÉ ÅNGSTRÖM",
        "José Ångström".normalize("NFD"),
        "ｊｏｓé ångström",
        "josé  ångström",
      ];
      for (const spelling of spellings) {
        assert.equal((await directory.find(spelling))?.username, "José Ångström", spelling);
        assert.equal(await check(spelling, PASSWORD), "right", spelling);
        assert.equal(await refusal(spelling), "username-taken", spelling);
      }
    });

    it("refuses names that cannot be told apart by looking, and empty, spaced and endless ones", async () => {
      const names = [
        "",
        " ",
        " ada",
        "ada ",
        "a\u202eda",
        "a\u200bda",
        "a\u00adda",
        "a\u0000da",
        "a\nda",
        "\ud800",
        "\u2028",
      ];
      for (const name of [...names, "x".repeat(129), "\ufdfa".repeat(8)])
        assert.equal(await refusal(name), "username-invalid", JSON.stringify(name));
      for (const name of ["x".repeat(128), "o'brien; drop table people", "{{7*7}}", "عمر", "名前", "🚪"])
        assert.equal(await refusal(name), "done", name);
    });

    it("a name nobody can have is unknown, whatever is in it", async () => {
      for (const name of [
        "",
        "\u0000",
        "ada\u0000",
        "\ud800",
        "x".repeat(100_000),
        "' or 1=1 --",
        "%",
        "*",
      ]) {
        assert.equal(await directory.find(name), undefined);
        assert.equal(await check(name, PASSWORD), "unknown");
      }
    });

    it("P01, P05: takes no password that policy refuses, and says why", async () => {
      for (const [password, why] of [
        ["short", /has 5 characters; at least 8/],
        ["password1", /guessed first/],
        ["quimbletree.2026", /little more than a name/],
        ["x".repeat(257), /more than 256/],
      ] as const) {
        const added = await directory.write.add({ username: "quimbletree.", password: new Secret(password) });
        assert.equal(added.kind, "password-refused");
        if (added.kind === "password-refused") assert.match(added.why, why);
      }
      assert.equal(await directory.find("quimbletree."), undefined);
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

    it("a new password replaces the old one", async () => {
      const { id } = await add("erik");
      assert.deepEqual(await directory.write.setPassword(id, new Secret("another pair of doors")), {
        kind: "done",
      });
      assert.equal(await check("erik", PASSWORD), "wrong");
      assert.equal(await check("erik", "another pair of doors"), "right");
      const refused = await directory.write.setPassword(id, new Secret("erik"));
      assert.equal(refused.kind, "password-refused");
      assert.equal(await check("erik", "another pair of doors"), "right");
    });

    it("renaming keeps the id and the password, and frees the old name", async () => {
      const { id } = await add("frida");
      await add("taken");
      assert.deepEqual(await directory.write.rename(id, "Frida Kahlo"), { kind: "done" });
      assert.equal((await directory.find("frida kahlo"))?.id, id);
      assert.equal(await directory.find("frida"), undefined);
      assert.equal(await check("FRIDA KAHLO", PASSWORD), "right");
      assert.deepEqual(await directory.write.rename(id, "TAKEN"), { kind: "username-taken" });
      assert.equal((await directory.write.rename(id, " ")).kind, "username-invalid");
      assert.deepEqual(await directory.write.rename(id, "FRIDA kahlo"), { kind: "done" }, "only the case");
      assert.notEqual((await add("frida")).id, id);
    });

    it("what is changed for nobody says so", async () => {
      assert.deepEqual(await directory.write.setPassword("nobody", new Secret(PASSWORD)), {
        kind: "unknown-user",
      });
      assert.deepEqual(await directory.write.rename("nobody", "somebody"), { kind: "unknown-user" });
      assert.deepEqual(await directory.write.setStatus("nobody", "disabled"), { kind: "unknown-user" });
    });

    it("M11: of 20 who add one name at once, one does", async () => {
      const kinds = await Promise.all(
        Array.from({ length: 20 }, (_, n) => refusal(n % 2 === 0 ? "Twenty" : "ＴＷＥＮＴＹ")),
      );
      assert.equal(kinds.filter((kind) => kind === "done").length, 1);
      assert.equal(kinds.filter((kind) => kind === "username-taken").length, 19);
    });
  });
}
