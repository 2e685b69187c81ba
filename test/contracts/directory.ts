/** What every directory that can be written to promises. Run by directory.test.ts over each implementation. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Directory, DirectoryWriter, NewUser, PeopleQuery, User } from "../../src/core/directory.ts";
import { Secret } from "../../src/core/secret.ts";
import { PASSWORD, readingContract } from "./directory-read.ts";

export { PASSWORD };

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
    /** By two readings, and by the one of a sign-in: the same is said. */
    const check = async (username: string, password: string) => {
      const { kind } = await directory.checkPassword(username, new Secret(password));
      const found = await directory.lookUp?.(username);
      if (found !== undefined) {
        assert.equal((await found.check(new Secret(password))).kind, kind, username);
        assert.deepEqual(found.user, await directory.find(username));
      }
      return kind;
    };
    const refusal = async (username: string, password = PASSWORD) => {
      const added = await directory.write.add({ username, password: new Secret(password) });
      return added.kind === "done" ? "done" : added.kind;
    };

    readingContract({
      directory: () => directory,
      add,
      setStatus: ({ id }, status) => directory.write.setStatus(id, status),
      later: async () => {},
    });

    it("an id of a person who was added is a random UUID", async () => {
      const { id, claims } = await add("uma", { claims: { email_verified: true } });
      assert.deepEqual(claims, { email_verified: true });
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
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

    const done = async (change: Promise<{ kind: string }>) => assert.equal((await change).kind, "done");
    const user = async (id: string): Promise<User> => {
      const found = await directory.get(id);
      assert.ok(found);
      return found;
    };

    it("S20: each change of a person makes a new version; one made on an old version is refused and changes nothing", async () => {
      const { id, version, createdAt } = await add("hedy");
      assert.equal(version, 1);
      await done(directory.write.setClaims(id, { name: "Hedy Lamarr" }, 1));
      const { write } = directory;
      const late = [
        write.setClaims(id, {}, 1),
        write.rename(id, "hedwig", 1),
        write.setStatus(id, "disabled", 1),
        write.setRoles(id, ["admin"], 1),
        write.setPassword(id, new Secret("another pair of doors"), 1),
        write.change(id, { username: "hedwig", status: "disabled" }, 1),
        write.remove(id, 1),
      ];
      for (const change of late) assert.deepEqual(await change, { kind: "changed-meanwhile" });
      const now = await user(id);
      const { updatedAt, ...rest } = now;
      assert.ok(updatedAt >= createdAt);
      assert.deepEqual(rest, {
        id,
        username: "hedy",
        status: "active",
        roles: [],
        version: 2,
        createdAt,
        claims: { name: "Hedy Lamarr" },
      });
      assert.equal(await check("hedy", PASSWORD), "right");
      assert.deepEqual(await directory.find("hedy"), now, "by name as by id");
    });

    it("S20: of 20 who change one version of a person at once, one does; without a version all do", async () => {
      const { id } = await add("grete");
      const kinds = await Promise.all(
        Array.from({ length: 20 }, (_, n) => directory.write.setClaims(id, { nickname: `n${n}` }, 1)),
      );
      assert.equal(kinds.filter(({ kind }) => kind === "done").length, 1);
      assert.equal(kinds.filter(({ kind }) => kind === "changed-meanwhile").length, 19);
      await Promise.all([
        done(directory.write.setClaims(id, { nickname: "g" })),
        done(directory.write.setRoles(id, ["auditor"])),
        done(directory.write.rename(id, "margarete")),
        done(directory.write.setStatus(id, "disabled")),
      ]);
      const { username, status, roles, claims, version } = await user(id);
      assert.deepEqual(
        { username, status, roles, claims, version },
        {
          username: "margarete",
          status: "disabled",
          roles: ["auditor"],
          claims: { nickname: "g" },
          version: 6,
        },
        "none has undone another's",
      );
    });

    it("changes several things of a person in one act, or none of them", async () => {
      const { id } = await add("ines");
      const change = { username: "inés", claims: { email: "ines@example.org" }, roles: ["helpdesk"] };
      const refused = [
        await directory.write.change(id, { ...change, username: "ada" }),
        await directory.write.change(id, { ...change, username: " " }),
        await directory.write.change(id, { ...change, password: new Secret("short") }),
        await directory.write.change(id, { ...change, roles: ["emperor"] }),
        await directory.write.setRoles(id, ["admin", '"] or 1=1 --']),
      ].map(({ kind }) => kind);
      assert.deepEqual(refused, [
        "username-taken",
        "username-invalid",
        "password-refused",
        "role-unknown",
        "role-unknown",
      ]);
      assert.equal((await user(id)).version, 1);
      const password = new Secret("another pair of doors");
      const changed = await directory.write.change(id, { ...change, password }, 1);
      assert.equal(changed.kind, "done");
      if (changed.kind !== "done") return;
      assert.deepEqual(await user(id), changed.user);
      assert.deepEqual(
        [changed.user.username, changed.user.roles, changed.user.version],
        ["inés", ["helpdesk"], 2],
      );
      assert.equal(await check("INÉS", "another pair of doors"), "right");
    });

    it("a person who was removed is gone, and the name is free", async () => {
      const { id } = await add("jean");
      await done(directory.write.remove(id, 1));
      assert.equal(await directory.get(id), undefined);
      assert.equal(await check("jean", PASSWORD), "unknown");
      assert.deepEqual(await directory.write.remove(id), { kind: "unknown-user" });
      assert.notEqual((await add("jean")).id, id);
    });

    const found = async (query: Partial<PeopleQuery>): Promise<string[]> =>
      (await directory.list({ sortBy: "username", limit: 100, ...query })).users.map(
        ({ username }) => username,
      );

    it("filters by username, email, status and role, all of them together", async () => {
      const { id } = await add("mary", {
        claims: { email: "Mary@Example.org" },
        roles: ["admin", "auditor"],
      });
      await add("martha", { claims: { email: "mary@example.org" } });
      await directory.write.setStatus(id, "disabled");
      assert.deepEqual(await found({ filter: { username: "ＭＡＲＹ" } }), ["mary"]);
      assert.deepEqual(await found({ filter: { email: "mary@EXAMPLE.org" } }), ["martha", "mary"]);
      assert.deepEqual(await found({ filter: { email: "mary@example.org", status: "active" } }), ["martha"]);
      assert.deepEqual(await found({ pattern: "mary", filter: { role: "auditor" } }), ["mary"]);
      assert.deepEqual(await found({ filter: { role: "audit" } }), [], "a part of a role is none");
      await add("mary-2", { claims: { given_name: "Mary", family_name: "Ward" } });
      await add("mary-3", { claims: { name: "Mary Ward-Smith" } });
      assert.deepEqual(await found({ filter: { name: "mary  WARD" } }), ["mary-2"], "the whole name alone");
      assert.deepEqual(await found({ filter: { name: "Ward" } }), []);
      await directory.write.setClaims(id, { email: "other@example.org" });
      assert.deepEqual(await found({ filter: { email: "mary@example.org" } }), ["martha"]);
      assert.deepEqual(await found({ pattern: "other@" }), ["mary"], "and found by what is there now");
    });

    it("what a provisioning client calls a person finds them, by the letter and for that client alone", async () => {
      const external = { client: "hr", id: "A-1001" };
      const { id, ...added } = await add("nora", { external });
      assert.deepEqual(added.external, external);
      assert.deepEqual((await directory.get(id))?.external, external);
      assert.deepEqual(await directory.find("nora"), await directory.get(id), "by name as by id");
      const by = (client: string, wanted: string) => found({ filter: { external: { client, id: wanted } } });
      assert.deepEqual(await by("hr", "A-1001"), ["nora"]);
      for (const [client, wanted] of [
        ["hr", "a-1001"],
        ["hr", "A-100"],
        ["hr", "A-1001 "],
        ["hr", "%"],
        ["hr", "\0"],
        ["hr", "\ud800"],
        ["hr", ""],
        ["hr", "x".repeat(100_000)],
        ["HR", "A-1001"],
        ["payroll", "A-1001"],
      ] as const)
        assert.deepEqual(await by(client, wanted), [], `${client} ${wanted.slice(0, 20)}`);
      const page = {
        filter: { external, status: "disabled" },
        sortBy: "inum",
        limit: 1,
        total: true,
      } as const;
      assert.equal((await directory.list(page)).total, 0, "together with other conditions");
      const other = await add("olga", { external: { client: "payroll", id: "A-1001" } });
      assert.deepEqual(await by("payroll", "A-1001"), ["olga"], "two clients, one number, two people");
      await done(directory.write.change(id, { claims: { name: "Nora" } }));
      assert.deepEqual(await by("hr", "A-1001"), ["nora"], "it stays unless it is named");
      await done(directory.write.change(id, { external: { client: "hr", id: "\u{1f6aa}".repeat(150) } }));
      assert.deepEqual(await by("hr", "\u{1f6aa}".repeat(150)), ["nora"]);
      const changed = await directory.write.change(id, { external: null });
      assert.ok(changed.kind === "done" && changed.user.external === undefined);
      assert.equal((await directory.get(id))?.external, undefined);
      await done(directory.write.remove(other.id));
      await add("olga-2", { external: { client: "payroll", id: "A-1001" } });
    });

    it("an external id of somebody else is refused as such, and changes nothing", async () => {
      const external = { client: "hr", id: "7" };
      const first = await add("petra", { external });
      const second = await add("quinn");
      const taken = { kind: "external-id-taken" };
      const password = new Secret(PASSWORD);
      assert.deepEqual(await directory.write.add({ username: "rosa", password, external }), taken);
      assert.equal(await directory.find("rosa"), undefined);
      assert.deepEqual(await directory.write.change(second.id, { claims: { name: "Q" }, external }), taken);
      assert.deepEqual(await user(second.id), second);
      assert.equal(
        (await directory.write.add({ username: "PETRA", password, external })).kind,
        "username-taken",
      );
      assert.deepEqual(await directory.write.change(second.id, { username: "petra" }), {
        kind: "username-taken",
      });
      await done(directory.write.change(first.id, { external }));
      const kinds = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          directory.write.add({ username: `twin-${n}`, password, external: { client: "hr", id: "8" } }),
        ),
      );
      assert.equal(kinds.filter(({ kind }) => kind === "done").length, 1, "M11: of 20 at once, one");
      assert.equal(kinds.filter(({ kind }) => kind === "external-id-taken").length, 19);
    });

    it("an id nobody can have is unknown", async () => {
      for (const id of ["", "\u0000", "a\u0000b", "\ud800", "x".repeat(100_000)]) {
        assert.equal(await directory.get(id), undefined);
        assert.deepEqual(await directory.write.setStatus(id, "disabled"), { kind: "unknown-user" });
        assert.deepEqual(await directory.write.remove(id), { kind: "unknown-user" });
      }
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
