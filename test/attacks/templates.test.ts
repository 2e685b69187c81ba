/** S22: what people and administrators write is shown as it is written, on every page that shows it; nothing of it runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { clientSchema } from "../../src/core/settings.ts";
import { CALLBACK, PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { type Seen, textOf } from "../kit/visitor.ts";
import { begin, codeAfter, texts } from "./attacker.ts";

const WRITTEN = [
  "{{1337*1337}}",
  "{{ 7 | times: 7 }}",
  "{% assign a = 7 %}{{a}}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text itself is the attack.
  "${1337*1337}",
  "<%= 1337*1337 %>",
  "#{1337*1337}",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' autofocus onfocus='alert(1)",
  "javascript:alert(1)",
  "{count, plural, one {a} other {b}}",
  "{{ constructor.constructor('return 1')() }}",
  "&lt;b&gt; &amp;amp;",
  "\u202Egnp.exe",
];
const server = await startServer({
  clients: WRITTEN.map((client_name, index) => ({
    client_id: `odd-${index}`,
    client_name,
    redirect_uris: [CALLBACK],
    policy_uri: "https://rp.example.test/policy",
    tos_uri: "https://rp.example.test/terms",
  })),
});

/** The text stands there as it was written; it is no markup and nothing was computed from it. */
function shownAsWritten(seen: Seen, written: string, where: string): void {
  const plain = written.replace(/\s+/g, " ").trim();
  const attribute = [...seen.body.matchAll(/\bvalue="([^"]*)"/g)].map((match) => textOf(match[1] ?? ""));
  const found =
    textOf(seen.body).includes(plain) ||
    attribute.some((value) => value.includes(plain)) ||
    unescaped(seen.body).includes(plain);
  assert.ok(found, `${where}: ${written} is not shown`);
  harmless(seen, where, written);
}

const unescaped = (html: string): string =>
  html
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");

function harmless(seen: Seen, where: string, written: string): void {
  assert.ok(seen.status < 500, `${where}: ${seen.status} for ${written}`);
  // Without what stands in double quotes, only markup is left between < and >.
  const bare = seen.body.replace(/="[^"]*"/g, "=");
  assert.doesNotMatch(
    bare,
    /<script>|<script[^>]*>[^<]+|<img src=x|<[a-z][^>]*\son\w+/i,
    `${where}: ${written}`,
  );
  assert.doesNotMatch(seen.body, /(?:href|src|action)="\s*javascript:/i, where);
  const plain = textOf(seen.body.replace(/<select[\s\S]*<\/select>/, ""));
  if (/1337/.test(written)) assert.doesNotMatch(plain, /1787569/, `${where}: ${written} was computed`);
}

test("S22 a username is shown back as it was typed, and computed nowhere", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  for (const written of WRITTEN) {
    server.advance(10 * 60_000);
    const seen = await typePassword(
      visitor,
      await visitor
        .get(page.url.href)
        .then((fresh) => (fresh.body.includes('name="password"') ? fresh : begin(server, visitor))),
      written,
      "neither door is open",
    );
    shownAsWritten(seen, written, "the password page");
    const hinted = await begin(server, server.visitor(), { login_hint: written });
    shownAsWritten(hinted, written, "login_hint");
  }
});

test("S22 a client's name is shown as it was written on the sign-in, code, enrolment, consent and end pages", async () => {
  server.advance(8 * 86_400_000);
  for (const [index, written] of WRITTEN.entries()) {
    server.advance(3 * 3_600_000);
    const visitor = server.visitor();
    const more = { client_id: `odd-${index}`, acr_values: "simple_password_auth" };
    const page = await begin(server, visitor, more);
    shownAsWritten(page, written, "the password page");
    const consent = await typePassword(visitor, page, "grace");
    shownAsWritten(consent, written, "the consent page");
    const count = await texts(server);
    const strong = server.visitor();
    const code = await typePassword(
      strong,
      await begin(server, strong, { ...more, acr_values: "twilio_sms" }),
      "grace",
    );
    harmless(code, "the code page", written);
    await codeAfter(server, count);
    const phone = server.visitor();
    harmless(
      await typePassword(phone, await begin(server, phone, { ...more, acr_values: "twilio_sms" }), "ada"),
      "the enrolment page",
      written,
    );
    server.advance(700_000);
    harmless(await strong.get(code.url.href), "the page of a login that has run out", written);
  }
});

test("S22 a text message ends with our own line, whatever the client's name says", async () => {
  for (const { body } of await server.simulator.messages()) {
    const lines = body.split("\n");
    assert.match(lines.at(-1) ?? "", /^@localhost #\d{6}$/);
    assert.equal(lines.filter((line) => line.startsWith("@")).length, 1);
  }
});

test("S22 a person whose name is a template is called so, and nothing else", async () => {
  server.advance(8 * 86_400_000);
  const names = [
    "{{1337*1337}}",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text itself is the attack.
    "${1337*1337}",
    "<%= 1337*1337 %>",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    '"><img src=x onerror=alert(1)>',
  ];
  for (const username of names) {
    const added = await server.parts.directory.write?.add({
      username,
      password: new Secret(PASSWORD),
      claims: { name: username },
    });
    assert.equal(added?.kind, "done", username);
    const visitor = server.visitor();
    const consent = await typePassword(
      visitor,
      await begin(server, visitor, { client_id: "asks", acr_values: "simple_password_auth" }),
      username,
    );
    shownAsWritten(consent, username, "the consent page");
    const again = await begin(server, visitor, {
      client_id: "asks",
      acr_values: "simple_password_auth",
      max_age: "0",
    });
    harmless(again, "the password page of a signed-in person", username);
    harmless(await visitor.get("/end_session"), "the logout page", username);
  }
});

test("S22 a number is shown back as it was typed", async () => {
  server.advance(8 * 86_400_000);
  const visitor = server.visitor();
  let page = await typePassword(visitor, await begin(server, visitor), "ada");
  for (const written of WRITTEN.map((one) => one.slice(0, 64))) {
    page = await visitor.submit(page, { phone: written, country: written });
    shownAsWritten(page, written, "the enrolment page");
  }
});

test("S22 what an authorization request says is shown as it was sent in the error page", async () => {
  for (const written of WRITTEN) {
    for (const parameters of [
      { client_id: written },
      { client_id: "spa", response_type: written, redirect_uri: CALLBACK },
      { client_id: "spa", redirect_uri: written },
      { client_id: "spa", scope: written, ui_locales: written, acr_values: written },
    ]) {
      const seen = await server
        .visitor()
        .get(`/authorize?${new URLSearchParams(parameters as Record<string, string>)}`);
      harmless(seen, "the error page", written);
    }
    harmless(
      await server.visitor().get(`/${encodeURIComponent(written)}`),
      "the page that is not there",
      written,
    );
    harmless(
      await server.visitor().get(`/login/${encodeURIComponent(written)}`),
      "the login that is not there",
      written,
    );
    harmless(
      await server
        .visitor()
        .get(
          `/demo/callback?error=${encodeURIComponent(written)}&error_description=${encodeURIComponent(written)}`,
        ),
      "the demo",
      written,
    );
  }
});

test("S22 a client's policy and terms cannot be links that run", () => {
  for (const uri of [
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "//evil.example",
    "file:///etc/passwd",
  ])
    for (const name of ["policy_uri", "tos_uri"])
      assert.equal(
        clientSchema.safeParse({ client_id: "c", redirect_uris: [CALLBACK], [name]: uri }).success,
        false,
        `${name} ${uri}`,
      );
});
