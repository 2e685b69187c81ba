/** The planted bugs (scripts/planted-bugs.ts) still fit the sources and tests they name; whether they are caught, only a run says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BUGS } from "../../scripts/planted/bugs.ts";

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

test("there are six planted bugs, each in a text that stands in the sources exactly once", () => {
  assert.equal(BUGS.length, 6);
  for (const { name, changes } of BUGS)
    for (const { file, from, to } of changes) {
      assert.equal(read(file).split(from).length, 2, `${name}: ${from}`);
      assert.notEqual(from, to);
    }
});

test("each planted bug names tests that there are", () => {
  for (const { name, test: file, red } of BUGS)
    for (const begins of red) assert.ok(read(file).includes(`"${begins}`), `${name}: ${begins}`);
});
