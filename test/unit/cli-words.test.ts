/** What `sallyport cli` reads from the command line, and what it lets a terminal see. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { readBody } from "../../src/surfaces/admin/cli/body.ts";
import { taskOf } from "../../src/surfaces/admin/cli/document.ts";
import { readPairs, readPatch, removal, splitEscaped } from "../../src/surfaces/admin/cli/pairs.ts";
import { Failure } from "../../src/surfaces/admin/cli/screen.ts";
import { readHost } from "../../src/surfaces/admin/client/host.ts";
import { printable, printableJson } from "../../src/surfaces/admin/client/printable.ts";
import { printableYaml } from "../../src/surfaces/admin/client/printable-yaml.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-cli-words-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** As a person has to type it. */
const escaped = (text: string): string => text.replace(/[\\,]/g, "\\$&");
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (problem) {
    assert.ok(problem instanceof Failure);
    return problem.message;
  }
  throw new Error("it was taken");
};

describe("--url-suffix and --endpoint-args", () => {
  test("whatever is escaped comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (pieces) => {
        assert.deepEqual(splitEscaped(pieces.map(escaped).join(","), ","), pieces);
      }),
      { numRuns: 40 },
    );
    const name = fc.stringMatching(/^[A-Za-z]{2,12}$/);
    const value = fc.string({ unit: "binary" }).map((text) => text.trim());
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key }), (pairs) => {
        const typed = pairs.map(([key, text]) => `${key}:${escaped(text)}`).join(",");
        assert.deepEqual(readPairs(typed).pairs, Object.fromEntries(pairs));
      }),
      { numRuns: 40 },
    );
  });

  test("as in the original: the first colon, joined repetitions, spaces off, pieces without a name dropped", () => {
    assert.deepEqual(
      readPairs("fieldValuePair:scriptType=dynamic_scope, fieldValuePair : level=100,junk,:x,a:y").pairs,
      { fieldValuePair: "scriptType=dynamic_scope,level=100" },
    );
    assert.deepEqual(readPairs("junk,:x,a:y,").dropped, ["junk", ":x", "a:y"]);
    assert.deepEqual(readPairs("url:https://a.example").pairs, { url: "https://a.example" });
    assert.deepEqual(readPairs("userDn:inum=122f\\,ou=people\\,o=jans").pairs, {
      userDn: "inum=122f,ou=people,o=jans",
    });
  });
});

test("--patch-*: key:value with one colon, a slash in front, the value as text", () => {
  assert.deepEqual(readPatch("replace", "level:50"), { op: "replace", path: "/level", value: "50" });
  assert.deepEqual(readPatch("add", "/a/b:https\\://x"), { op: "add", path: "/a/b", value: "https://x" });
  assert.deepEqual(removal("aliases"), { op: "remove", path: "/aliases" });
  for (const bad of ["level", "a:b:c", ":b"])
    assert.match(
      refusal(() => readPatch("add", bad)),
      /give key:value/,
    );
});

describe("--data", () => {
  test("a file, JSON itself, and _file values at the top only", async () => {
    const source = join(folder, "script.py");
    writeFileSync(source, "print()\n");
    const file = join(folder, "data.json");
    writeFileSync(file, JSON.stringify({ script: `_file ${source}`, deep: { script: `_file ${source}` } }));
    assert.deepEqual(await readBody(file), { script: "print()\n", deep: { script: `_file ${source}` } });
    assert.deepEqual(await readBody(`[{"a":"_file ${source} "}]`), [{ a: "print()\n" }]);
    assert.deepEqual(await readBody('{"defaultAcr":"x"}'), { defaultAcr: "x" });
  });

  test("what is neither is said, and what is damaged is not quoted: it could be a secret", async () => {
    await assert.rejects(readBody("none.json"), /none\.json is no file, and no JSON either/);
    const file = join(folder, "broken.json");
    writeFileSync(file, '{\n  "clientSecret": "canary-5vJm2" x }');
    await assert.rejects(readBody(file), (problem: Error) => {
      assert.match(problem.message, /broken\.json is not JSON/);
      assert.doesNotMatch(problem.message, /canary/);
      return true;
    });
    await assert.rejects(readBody('{"a":"_file /nowhere/x"}'), /a: \/nowhere\/x cannot be read \(ENOENT\)/);
  });
});

describe("S21: what a terminal sees", () => {
  const ACTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

  test("no text from a server holds a character that a terminal would act on", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => assert.doesNotMatch(printable(text), ACTS)),
    );
    assert.equal(printable("\u001b]0;owned\u0007 Ada\u202egro"), "\\u{1b}]0;owned\\u{7} Ada\\u{202e}gro");
    assert.equal(printable("\u009b31m Zoë 東京"), "\\u{9b}31m Zoë 東京");
  });

  test("JSON means the same, whatever was escaped in it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const text = printableJson(value);
        assert.doesNotMatch(text.replaceAll("\n", ""), ACTS);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      }),
    );
    assert.equal(
      printableJson("\u001b\u007f\u009b\u202e\u{e0041}"),
      '"\\u001b\\u007f\\u009b\\u202e\\udb40\\udc41"',
    );
  });
});

test("S21: YAML means the same, too", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), text), (value) => {
      const yaml = printableYaml(value);
      assert.doesNotMatch(yaml.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      assert.deepEqual({ ...parse(yaml) }, { ...value });
    }),
  );
});

test("a host: https unless it is this machine, and nothing beside it", () => {
  const origin = (given: string) => {
    const read = readHost(given);
    return read.kind === "done" ? read.value : read.kind;
  };
  assert.equal(origin("login.example.org"), "https://login.example.org");
  assert.equal(origin("https://login.example.org:8443/"), "https://login.example.org:8443");
  assert.equal(origin("localhost:8080"), "http://localhost:8080");
  assert.equal(origin("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
  assert.equal(origin("[::1]:8080"), "http://[::1]:8080");
  for (const bad of [
    "http://login.example.org",
    "http://localhost.evil.example",
    "https://user:secret@login.example.org",
    "https://login.example.org/x",
    "ftp://localhost",
    "",
    "http://127.0.0.1.evil.example",
  ])
    assert.equal(origin(bad), "usage", bad);
});

test("a task is a tag in the original's spelling", () => {
  for (const [tag, task] of [
    ["Custom Scripts", "CustomScripts"],
    ["OAuth - OpenID Connect - Clients", "OauthOpenidConnectClients"],
    ["Configuration – User Management", "ConfigurationUserManagement"],
    ["Auth - Session Management", "AuthSessionManagement"],
  ] as const)
    assert.equal(taskOf(tag), task);
});
