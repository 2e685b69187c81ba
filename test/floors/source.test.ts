/** Rules about the sources themselves that no import shows (ARCHITECTURE: floors and conventions). */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { ALL } from "../../scripts/groups.ts";

const root = path.resolve(import.meta.dirname, "../..");
const files = globSync("src/**/*.{ts,tsx}", { cwd: root })
  .sort()
  .map((file) => ({ file, text: readFileSync(path.join(root, file), "utf8") }));
const linesOf = (text: string) => text.trimEnd().split("\n").length;
/** Without comments, so that a comment may name what the code must not do. A `//` in a URL stays. */
const codeOf = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(?<![:"'`\\])\/\/.*$/gm, "");

/** The files whose code matches, minus those that may. */
function using(pattern: RegExp, allowed: readonly RegExp[] = []): string[] {
  return files
    .filter(({ file, text }) => pattern.test(codeOf(text)) && !allowed.some((may) => may.test(file)))
    .map(({ file }) => file);
}

test("there are sources to look at", () => {
  assert.ok(files.length >= 20, `${files.length} files`);
});

test("no file is longer than 400 lines, and the median is at most 100", () => {
  const sizes = files
    .map(({ file, text }) => ({ file, lines: linesOf(text) }))
    .sort((a, b) => a.lines - b.lines);
  assert.deepEqual(
    sizes.filter(({ lines }) => lines > 400),
    [],
  );
  const median = sizes[Math.floor(sizes.length / 2)];
  assert.ok(median !== undefined && median.lines <= 100, `the median is ${median?.lines} lines`);
});

test("each folder says in a head comment what it owns", () => {
  const opens = (text: string) => /^(#!.*\n)?\/\*\*[\s\S]{60,}?\*\//.test(text);
  const folders = Map.groupBy(files, ({ file }) => path.dirname(file));
  const silent = [...folders]
    .filter(([, inside]) => !inside.some(({ text }) => opens(text)))
    .map(([folder]) => folder);
  assert.deepEqual(silent, []);
});

test("no name says utils, helpers, common, manager or service", () => {
  const empty = /(^|-)(utils?|helpers?|common|managers?|services?)$/;
  const parts = files.map(({ file }) => file.replace(/\.tsx?$/, "").split("/"));
  assert.deepEqual(
    parts.filter((names) => names.some((name) => empty.test(name))).map((names) => names.join("/")),
    [],
  );
  const exported =
    /export (?:async )?(?:function|const|class|interface|type) (\w*(?:[Uu]tils?|[Hh]elpers?|[Mm]anager|Service))\b/;
  assert.deepEqual(using(exported), []);
});

test("Math.random is nowhere", () => {
  assert.deepEqual(using(/\bMath\.random\b/), []);
});

test("console is nowhere: the log is a port, and only the command line speaks to its terminal", () => {
  assert.deepEqual(using(/\bconsole\.\w/), []);
  const terminal = [
    /^src\/main(\.ts$|\/)/,
    /^src\/surfaces\/admin\/(cli|tui)\//,
    /^src\/public\/gateway-contract\.ts$/, // looks at what a gateway lets out
  ];
  assert.deepEqual(using(/\bprocess\.(stdout|stderr)\b/, terminal), []);
});

test("core reads no clock and no environment", () => {
  const outside = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.env\b/;
  const inCore = using(outside).filter((file) => file.startsWith("src/core/"));
  assert.deepEqual(inCore, []);
});

test("codes are compared in core/codes only: timingSafeEqual is used by the files that have a reason", () => {
  const allowed = [
    /^src\/core\/codes[^/]*\.ts$/, // the codes
    /^src\/kits\/password\/[^/]+\.ts$/, // hashes of passwords
    /^src\/kits\/web\/csrf\.ts$/, // form tokens
    /^src\/core\/report-url\.ts$/, // our signature in the URL of a status callback
    /^src\/plugins\/factors\/passkey\/one-time\.ts$/, // the challenge that a passkey has signed
    /^src\/plugins\/sms\/twilio\/reports\.ts$/, // the signature of a status callback
    /^src\/surfaces\/oidc\/cookie-signer\.ts$/, // the engine's signed cookies
    /^src\/surfaces\/dev\/simulator\/[^/]+\.ts$/, // the account's token in a request to the simulator
  ];
  assert.deepEqual(using(/\btimingSafeEqual\b/, allowed), []);
});

test("every folder with tests belongs to a group that npm test runs", () => {
  const folders = new Set(globSync("test/**/*.test.ts", { cwd: root }).map((file) => file.split("/")[1]));
  assert.deepEqual(
    [...folders].filter((folder) => folder === undefined || !ALL.includes(folder)),
    [],
  );
});

test("no test file waits for anything between its tests", () => {
  // Where those above it have ended by then, node takes the run for over: it ends what they used, and drops the rest.
  const names = /^(test|it|describe|suite|over\w*|\w*Contract)(\.\w+)?$/;
  const holds = (node: ts.Node, what: (node: ts.Node) => boolean): boolean =>
    !ts.isFunctionLike(node) &&
    (what(node) || (ts.forEachChild(node, (child) => holds(child, what) || undefined) ?? false));
  const isTest = (node: ts.Node) => ts.isCallExpression(node) && names.test(node.expression.getText());
  const looked = globSync("test/**/*.test.ts", { cwd: root });
  const waiting = looked.filter((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const first = statements.findIndex((statement) => holds(statement, isTest));
    return first >= 0 && statements.slice(first).some((statement) => holds(statement, ts.isAwaitExpression));
  });
  assert.ok(looked.length > 200, `${looked.length} files`);
  assert.deepEqual(waiting, []);
});

test("no merge has left its marks behind", () => {
  const texts = globSync(
    ["*.md", "docs/**/*.md", "src/**/*", "test/**/*.ts", "pages/**/*", "examples/**/*"],
    {
      cwd: root,
      withFileTypes: true,
    },
  ).filter((entry) => entry.isFile() && /\.(md|ts|json|liquid|css|yaml|yml)$/.test(entry.name));
  assert.ok(texts.length > 500, `${texts.length} files`);
  // Also as the formatter makes a quotation of them.
  const mark = /^\W*(?:<{7} |>{7} |(?:> ){6}>)/m;
  const marked = texts.filter(({ parentPath, name }) =>
    mark.test(readFileSync(path.join(parentPath, name), "utf8")),
  );
  assert.deepEqual(
    marked.map(({ name }) => name),
    [],
  );
});
