/** docs/reference/directories.md names every field there is, its default, and what each preset fills in. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PRESETS } from "../../src/plugins/directories/ldap/presets.ts";
import { ldapFields } from "../../src/plugins/directories/ldap/schema.ts";

const page = fileURLToPath(new URL("../../docs/reference/directories.md", import.meta.url));
const MARK = /<!-- what follows .*-->\n/;

interface Field {
  readonly name: string;
  readonly fallback: unknown;
  readonly required: boolean;
}

/** Every field by its whole name, with what it is where it is left out. */
function fieldsOf(shape: Readonly<Record<string, z.ZodType>>, prefix = ""): readonly Field[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    const left = schema.safeParse(undefined);
    const fallback = left.success && typeof left.data !== "object" ? left.data : undefined;
    const field = { name, fallback, required: !left.success };
    let inner: z.ZodType = schema;
    while (!(inner instanceof z.ZodObject) && "unwrap" in inner)
      inner = (inner as z.ZodOptional<z.ZodType>).unwrap();
    return [field, ...(inner instanceof z.ZodObject ? fieldsOf(inner.shape, `${name}.`) : [])];
  });
}

function presetTable(): string {
  const names = Object.keys(PRESETS) as (keyof typeof PRESETS)[];
  const code = (value: string) => `\`${value}\``;
  const rows = names.map((name) => {
    const { people, filter, username, id, claims, phone, passwordBy } = PRESETS[name];
    const listed = Object.entries(claims).map(([claim, attribute]) => `${claim} ← ${attribute}`);
    return [
      `### ${code(name)}\n`,
      `- people: ${code(people)}`,
      `- filter: ${code(filter)}`,
      `- username: ${code(username)}, id: ${code(id)}`,
      `- claims: ${listed.join(", ")}`,
      `- phone: ${code(phone.attribute)}${phone.flag ? ", a boolean" : ""}${phone.multiple ? ", several numbers" : ""}`,
      `- a new password is set by ${passwordBy === "exop" ? "the Password Modify operation (RFC 3062)" : code(passwordBy)}`,
      "",
    ].join("\n");
  });
  return `\n## Presets\n\n${rows.join("\n")}`;
}

test("the reference of directories has every field with its default, and every preset", () => {
  const text = readFileSync(page, "utf8");
  const rows = new Map(
    [...text.matchAll(/^\| `([a-z_.]+)` +\| (.*?) +\|/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]),
  );
  const fields = fieldsOf(ldapFields.shape);
  assert.deepEqual([...rows.keys()].sort(), fields.map(({ name }) => name).sort());
  for (const { name, fallback, required } of fields) {
    if (fallback !== undefined) assert.equal(rows.get(name), `\`${fallback}\``, name);
    assert.equal(rows.get(name) === "required", required, `${name} is required: ${required}`);
  }
  const [mark] = MARK.exec(text) ?? [""];
  assert.notEqual(mark, "");
  const whole = text.slice(0, text.indexOf(mark) + mark.length) + presetTable();
  if (process.env.SALLYPORT_WRITE_REFERENCE === "1") writeFileSync(page, whole);
  assert.equal(readFileSync(page, "utf8"), whole);
});
