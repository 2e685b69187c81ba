/** `sallyport pages check`: each fault of a site's folder is found, with its file, its line and what to do. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { createTestPages, DEFAULT_PAGES } from "../kit/page-server.ts";

const root = mkdtempSync(join(tmpdir(), "sallyport-check-"));
after(() => rmSync(root, { recursive: true, force: true }));

async function check(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = mkdtempSync(join(root, "site-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const findings = await createTestPages(folder).check();
  return findings.filter(({ level }) => level !== "ok").map(({ message }) => message);
}
const template = (name: string): string =>
  readFileSync(join(DEFAULT_PAGES, "templates", `${name}.liquid`), "utf8");
const found = (messages: readonly string[], pattern: RegExp) =>
  assert.ok(
    messages.some((message) => pattern.test(message)),
    `${pattern} is not among:\n${messages.join("\n")}`,
  );

test("the product's own pages are sound", async () => {
  assert.deepEqual(await createTestPages().check(), [{ level: "ok", message: `${DEFAULT_PAGES} is sound.` }]);
});

test("a folder with copies of all our templates is sound", async () => {
  const names = ["layout", "notice", "form-end", "password", "phone", "code", "consent", "error", "demo"];
  const copies = Object.fromEntries(names.map((name) => [`templates/${name}.liquid`, template(name)]));
  assert.deepEqual(await check(copies), []);
});

test("a file in place of the folder, and a folder that changes nothing, are named as such", async () => {
  const [empty = "", ...more] = await check({ "README.md": "ours" });
  assert.match(empty, /holds no templates\/, texts\/ or assets\/; nothing is changed\.$/);
  assert.deepEqual(more, []);
  const file = join(root, "custom.css");
  writeFileSync(file, "a{}");
  assert.deepEqual(await createTestPages(file).check(), [
    { level: "error", message: `${file} is a file; give a folder.` },
  ]);
});

test("a template that does not parse is named with its line", async () => {
  found(
    await check({ "templates/error.liquid": "<h1>\n\n{% iff %}" }),
    /^templates\/error\.liquid:3: this does not parse \(tag "iff" not found\); /,
  );
  found(await check({ "templates/error.liquid": "{{ username | raw }}" }), /undefined filter: raw/);
});

test("an attribute without quotes, and whatever the CSP would block, is named with its line", async () => {
  const messages = await check({
    "templates/logged-out.liquid": [
      '{% layout "layout" %}{% assign heading = "x" %}{% block content %}',
      "<p class={{ brand }}>",
      '<a href="{{ "mark.svg" | asset }}" onclick="x()">',
      '<p style="color:red">',
      "<script>go()</script>",
      "<style>p{}</style>",
      '<img src="https://cdn.example/x.png">',
      '<a href="javascript:x()">',
      '<a href="https://fine.example/help" title="{{ "nothing.css" | asset }}">',
      "{% endblock %}",
    ].join("\n"),
  });
  const at = (line: number, pattern: RegExp) =>
    found(messages, new RegExp(`^templates/logged-out\\.liquid:${line}: .*${pattern.source}`));
  at(2, /class= has a \{\{ … \}\} without quotes/);
  at(3, /onclick= is blocked/);
  at(4, /style= is blocked/);
  at(5, /inline scripts are blocked/);
  at(6, /inline styles are blocked/);
  at(7, /src= loads from elsewhere/);
  at(8, /javascript: is blocked/);
  at(9, /there is no assets\/nothing\.css/);
  assert.equal(messages.length, 8, messages.join("\n"));
  found(
    await check({ "assets/custom.css": "a{}\n@import url(//cdn.example/a.css);" }),
    /^assets\/custom\.css:2: /,
  );
});

test("a form that lost a field, an action or its notice is named, also when a partial lost it", async () => {
  const lacks = async (name: string, from: string | RegExp, to: string, pattern: RegExp) => {
    const changed = template(name).replace(from, to);
    assert.notEqual(changed, template(name), `nothing was taken out of ${name}`);
    found(await check({ [`templates/${name}.liquid`]: changed }), pattern);
  };
  await lacks(
    "password",
    /<input type="hidden"[^>]*>/,
    "",
    /password\.liquid:1: the page lacks a field name="csrf"/,
  );
  await lacks("password", 'name="password"', 'name="pass"', /lacks a field name="password"/);
  await lacks("phone", 'name="country"', "", /lacks a field name="country"/);
  await lacks("phone", '{{ "phone.risk" | t }}', "", /risks of texts/);
  await lacks("code", 'value="resend"', 'value="again"', /lacks a button name="action" value="resend"/);
  await lacks("code", '{%- include "notice" %}', "", /lacks what went wrong/);
  await lacks("code", 'action="{{ action }}"', 'action="/elsewhere"', /lacks a <form method="post" action/);
  await lacks("logout", 'name="xsrf"', "", /lacks a field name="xsrf"/);
  await lacks("form-end", "cancel", "stop", /page password.*value="cancel"/);
});

test("a first button that is not the main one is named, because the Enter key presses it", async () => {
  const code = template("code").replace(
    '<button class="main">',
    '<button name="action" value="resend">x</button><button class="main">',
  );
  found(await check({ "templates/code.liquid": code }), /Enter key/);
});

test("a variable that the page does not have is named with its line and the ones there are", async () => {
  found(
    await check({
      "templates/logged-out.liquid":
        '{% layout "layout" %}{% assign heading = "x" %}{% block content %}\n{{ user.name }}{% endblock %}',
    }),
    /^templates\/logged-out\.liquid:2: the page logged-out has no user; it has appName, best, brand, /,
  );
  found(
    await check({ "templates/layout.liquid": `${template("layout")}{{ username }}` }),
    /the page error has no username/,
  );
});

test("texts: a missing, an unknown and a broken one are each named with their line", async () => {
  found(
    await check({ "templates/error.liquid": `{{ "error.own" | t }}${template("error")}` }),
    /error\.liquid:1: there is no text error\.own/,
  );
  found(
    await check({ "texts/en.json": '{\n "password.headin": "x"\n}' }),
    /^texts\/en\.json:2: no page shows a text password\.headin/,
  );
  found(
    await check({ "texts/en.json": '{\n\n "code.wrong": "{left, plural, one {x}"\n}' }),
    /^texts\/en\.json:3: code\.wrong is no valid ICU message/,
  );
  found(
    await check({ "texts/en.json": '{ "code.wrong": "{tries} left" }' }),
    /code\.wrong wants \{tries\}.*it gives \{left\}/,
  );
  found(
    await check({ "texts/nl.json": '{ "form.cancel": "Annuleren" }' }),
    /^texts\/nl\.json:1: \d+ texts are missing and are shown in en/,
  );
  found(await check({ "texts/en.json": "{" }), /texts\/en\.json: is no valid JSON/);
  assert.deepEqual(
    await check({
      "texts/en.json": '{ "scope.tide:read": "see the tide", "acr.own": "x", "claim.tide": "x" }',
    }),
    [],
  );
});

test("files that nothing uses are named", async () => {
  const messages = await check({
    "templates/pasword.liquid": "x",
    "templates/Code.liquid": "x",
    "styles/site.css": "x",
    "assets/run.exe": "x",
    "texts/english.txt": "x",
  });
  for (const name of [
    "templates/pasword.liquid",
    "templates/Code.liquid",
    "styles",
    "assets/run.exe",
    "texts/english.txt",
  ])
    found(messages, new RegExp(`^${name.replace(".", "\\.")}: .*(uses this)`));
});
