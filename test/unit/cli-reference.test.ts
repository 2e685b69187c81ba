/** docs/reference/cli.md says what `--help` says, for every command there is. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { completionOf } from "../../src/surfaces/admin/cli/completion.ts";
import { wholeProgram } from "../kit/program.ts";

const page = fileURLToPath(new URL("../../docs/reference/cli.md", import.meta.url));
const MARK = /<!-- what follows .*-->\n/;

/** Every command that does something, with all its words. */
const commandsOf = (command: Command): readonly Command[] =>
  command.commands
    .filter((one) => one.name() !== "help")
    .flatMap((one) => (one.commands.length === 0 ? [one] : [one, ...commandsOf(one)]));

const wordsOf = (command: Command): string =>
  command.parent === null ? command.name() : `${wordsOf(command.parent)} ${command.name()}`;

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).configureHelp({ helpWidth: 100 });
  command.outputHelp();
  return text.trimEnd();
}

/** What `withConnection` adds is the same everywhere, and stands on the page once. */
const CONNECTION = /\n*Which server, and who asks:\n(?: .*\n?)+/;

function reference(): string {
  return commandsOf(wholeProgram())
    .map((command) => {
      const whole = helpOf(command);
      const text = wordsOf(command) === "sallyport cli" ? whole : whole.replace(CONNECTION, "\n");
      return `\n## ${wordsOf(command)}\n\n\`\`\`\n${text.replace(/\n{3,}/g, "\n\n").trimEnd()}\n\`\`\`\n`;
    })
    .join("");
}

test("docs/reference/cli.md is what --help says", () => {
  const text = readFileSync(page, "utf8");
  const [mark] = MARK.exec(text) ?? [""];
  assert.notEqual(mark, "");
  const written = text.slice(0, text.indexOf(mark) + mark.length);
  const whole = written + reference();
  if (process.env.SALLYPORT_WRITE_REFERENCE === "1") writeFileSync(page, whole);
  assert.equal(readFileSync(page, "utf8"), whole);
});

test("every command says what it does, and every verb shows an example", () => {
  for (const command of commandsOf(wholeProgram())) {
    assert.notEqual(command.description(), "", wordsOf(command));
    if (command.commands.length === 0 && !/ (keys|pages|audit) (rotate|check|verify)$/.test(wordsOf(command)))
      assert.match(helpOf(command), /\nExamples?:\n {2}/, wordsOf(command));
  }
});

test("completion knows every command and option, and shells take it", async () => {
  const made = wholeProgram();
  for (const shell of ["bash", "zsh", "fish"]) {
    const text = await completionOf(made, shell);
    for (const word of ["get-config-scripts-by-inum", "CustomScripts", "url-suffix", "phone", "completion"])
      assert.ok(text.includes(word), `${shell}: ${word}`);
  }
  const bash = await completionOf(made, "bash");
  const complete = (line: string): string[] => {
    const words = line.split(" ").map((word) => `'${word}'`);
    const asked = `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; _sallyport; echo "\${COMPREPLY[@]}"`;
    const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", `${bash}\n${asked}`], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    return stdout.trim().split(" ");
  };
  assert.deepEqual(complete("sallyport acr "), ["list", "enable", "disable", "default", "--help"]);
  assert.deepEqual(complete("sallyport user phone ad"), ["add"]);
  assert.ok(complete("sallyport cli --url").includes("--url-suffix"));
  assert.deepEqual(complete("sallyport cli --operation-id put-a"), ["put-acrs"]);
});
