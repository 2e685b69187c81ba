/** Forms and redirects: who may post, what a redirect carries, what stands in a URL. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CALLBACK, PASSWORD, startServer } from "../kit/server.ts";
import { formOf, type Seen } from "../kit/visitor.ts";
import { begin, grantOf, rawRequest, signedIn, toCodePage } from "./attacker.ts";

const server = await startServer();
const right = { username: "grace", password: PASSWORD };
const passed = async (login: string): Promise<boolean> =>
  (await server.parts.audit.query({ login, kind: "password-right", limit: 1 })).length === 1;
const loginOf = (page: Seen): string => page.url.pathname.split("/")[2] ?? "";

test("S11 the password form without its token, or with a token of another login, turn, browser or none of ours, does nothing", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const own = formOf(page).fields.csrf ?? "";
  const otherLogin = formOf(await begin(server, visitor)).fields.csrf ?? "";
  const stranger = server.visitor();
  const otherBrowser = formOf(await begin(server, stranger)).fields.csrf ?? "";
  const [turn = "", mac = ""] = own.split(".");
  const forged: readonly (readonly [string, string | undefined])[] = [
    ["no token", undefined],
    ["an empty token", ""],
    ["another login's", otherLogin],
    ["another browser's", otherBrowser],
    ["another turn, the same proof", `${Number(turn) + 1}.${mac}`],
    ["a shorter proof", `${turn}.${mac.slice(0, -1)}`],
    ["a longer proof", `${own}A`],
    ["a proof of nothing", `${turn}.${"A".repeat(27)}`],
    ["no turn", `.${mac}`],
    ["a turn in other digits", `0${own}`],
    ["only the proof", mac],
  ];
  for (const [story, csrf] of forged) {
    const answer = await visitor.send("POST", formOf(page).action, {
      ...right,
      ...(csrf === undefined ? {} : { csrf }),
    });
    assert.equal(answer.status, 403, story);
    assert.equal(await passed(loginOf(page)), false, story);
  }
  for (const body of [`csrf=${own}&csrf=${own}`, `csrf[]=${own}`]) {
    const answer = await visitor.post(formOf(page).action, `${body}&${new URLSearchParams(right)}`);
    assert.equal(answer.status, 403, body.replace(own, "…"));
  }
  assert.equal(await passed(loginOf(page)), false);
  await visitor.submit(page, right);
  assert.equal(await passed(loginOf(page)), true, "and with its own token it does");
});

test("S11 the code form likewise: no token, no sign-in", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const before = await signedIn(server);
  const stranger = server.visitor();
  const foreign = formOf(await begin(server, stranger)).fields.csrf ?? "";
  for (const csrf of ["", foreign])
    assert.equal((await visitor.send("POST", formOf(page).action, { csrf, code })).status, 403);
  assert.equal(await signedIn(server), before);
  for (const action of ["cancel", "resend", "switch"])
    assert.equal((await visitor.send("POST", formOf(page).action, { action })).status, 403, action);
  assert.ok(grantOf(await visitor.submit(page, { code })), "the login is where it was");
});

test("S11 a post that the browser says comes from elsewhere is refused even with the right token", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const elsewhere: readonly Readonly<Record<string, string>>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: server.issuer },
    { "sec-fetch-site": "cross-site", origin: "null" },
    { "sec-fetch-site": "junk" },
    { origin: "https://evil.example" },
    { origin: `${server.issuer}.evil.example` },
    { origin: server.issuer.replace("http:", "https:") },
    { origin: server.issuer.replace(/:\d+$/, ":1") },
    { origin: "" },
  ];
  for (const headers of elsewhere) {
    const answer = await visitor.submit(page, right, headers);
    assert.equal(answer.status, 403, JSON.stringify(headers));
    assert.equal(await passed(loginOf(page)), false, JSON.stringify(headers));
  }
  const own = { "sec-fetch-site": "same-origin", origin: "null" };
  assert.equal(
    formOf(await visitor.submit(page, right, own)).fields.code,
    "",
    "our own pages send Origin: null",
  );
});

test("S11 Origin: null from a sandboxed frame has no token to send, and gets nowhere", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const answer = await visitor.send("POST", formOf(page).action, right, { origin: "null" });
  assert.equal(answer.status, 403);
  assert.equal(await passed(loginOf(page)), false);
});

test("S11 consent cannot be given from elsewhere", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor, { client_id: "asks", acr_values: "simple_password_auth" });
  const consent = await visitor.submit(page, right);
  assert.ok(formOf(consent).fields.csrf, "the consent page");
  const own = formOf(consent);
  for (const [fields, headers] of [
    [{}, {}],
    [{ csrf: "" }, {}],
    [own.fields, { "sec-fetch-site": "cross-site" }],
    [own.fields, { origin: "https://evil.example" }],
  ] as const) {
    const answer = await visitor.send(
      "POST",
      own.action,
      fields as Record<string, string>,
      headers as Record<string, string>,
    );
    assert.equal(answer.status, 403);
  }
  assert.equal((await server.parts.audit.query({ kind: "consent-given", limit: 5 })).length, 0);
  assert.ok(grantOf(await visitor.submit(consent, {})));
});

test("S11 asking for the authorize endpoint by a cross-site POST signs nobody in and gives no code without a person's act", async () => {
  const visitor = server.visitor();
  const seen = await visitor.post("/authorize", "client_id=spa&response_type=code", {
    origin: "https://evil.example",
    "sec-fetch-site": "cross-site",
  });
  assert.equal(grantOf(seen), undefined);
});

test("S13 every redirect after a post is 303, the engine's own too", async () => {
  const visitor = server.visitor();
  const redirects: Seen[] = [];
  const watch = (seen: Seen) =>
    redirects.push(...seen.trail.filter(({ status }) => status >= 300 && status < 400));
  const { page, code } = await toCodePage(server, visitor);
  watch(page);
  watch(await visitor.submit(page, { code }));
  watch(await begin(server, visitor));
  const stepUp = await begin(server, visitor, { prompt: "login" });
  watch(await visitor.submit(stepUp, { action: "cancel" }));
  const ask = await visitor.get("/end_session");
  watch(await visitor.submit(ask, { logout: "yes" }));
  assert.ok(redirects.length >= 5);
  for (const { status, url } of redirects)
    assert.ok(status === 303 || status === 302, `${status} at ${url.pathname}`);
  for (const { status, url } of redirects)
    if (/^\/(login|authorize|end_session)/.test(url.pathname)) assert.equal(status, 303, url.pathname);
});

test("S14 no password, code, number, session or CSRF token stands in a URL, in the page's links or on the way", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const csrf = formOf(page).fields.csrf ?? "";
  const end = await visitor.submit(page, { code });
  const urls = [...page.trail, page, ...end.trail, end].flatMap(({ url, headers, body }) => [
    url.href,
    String(headers.location ?? ""),
    ...[...body.matchAll(/\b(?:href|src|action|content)="([^"]*)"/g)].map((match) => match[1] ?? ""),
  ]);
  const secrets = [
    PASSWORD,
    encodeURIComponent(PASSWORD),
    PASSWORD.replaceAll(" ", "+"),
    "2025550143",
    csrf,
    encodeURIComponent(csrf),
    ...[...visitor.jar.entries()]
      .filter(([key]) => /session|browser/.test(key))
      .map(([, { value }]) => value),
  ];
  for (const url of urls) {
    for (const secret of secrets)
      assert.ok(secret.length < 4 || !url.includes(secret), "a secret stands in a URL");
    const state = url.startsWith(CALLBACK) ? "" : url;
    assert.ok(!new RegExp(`\\b${code}\\b`).test(state), "the code stands in a URL");
  }
  assert.ok(urls.length > 10);
});

test("S14 a password sent by GET is not taken from the URL", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const { action, fields } = formOf(page);
  await visitor.get(`${action}?${new URLSearchParams({ ...fields, ...right })}`);
  await visitor.post(`${action}?${new URLSearchParams(right)}`, new URLSearchParams(fields).toString());
  assert.equal(await passed(loginOf(page)), false);
  const odd = await rawRequest(server, {
    method: "GET",
    target: action,
    body: new URLSearchParams({ ...fields, ...right }).toString(),
  });
  assert.ok(odd.status < 500);
});
