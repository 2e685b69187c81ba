/** Which passwords may be set. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { Secret } from "../../src/core/secret.ts";
import { commonPasswords, createBlocklist } from "../../src/kits/password/blocklist.ts";
import { openBreachedList } from "../../src/kits/password/breached.ts";
import {
  createPasswordPolicy,
  LEAST_ALONE,
  LEAST_WITH_SECOND_FACTOR,
} from "../../src/kits/password/policy.ts";

const blocklist = createBlocklist({ words: ["Sallyport", "login.example.org"] });
const policy = createPasswordPolicy({ least: LEAST_WITH_SECOND_FACTOR, blocklist });
const alone = createPasswordPolicy({ least: LEAST_ALONE, blocklist });

const judge = async (text: string, names: readonly string[] = [], by = policy) => {
  const judgement = await by.judge(new Secret(text), names);
  return judgement.kind === "fit" ? "fit" : judgement.why;
};

describe("the password policy", () => {
  it("P01: at least 8 with a second factor, at least 15 alone, counted in code points", async () => {
    assert.equal(await judge("kqzwvxj"), "It has 7 characters; at least 8 are needed.");
    assert.equal(await judge("kqzwvxjp"), "fit");
    assert.equal(await judge("kqzwvxjpmbtrgh", [], alone), "It has 14 characters; at least 15 are needed.");
    assert.equal(await judge("kqzwvxjpmbtrghy", [], alone), "fit");
    assert.equal(await judge("🚪🔑🚪🔑🚪🔑🚪"), "It has 7 characters; at least 8 are needed.");
    assert.throws(() => createPasswordPolicy({ least: 7, blocklist }), RangeError);
  });

  it("P02: 64 and 256 characters, eight emoji, spaces and any script are accepted; 257 are not", async () => {
    const fine = [
      randomBytes(32).toString("hex"),
      randomBytes(128).toString("hex"),
      "x".repeat(256),
      "😀".repeat(8),
      "пароль не простой",
      "two doors, one open",
      "  spaces around it  ",
    ];
    for (const text of fine) assert.equal(await judge(text), "fit", text);
    assert.match(await judge("x".repeat(257)), /more than 256/);
    assert.match(await judge(`kqzwvxjp mbtrghy\n`), /control character/);
  });

  it("P04: no rule on kinds of characters: 20 lower-case letters, 12 digits, 10 signs", async () => {
    for (const text of ["zqjvkxwpmbtrghyncdlf", "abcdefghijklmnopqrst", "840275913624", ";:,<>{}~^|"])
      assert.equal(await judge(text), "fit", text);
  });

  it("P05: the list holds at least 3000 passwords of 8 and more characters, and every one of them is refused", async () => {
    const long = [...(await commonPasswords())].filter((text) => [...text].length >= 8);
    assert.ok(long.length >= 3000, `${long.length}`);
    for (const text of long) assert.notEqual(await judge(text), "fit", text);
  });

  it("P05: capital letters, digits and signs around a common password do not make it another", async () => {
    const guessed = ["PASSWORD", "Password1!", "dragon2026!!", "p4ssw0rd", "!!monkey123", "ｐａｓｓｗｏｒｄ"];
    for (const text of [...guessed, "passwordpassword", "aaaaaaaa", "12ab12ab12ab"])
      assert.equal(await judge(text), "It is one of the passwords that are guessed first.", text);
    for (const text of ["dragon on a bicycle", "monkeys-eat-4-pears", "password-48213-zebra"])
      assert.equal(await judge(text), "fit", text);
  });

  it("P05: the username, the product's name and the host are no passwords, nor is what little is added to them", async () => {
    const leaning = "It is little more than a name that belongs to this sign-in.";
    const ada = ["ada.quimbletree@example.org"];
    for (const text of [
      "sallyport",
      "Sallyport2026!",
      "login.example.org",
      "example-login",
      "SallyPortSallyPort",
    ])
      assert.equal(await judge(text), leaning, text);
    for (const text of ["ada.quimbletree@example.org", "Quimbletree99", "quimbletree1815"])
      assert.equal(await judge(text, ada), leaning, text);
    assert.equal(await judge("graceqwerty123", ["grace"]), leaning, "a name and a common password");
    assert.equal(await judge("amazing grace, how sweet", ["grace"]), "fit");
    assert.equal(await judge("annual report of 1997", ["ann"]), "fit");
  });

  it("P02: what is hashed is the normal form", async () => {
    const judgement = await policy.judge(new Secret("Überraschung in Zürich".normalize("NFD")), []);
    assert.deepEqual(judgement, { kind: "fit", password: "Überraschung in Zürich".normalize("NFC") });
  });

  it("a refusal never repeats the password", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 4, maxLength: 12 }), async (text) => {
        const why = await judge(text, [text]);
        assert.ok(why === "fit" || !/[a-z]{4}/i.test(text) || !why.includes(text));
      }),
      { numRuns: 100 },
    );
  });
});

describe("the list of breached passwords", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-breached-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const list = (text: string) => {
    const file = join(folder, `${randomBytes(6).toString("hex")}.txt`);
    writeFileSync(file, text);
    return openBreachedList(file);
  };

  it("P05: refuses what stands on a line of the file, in clear or as SHA-1 with a count", async () => {
    const breached = list("first line\nold horse battery\r\ncaf\u00e9 au lait 12\nlast line here");
    const policyWithFile = createPasswordPolicy({ least: 8, blocklist: createBlocklist({ breached }) });
    const stolen = "It is in a list of passwords that were stolen elsewhere.";
    for (const text of ["first line", "old horse battery", "cafe\u0301 au lait 12", "last line here"])
      assert.equal(await judge(text, [], policyWithFile), stolen, text);
    for (const text of ["irst line", "first lin", "old horse batter", "last line her", "Last line here"])
      assert.equal(await judge(text, [], policyWithFile), "fit", text);
    // printf password | sha1sum
    const published = list(
      "0000000000000000000000000000000000000000:1\r\n5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9\r\n",
    );
    assert.equal(await published.has(["password"]), true);
    assert.equal(await published.has(["Password"]), false);
    assert.equal(await list("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8").has(["password"]), true);
  });

  it("finds a line wherever it lies in a file of many pieces, and nothing that is only part of one", async () => {
    const needle = "needle in the haystack";
    const filler = `${"hay ".repeat(15)}\n`;
    for (const offset of [0, 1 << 20, (1 << 20) - 5, (1 << 20) - 22, (1 << 20) - 23, 3 << 20]) {
      const front = filler.repeat(Math.ceil(offset / filler.length)).slice(0, Math.max(0, offset - 1));
      const before = offset === 0 ? "" : `${front}\n`;
      assert.equal(before.length, offset);
      assert.equal(await list(`${before}${needle}\nhay`).has([needle]), true, `at ${offset}`);
      assert.equal(await list(`${before}${needle}`).has([needle]), true, `at ${offset}, the end of the file`);
      assert.equal(await list(`${before}${needle}s\nhay`).has([needle]), false, `at ${offset}, longer`);
      assert.equal(
        await list(`${before}a ${needle}\nhay`).has([needle]),
        false,
        `at ${offset}, not at the start`,
      );
    }
    assert.equal(await list("").has([needle]), false);
  });

  it("a file that cannot be read is a fault of the configuration, said at the start", () => {
    assert.throws(() => openBreachedList(join(folder, "missing.txt")), {
      code: "configuration-invalid",
      message: /breached_passwords: .*missing\.txt cannot be read \(ENOENT\)/,
    });
  });
});
