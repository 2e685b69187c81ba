/** docs/reference/doctor.md has every check there is, and the tutorial names only commands and checks there are. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SMS_REMEDIES } from "../../src/core/sms-remedies.ts";
import { DOCTOR_CHECKS } from "../../src/surfaces/admin/host/doctor-checks.ts";

const file = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const MARK = /<!-- what follows .*-->\n/;

const row = (cells: readonly string[], widths: readonly number[]) =>
  `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |\n`;
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((head, at) =>
    Math.max(head.length, ...rows.map((one) => one[at]?.length ?? 0)),
  );
  const line = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`;
  return `${row(headings, widths)}${line}${rows.map((one) => row(one, widths)).join("")}`;
}

test("docs/reference/doctor.md is made of what doctor looks at and says", () => {
  const page = file("reference/doctor.md");
  const text = readFileSync(page, "utf8");
  const [mark = ""] = MARK.exec(text) ?? [];
  assert.notEqual(mark, "");
  const checks = Object.entries(DOCTOR_CHECKS).map(([check, what]) => [`\`${check}\``, what]);
  const remedies = Object.entries(SMS_REMEDIES).map(([reason, { means, remedy }]) => [
    `\`${reason}\``,
    means,
    remedy,
  ]);
  const whole = `${text.slice(0, text.indexOf(mark) + mark.length)}
## What is looked at

${table(["check", "what it is about"], checks)}
## What a provider's refusal means

${table(["reason", "it means", "what to do"], remedies)}`;
  if (process.env.SALLYPORT_WRITE_REFERENCE === "1") writeFileSync(page, whole);
  assert.equal(readFileSync(page, "utf8"), whole);
});

test("every command of the night's tutorial is one of the reference's", () => {
  const reference = readFileSync(file("reference/cli.md"), "utf8");
  const commands = [...readFileSync(file("tutorials/at-3-am.md"), "utf8").matchAll(/^sallyport (.+)$/gm)];
  assert.ok(commands.length >= 5);
  for (const [, line = ""] of commands) {
    const words = line.split(" ");
    const two = `## sallyport ${words.slice(0, 2).join(" ")}\n`;
    const isKnown = reference.includes(two) || reference.includes(`## sallyport ${words[0]}\n`);
    assert.ok(isKnown, line);
    const section =
      reference
        .slice(reference.indexOf(reference.includes(two) ? two : `## sallyport ${words[0]}\n`))
        .split("\n## ")[0] ?? "";
    for (const [, option] of line.matchAll(/ (--[a-z-]+)/g))
      assert.ok(
        section.includes(option ?? "?") || /^--(host|config-file)$/.test(option ?? ""),
        `${line}: ${option}`,
      );
  }
});
