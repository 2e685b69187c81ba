/** Every command that the documents, the examples and the program itself name is one that can be typed. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { AUDIT_WORDS } from "../../src/core/audit-words.ts";
import { operations } from "../../src/surfaces/admin/contract/operations.ts";
import { wholeProgram } from "../kit/program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = wholeProgram();
// Main's own, which stand in main.ts itself.
const main = readFileSync(join(root, "src/main.ts"), "utf8");
for (const [name, option] of [["demo"], ["serve", "--config <file>"]] as const) {
  assert.ok(main.includes(`.command("${name}")`) && (option === undefined || main.includes(`"${option}"`)));
  const command = program.command(name);
  if (option !== undefined) command.option(option);
}

const OPERATION_IDS = new Set(operations.flatMap(({ id, aliases = [] }) => [id, ...aliases]));
const WORD = /^[a-z][a-z-]*$/;

const named = (command: Command, word: string): Command | undefined =>
  command.commands.find((one) => one.name() === word || one.aliases().includes(word));

/** What is wrong with a command line, whose first word is the one behind `sallyport`; undefined: nothing. */
function wrong(words: readonly string[], strict: boolean): string | undefined {
  let command = program;
  let at = 0;
  for (; at < words.length && command.commands.length > 0; at++) {
    const names = (words[at] as string).split("|");
    if (!names.every((name) => WORD.test(name))) break;
    const unknown = names.find((name) => named(command, name) === undefined);
    if (unknown !== undefined) return `${command.name()} has no ${unknown}`;
    command = named(command, names[0] as string) as Command;
  }
  const options = [...command.options, ...(command.parent?.options ?? [])];
  for (; at < words.length; at++) {
    const [flags = "", glued] = (words[at] as string).split("=", 2);
    const [flag = "", ...others] = flags.split("|");
    const known = (one: string) => options.find(({ long, short }) => long === one || short === one);
    const option = known(flag);
    if (/^--?[a-z]/.test(flag)) {
      if (flag === "--help" || flag === "-h" || (flag === "--version" && command === program)) continue;
      const strange = [flag, ...others].find((one) => known(one) === undefined);
      if (option === undefined || strange !== undefined) return `${command.name()} has no option ${strange}`;
      const value = glued ?? words[at + 1] ?? "";
      if (flag === "--operation-id" && /^[a-z][a-z0-9-]+$/.test(value) && !OPERATION_IDS.has(value))
        return `there is no operation ${value}`;
      if (command.name() === "audit" && flag === "--kind")
        for (const kind of value.split(",").filter((one) => WORD.test(one)))
          if (!Object.hasOwn(AUDIT_WORDS, kind)) return `there is no kind ${kind} in the audit`;
      if (option.required && glued === undefined) at++;
    } else if (strict && command.registeredArguments.length === 0 && WORD.test(flag))
      return `${command.name()} takes no ${flag}`;
  }
  return undefined;
}

/** The words up to the end of a command: a pipe, a redirection, a remark, or the end of a sentence. */
function wordsOf(text: string): readonly string[] {
  const found: string[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    const bare = word.replace(/^["'(]+/, "").replace(/[.,;:)"'`]+$/, "");
    if (/^[|<>&;#(…]|^\d?>|\$\{/.test(word) || word === "\\") break;
    found.push(bare);
    if (bare !== word && /[.,;:)`]$/.test(word)) break;
  }
  return found;
}

// What follows "sallyport" and ends in v1 is the name of a use of a key.
const NAMED = /(?<![\w./@:=-])sallyport (?=[a-z-])(?!\w+ v1\b)(.*)/g;

/** Code alone: in a document "sallyport" is a word as well. */
const codeOf = (markdown: string): readonly string[] => {
  const blocks = [...markdown.matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  const spans = [...markdown.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`]+)`/g)];
  return [
    ...blocks.flatMap((text) => text.replaceAll("\\\n", " ").split("\n")),
    ...spans.map(([, text = ""]) => text.replaceAll("\n", " ")),
  ];
};

/** Where a command may stand: the code of a document, every line of anything else. */
function linesOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), "utf8");
  if (file.endsWith(".md")) return codeOf(text);
  // A line end that is written in a literal ends a command as a real one does.
  return text.replaceAll("\\\n", " ").split(/\n|\\n/);
}

function faultsOf(pattern: string, strict: (file: string) => boolean): readonly [number, readonly string[]] {
  let seen = 0;
  const faults: string[] = [];
  for (const file of globSync(pattern, { cwd: root }).filter(
    (one) => /\.[a-z]+$/.test(one) && !one.endsWith("cli/completion.ts"),
  ))
    for (const line of linesOf(file))
      for (const part of line.split(/(?=sallyport [a-z])/))
        for (const [, text = ""] of part.matchAll(NAMED)) {
          seen++;
          const fault = wrong(wordsOf(text), strict(file));
          if (fault !== undefined) faults.push(`${file}: sallyport ${text.slice(0, 80)}: ${fault}`);
        }
  return [seen, faults];
}

test("a command that is not there is seen, with its options, its operation and its kind", () => {
  const say = (line: string) => wrong(wordsOf(line), true);
  assert.equal(say("config edit"), "config has no edit");
  assert.equal(say("phone remove."), "sallyport has no phone");
  assert.equal(say("audit list --kind code-sent"), "audit has no list");
  assert.equal(say("client enable, where that was not meant."), "client has no enable");
  assert.equal(say("user show ada --colour"), "show has no option --colour");
  assert.equal(say("user factor list|take ada"), "factor has no take");
  assert.equal(say("cli --operation-id get-nothing"), "there is no operation get-nothing");
  assert.equal(say("audit --kind code-cent"), "there is no kind code-cent in the audit");
  assert.equal(say("config export everything"), "export takes no everything");
  assert.equal(say('session end --user ada --reason "laptop --stolen" | sort --numeric'), undefined);
});

for (const [pattern, least] of [
  ["docs/**", 200],
  ["README.md", 2],
  ["examples/**", 5],
  ["src/**/*.ts", 100],
] as const)
  test(`every command that ${pattern} names can be typed`, () => {
    const [seen, faults] = faultsOf(pattern, (file) => file.endsWith(".md"));
    assert.ok(seen >= least, `only ${seen} were looked at`);
    assert.deepEqual(faults, []);
  });
