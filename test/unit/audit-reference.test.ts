/** docs/reference/audit-events.md says of every kind of event what it means and what it carries. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AUDIT_WORDS, type AuditAct } from "../../src/core/audit-words.ts";

const page = fileURLToPath(new URL("../../docs/reference/audit-events.md", import.meta.url));
const MARK = /<!-- what follows .*-->\n/;

/** In the order in which a login goes. */
const ACTS: Readonly<Record<AuditAct, string>> = {
  verify: "A password or a code was tried",
  issue: "A code was made",
  send: "It was sent",
  deliver: "It has arrived",
  fail: "Something was refused or did not arrive",
  pause: "Somebody has to wait",
  disable: "A factor is disabled",
  bind: "A phone is bound",
  remove: "Something was taken away",
  change: "Something was changed",
  notice: "A person was told",
  override: "Somebody used a power over somebody else's account",
  session: "Logins, tokens, sessions, consent",
  alarm: "Alarms",
};

function reference(): string {
  const parts = Object.entries(ACTS).map(([act, heading]) => {
    const rows = Object.entries(AUDIT_WORDS)
      .filter(([, word]) => word.act === act)
      .map(([kind, { means, facts }]) => [
        `\`${kind}\``,
        means,
        facts.map((fact) => `\`${fact}\``).join(", "),
      ]);
    const all = [["kind", "what has happened", "facts that may be there"], ...rows];
    const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
    const line = (row: readonly string[]) =>
      `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
    const [head = [], ...body] = all;
    const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
    return `\n## ${heading}\n\n${[line(head), rule, ...body.map(line)].join("\n")}\n`;
  });
  return parts.join("");
}

test("L01: docs/reference/audit-events.md has every kind of event there is, and what it carries", () => {
  const text = readFileSync(page, "utf8");
  const [mark] = MARK.exec(text) ?? [""];
  assert.notEqual(mark, "");
  const whole = text.slice(0, text.indexOf(mark) + mark.length) + reference();
  if (process.env.SALLYPORT_WRITE_REFERENCE === "1") writeFileSync(page, whole);
  assert.equal(readFileSync(page, "utf8"), whole);
});
