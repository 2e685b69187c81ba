/** The numbers that pages and messages give as examples are of the country they look like, so whoever types one is let on. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createPhones } from "../../src/kits/phone/phones.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("a British mobile that is given as an example counts as British", () => {
  const phones = createPhones();
  const found = globSync(["README.md", "docs/**/*.md", "src/**/*.ts"], { cwd: root }).flatMap((file) =>
    [...readFileSync(`${root}${file}`, "utf8").matchAll(/\+44 ?7\d{3} ?\d{6}/g)].map(([number]) => ({
      file,
      number,
    })),
  );
  assert.ok(found.length >= 5);
  for (const { file, number } of found) {
    const parsed = phones.parse(number, { allowedCountries: ["GB"], country: undefined });
    assert.equal(parsed.kind, "number", `${file}: ${number}`);
  }
});
