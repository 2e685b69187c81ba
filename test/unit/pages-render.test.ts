/** What every page shows, and what no name on it can do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Page, pageFacts } from "../../src/core/pages.ts";
import { previewStates } from "../../src/surfaces/dev/previews.ts";
import { createTestPages } from "../kit/page-server.ts";

const problems: string[] = [];
const pages = createTestPages(undefined, (message) => problems.push(message));
const show = async (page: Page): Promise<string> => (await pages.render(page, {})).html;
const state = (name: string): Page => {
  const found = previewStates().find((one) => one.name === name);
  assert.ok(found, `no preview ${name}`);
  return found.page;
};
const fields = (html: string): readonly string[] =>
  [...html.matchAll(/<(?:input|select)\b[^>]*\bname="([^"]+)"/g)].map((match) => match[1] ?? "");
const actions = (html: string): readonly string[] =>
  [...html.matchAll(/<button\b[^>]*\bname="action"\s+value="([^"]+)"/g)].map((match) => match[1] ?? "");

test("every page in every state is drawn, with facts that keep the contract and texts that are there", async () => {
  const seen = new Set<string>();
  for (const { name, page } of previewStates()) {
    pageFacts[page.page].parse(page.facts);
    seen.add(page.page);
    const html = await show(page);
    assert.match(html, /<h1[^>]*>[^<]+<\/h1>/, name);
    assert.match(html, /<title>[^<]*[^<\s–][^<]* – Sallyport<\/title>/, name);
    if (name !== "password-hostile-names") assert.doesNotMatch(html, /\{\{|\{%|\[object|undefined/, name);
  }
  assert.deepEqual([...seen].sort(), Object.keys(pageFacts).sort());
  assert.deepEqual(problems, []);
});

test("a notice is said in the title and beside the field it is about", async () => {
  const html = await show(state("notice-code-wrong"));
  assert.match(
    html,
    /<title>This code is not right\. You have 3 more tries\. – Enter the code – Sallyport<\/title>/,
  );
  assert.match(html, /id="notice" role="alert">This code is not right\./);
  assert.match(html, /<input id="code"[^>]*aria-describedby="code-hint notice" aria-invalid="true"/);
  const good = await show(state("notice-code-resent"));
  assert.match(good, /id="notice" role="status"/);
  assert.doesNotMatch(good, /aria-invalid/);
});

test("only a field with something wrong in it is marked, not one that has to wait", async () => {
  const marked = async (name: string) =>
    [...(await show(state(name))).matchAll(/<input id="(\w+)"[^>]*aria-invalid="true"/g)].map(
      (found) => found[1],
    );
  assert.deepEqual(await marked("notice-password-wrong"), ["username", "password"]);
  assert.deepEqual(await marked("notice-password-too-long"), ["password"]);
  assert.deepEqual(await marked("notice-phone-invalid"), ["phone"]);
  assert.deepEqual(await marked("notice-phone-ticket-wrong"), ["ticket"]);
  assert.deepEqual(await marked("notice-code-malformed"), ["code"]);
  for (const name of [
    "notice-password-busy",
    "notice-password-paused",
    "notice-form-stale",
    "notice-phone-send-limit",
    "notice-code-paused",
    "notice-code-resend-too-soon",
  ])
    assert.deepEqual(await marked(name), [], name);
});

test("a code that counts no more is never called valid, and a text that did not arrive has no life", async () => {
  for (const name of ["notice-code-spent", "notice-code-expired", "code-over"]) {
    const html = await show(state(name));
    assert.match(html, /id="life"><span class="time">Code no longer valid</, name);
    assert.doesNotMatch(html, /valid for/, name);
  }
  const spent = await show(state("notice-code-resend-too-soon-new"));
  assert.match(spent, /role="alert">You can ask for a new one in 12 seconds\.</);
  assert.match(await show(state("notice-code-resend-too-soon")), /may still be on its way/);
  const failed = await show(state("send-failed-number-ask"));
  assert.match(failed, /<h1>The text did not arrive<\/h1>/);
  assert.doesNotMatch(failed, /id="life"/);
  const unknown = await show(state("send-failed-unknown-wait"));
  assert.match(unknown, /<h1>Enter the code<\/h1>/);
  assert.match(unknown, /id="life"/);
});

test("the demo says who is signed in and when, and calls a cancelled step-up no fault", async () => {
  const { facts } = state("demo-claims") as Extract<Page, { page: "demo" }>;
  const claims = [
    ...facts.claims,
    { name: "name", value: "Ada" },
    { name: "preferred_username", value: "ada" },
  ];
  assert.match(await show({ page: "demo", facts: { ...facts, claims } }), />Signed in as ada\. This is what/);
  assert.match(await show({ page: "demo", facts }), />Signed in as 5b1f0c1e-/);
  assert.match(await show({ page: "demo", facts }), /1795517207<\/code><small>Nov \d+, 2026, /);
  const cancelled = await show(state("demo-cancelled-step-up"));
  assert.match(
    cancelled,
    /role="status">You cancelled\. You are still signed in with a password\.<small>access_denied/,
  );
  assert.doesNotMatch(cancelled, /role="alert"/);
  assert.match(await show(state("demo-problem")), /role="alert">login_required/);
});

test("the list of all countries is drawn once for everybody, whatever they typed", async () => {
  let reads = 0;
  const countries = Array.from({ length: 250 }, (_one, index) => ({
    code: `C${index}`,
    calling: "+1",
    get name() {
      reads += 1;
      return `Country ${index}`;
    },
  }));
  const { facts } = state("phone") as Extract<Page, { page: "phone" }>;
  const typed = (number: string) =>
    show({ page: "phone", facts: { ...facts, countries, country: "C7", number } });
  assert.match(await typed(""), /value="C7" selected>Country 7 /);
  reads = 0;
  const html = await typed(`+49 "><b>`);
  assert.equal(reads, countries.length, "read to find the page again, and not to draw it");
  assert.equal(plain(/id="phone"[^>]* value="([^"]*)"/.exec(html)?.[1] ?? ""), `+49 "><b>`);
  assert.match(html, /value="C7" selected>Country 7 /);
});

test("forms have the fields and actions that outsiders rely on, and nothing that is not offered", async () => {
  assert.deepEqual(fields(await show(state("password"))), ["csrf", "username", "password"]);
  assert.deepEqual(actions(await show(state("password"))), ["cancel"]);
  assert.deepEqual(actions(await show(state("password-again"))), ["switch", "cancel"]);
  assert.deepEqual(fields(await show(state("phone"))), ["csrf", "country", "phone"]);
  assert.deepEqual(fields(await show(state("phone-ticket"))), ["csrf", "country", "phone", "ticket"]);
  assert.deepEqual(fields(await show(state("code"))), ["csrf", "code"]);
  assert.deepEqual(actions(await show(state("code"))), ["resend", "cancel"]);
  assert.deepEqual(actions(await show(state("code-new-phone"))), ["resend", "change-number", "cancel"]);
  assert.deepEqual(actions(await show(state("code-resend-over"))), ["cancel"]);
  assert.deepEqual(fields(await show(state("logout"))), ["xsrf"]);
});

test("O19 the enrolment page says what may happen to texts and that they still help", async () => {
  const html = await show(state("phone"));
  assert.match(html, /Texts can be intercepted/);
  assert.match(html, /move your number/);
  assert.match(html, /better than a password alone/);
});

test("O16 every failed send has its reason and the best way on, and that way is a button", async () => {
  const ways: Readonly<Record<string, RegExp>> = {
    wait: /If it does not come, send it again/,
    resend: /Wait a moment, then send it again/,
    call: /the same code in a call/,
    "change-number": /use another one/,
    "other-method": /sign in another way/,
    ask: /ask your administrator/,
  };
  const reasons = new Set<string>();
  for (const { name, page } of previewStates().filter((one) => one.name.startsWith("send-failed"))) {
    const html = await show(page);
    const [, reason = "", way = ""] =
      /We (?:could not get|tried to send) a text[^<]*<\/p>\s*<p>([^<]+?\.) ((?:Wait|We can|Choose|You can|If it stays)[^<]+)<\/p>/.exec(
        html,
      ) ?? [];
    const best = page.page === "code" ? (page.facts.best ?? "") : "";
    assert.match(way, ways[best] ?? /^$/, name);
    assert.ok(actions(html).includes("resend"), name);
    if (/^(call|change|other)/.test(best)) assert.ok(actions(html).includes(best), name);
    reasons.add(reason);
  }
  assert.equal(reasons.size, 9);
});

test("the best way on stands beside sending again, the others below", async () => {
  const html = await show(state("send-failed-landline-call"));
  assert.match(html, /<button class="second" name="action" value="call" formnovalidate>Call me instead</);
  assert.match(await show(state("code-every-way")), /<button class="link" name="action" value="call"/);
  assert.deepEqual(actions(await show(state("code-every-way"))), [
    "resend",
    "call",
    "change-number",
    "other-method",
    "cancel",
  ]);
});

const HOSTILE = [
  "{{7*7}}",
  "{{ 7 | times: 7 }}",
  "{% assign x = 7 %}{{ x }}",
  `$\{7*7}`,
  "<%= 7*7 %>",
  "#{7*7}",
  "javascript:alert(1)",
  "<script>alert(1)</script>",
  '" autofocus onfocus="alert(1)',
  "'><img src=x onerror=alert(1)>",
  "{count, plural, one {a} other {b}}",
];
const plain = (html: string): string =>
  html
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, "&");

test("S22 what people and applications are called is shown as it is written, and does nothing", async () => {
  for (const name of HOSTILE) {
    const password = state("password-rtl-names");
    assert.equal(password.page, "password");
    const html = await show({
      page: "password",
      facts: { ...password.facts, username: name, appName: name },
    } as Page);
    assert.ok(plain(html).includes(`value="${name}"`), `${name} is not in the field`);
    assert.ok(plain(html).includes(`to continue to ${name}`), `${name} is not in the sentence`);
    assert.doesNotMatch(html, />49<|"49"|to 49|<script>|<img src=x|" onfocus=|" autofocus on/, name);
  }
});

test("S22 links that a browser would run are not shown", async () => {
  const consent = state("consent").facts as object;
  for (const url of [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
    "/\\evil.example",
  ]) {
    const html = await show({
      page: "consent",
      facts: { ...consent, policyUrl: url, termsUrl: url },
    } as Page);
    assert.doesNotMatch(html, /<a /, url);
  }
  for (const action of [
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,x",
  ]) {
    const html = await show({ page: "post-on", facts: { brand: "", appName: "", action, fields: [] } });
    assert.match(html, /action=""/, action);
  }
  const own = await show({
    page: "post-on",
    facts: { brand: "", appName: "", action: "com.example.app:/cb", fields: [] },
  });
  assert.match(own, /action="com\.example\.app:\/cb"/);
});

test("two people at the same step get their own token, address and nothing of the other", async () => {
  const facts = state("code").facts as object;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ csrf: fc.string(), action: fc.webPath(), masked: fc.constantFrom("•••• 11", "•••• 22") }),
        {
          minLength: 2,
          maxLength: 6,
        },
      ),
      async (people) => {
        for (const person of people) {
          const html = await show({ page: "code", facts: { ...facts, ...person } } as Page);
          assert.equal(plain(/name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? "?"), person.csrf);
          assert.equal(plain(/<form method="post" action="([^"]*)"/.exec(html)?.[1] ?? "?"), person.action);
          // On one line: the space is one that does not break.
          assert.ok(html.includes(person.masked.replace(" ", "\u00a0")));
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("a page is under 30 kB with its style and script, also with every country in it", async () => {
  const countries = Array.from({ length: 250 }, (_one, index) => ({
    code: "XX",
    name: `Country with a name ${index}`,
    calling: "123",
  }));
  const phone = { page: "phone", facts: { ...(state("phone").facts as object), countries } } as Page;
  const shared = await Promise.all(
    ["sallyport.css", "sallyport.js", "mark.svg"].map((name) => pages.asset(name)),
  );
  const assets = shared.reduce((sum, asset) => sum + (asset?.bytes.length ?? Number.NaN), 0);
  for (const page of [phone, ...previewStates().map((one) => one.page)]) {
    const size = Buffer.byteLength(await show(page)) + assets;
    assert.ok(size < 30_000, `${page.page}: ${size} bytes`);
  }
});
