/** A site's own folder over the product's pages: taken up while running, and unable to hurt anybody. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Page } from "../../src/core/pages.ts";
import { createPages } from "../../src/kits/web/pages.ts";
import { previewStates } from "../../src/surfaces/dev/previews.ts";
import { createTestPages, DEFAULT_PAGES } from "../kit/page-server.ts";

const root = mkdtempSync(join(tmpdir(), "sallyport-overlay-"));
after(() => rmSync(root, { recursive: true, force: true }));
const stateOf = (name: string): Page => previewStates().find((one) => one.name === name)?.page as Page;
const password = stateOf("password");

function site(files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(root, "site-"));
  for (const part of ["templates", "texts", "assets"]) mkdirSync(join(folder, part));
  const put = (path: string, text: string) => writeFileSync(join(folder, path), text);
  for (const [path, text] of Object.entries(files)) put(path, text);
  const told: string[] = [];
  let clock = 0;
  const pages = createPages({
    defaultDir: DEFAULT_PAGES,
    overlayDir: folder,
    brand: "Sallyport",
    locale: "en",
    onProblem: (message) => told.push(message),
    now: () => clock,
  });
  const show = async (page: Page = password, locale?: string) => (await pages.render(page, { locale })).html;
  const wait = (ms: number) => {
    clock += ms;
  };
  return { folder, put, pages, show, told, wait };
}

test("a text, a style and a template of the site are shown without a restart, once a second at most", async () => {
  const { put, pages, show, told, wait } = site();
  assert.match(await show(), /<h1>Sign in<\/h1>/);
  put("texts/en.json", '{ "password.heading": "Come aboard" }');
  assert.match(await show(), /<h1>Sign in<\/h1>/, "looked at again within the second");
  wait(1000);
  assert.match(await show(), /<h1>Come aboard<\/h1>/);
  put("assets/custom.css", ":root { --accent: navy }");
  put(
    "templates/logged-out.liquid",
    '{% layout "layout" %}{% assign heading = "x" %}{% block content %}<h1>Fair winds</h1>{% endblock %}',
  );
  wait(1000);
  assert.match(await show(), /<link rel="stylesheet" href="\/assets\/custom\.css\?v=[\w-]{8}">/);
  assert.equal((await pages.asset("custom.css"))?.bytes.toString(), ":root { --accent: navy }");
  assert.match(await show(stateOf("logged-out")), /Fair winds/);
  const before = pages.assetPath("custom.css");
  put("assets/custom.css", ":root { --accent: maroon }");
  wait(1000);
  assert.notEqual(pages.assetPath("custom.css"), before);
  assert.deepEqual(told, []);
});

test("people are shown their own language where the site has it, and the product's where it has not", async () => {
  const { show } = site({
    "texts/nl.json":
      '{ "password.heading": "Aanmelden", "password.paused": "Nog {seconds, plural, one {# seconde} other {# seconden}}." }',
    "texts/de.json": '{ "password.heading": "Moin" }',
    "texts/ar.json": '{ "password.heading": "تسجيل الدخول" }',
  });
  assert.match(
    await show(password, "nl-BE"),
    /<html lang="nl" dir="ltr">[\s\S]*<h1>Aanmelden<\/h1>[\s\S]*Username/,
  );
  assert.match(await show(password, "ar"), /<html lang="ar" dir="rtl">/);
  assert.match(await show(password, "fi"), /<html lang="en" dir="ltr">/);
  assert.match(await show(password, "de-AT"), /<html lang="de"[\s\S]*<h1>Moin<\/h1>[\s\S]*Benutzername/);
  assert.match(await show(stateOf("notice-password-paused"), "nl"), /Nog 40 seconden\./);
});

test("a template, text or folder that is broken costs nobody a page, and the operator is told once", async () => {
  const { put, show, told, wait, folder } = site({ "templates/password.liquid": "{% if %}<h1>half" });
  for (let turn = 0; turn < 3; turn += 1) assert.match(await show(), /<h1>Sign in<\/h1>/);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /password.*line:1/);
  put(
    "templates/password.liquid",
    '{% layout "layout" %}{% block content %}<h1>{{ no_such_thing }}</h1>{% endblock %}',
  );
  put("texts/en.json", "{ not json");
  wait(1000);
  assert.match(await show(), /<h1>Sign in<\/h1>/);
  assert.ok(
    told.some((message) => /texts\/en\.json.*JSON/.test(message)),
    told.join("\n"),
  );
  assert.ok(
    told.some((message) => /no_such_thing/.test(message)),
    told.join("\n"),
  );
  put("templates/password.liquid", "{% include 'password' %}");
  put("texts/en.json", '{ "password.heading": "Ahoy {name", "password.submit": "Go" }');
  wait(1000);
  assert.match(await show(), /<h1>Sign in<\/h1>/, "a text without its brace");
  rmSync(folder, { recursive: true });
  wait(1000);
  assert.match(await show(), /<h1>Sign in<\/h1>/, "the folder is gone");
});

test("S22 a template of a site reaches no code, no file and no secret", async () => {
  const attempts = [
    "{{ constructor.constructor }}",
    "{{ username.constructor.constructor }}",
    "{{ username | constructor }}",
    '{{ "a".constructor }}',
    "{{ __proto__ }}{{ noticeArgs.__proto__ }}{{ noticeArgs.constructor }}{{ noticeArgs.toString }}",
    "{{ noticeArgs | raw }}",
    "{{ username | raw }}",
    "{% echo username %}",
    "{% liquid echo username %}",
    '{% include "../../../package.json" %}',
    '{% include "../texts/en.json" %}',
    '{% include "/etc/passwd" %}',
    '{% include "/etc/hostname" %}',
    '{% render "/etc/passwd" %}',
    '{% layout "/etc/passwd" %}',
    '{% layout "../../../package.json" %}',
    '{% include "__proto__" %}{% include "constructor" %}',
    "{% assign path = '/etc/passwd' %}{% include path %}",
    "{{ process.env.PATH }}{{ global }}{{ this }}{{ require }}",
    "{{ 'x' | t: __proto__: 1, constructor: 2 }}",
  ];
  for (const attempt of attempts) {
    const { show } = site({ "templates/password.liquid": `<h1>own</h1>${attempt}` });
    const facts = { ...(password.facts as object), username: "<b>ada</b>" };
    const html = await show({ page: "password", facts } as Page);
    assert.doesNotMatch(html, /root:|"dependencies"|function|native code|\[object|<b>ada/, attempt);
    // Either the attempt gave nothing, or the whole template was set aside.
    if (html.includes("<h1>own</h1>")) assert.equal(html.replace(/<h1>own<\/h1>|x/g, "").trim(), "", attempt);
    else assert.match(html, /<h1>Sign in<\/h1>/, attempt);
  }
});

test("S22 a template of a site that never ends is cut off", async () => {
  for (const endless of [
    "{% for a in (1..100000000) %}{{ a }}{% endfor %}",
    "{% for a in (1..3000) %}{% for b in (1..3000) %}{{ b }}{% endfor %}{% endfor %}",
    '{% assign x = "aaaaaaaaaaaaaaaa" %}{% for a in (1..60) %}{% assign x = x | append: x %}{% endfor %}',
    "{% include 'password' %}",
  ]) {
    const { show, told } = site({ "templates/password.liquid": endless });
    const start = performance.now();
    assert.match(await show(), /<h1>Sign in<\/h1>/, endless);
    assert.ok(performance.now() - start < 3000, `${endless}: ${performance.now() - start} ms`);
    assert.equal(told.length, 1, endless);
  }
});

test("a busy machine takes no page of ours away: only a site's templates are timed", async () => {
  const countries = Array.from({ length: 2000 }, () => ({ code: "XX", name: "A country", calling: "+1" }));
  const phone = stateOf("phone");
  const page = { ...phone, facts: { ...phone.facts, countries } } as Page;
  const real = performance.now;
  // Every look at the clock is 20 ms later, as if others had had the processor meanwhile.
  let late = 0;
  performance.now = () => {
    late += 20;
    return real.call(performance) + late;
  };
  try {
    assert.match((await createTestPages().render(page, {})).html, /<h1>Add your phone<\/h1>/);
    const { show, told } = site({
      "templates/phone.liquid": "{% for one in countries %}{{ one.name }}{% endfor %}",
    });
    assert.match(await show(page), /<h1>Add your phone<\/h1>/);
    assert.match(told.join(), /limit exceeded/);
  } finally {
    performance.now = real;
  }
});

test("S22 nothing but the three folders is served, whatever name is asked for", async () => {
  const { pages } = site({
    "assets/custom.css": "a{}",
    "templates/error.liquid": "x",
    "assets/run.sh": "x",
    "assets/.env": "x",
  });
  for (const name of [
    "../templates/error.liquid",
    "..%2ftemplates",
    "/etc/passwd",
    "__proto__",
    "run.sh",
    ".env",
    "",
    "constructor",
    "custom.css/",
  ])
    assert.equal(await pages.asset(name), undefined, name);
  assert.equal((await pages.asset("custom.css"))?.type, "text/css; charset=utf-8");
});

test("a template that uses the form's token for more than a field is still drawn for each person anew", async () => {
  const { show } = site({
    "templates/password.liquid":
      '<form method="post" action="{{ action }}"><input name="csrf" value="{{ csrf }}">{{ csrf | upcase }}{{ action | size }}</form>',
  });
  const facts = password.facts as object;
  assert.match(
    await show({ page: "password", facts: { ...facts, csrf: "0.abc" } } as Page),
    /value="0\.abc">0\.ABC14</,
  );
  assert.match(
    await show({ page: "password", facts: { ...facts, csrf: "0.def" } } as Page),
    /value="0\.def">0\.DEF14</,
  );
});
