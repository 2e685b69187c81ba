/** Cookies: how they are set, what a planted one is worth, and what is left of them after logout. */
import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import Provider from "oidc-provider";
import { createTrustedPeers } from "../../src/kits/web/address.ts";
import { createVisits } from "../../src/surfaces/oidc/visitor.ts";
import { notTakenUp } from "../kit/not-taken-up.ts";
import { startServer, typePassword } from "../kit/server.ts";
import { formOf, type Seen, textOf } from "../kit/visitor.ts";
import {
  begin,
  claims,
  codeAfter,
  finish,
  grantOf,
  nameOf,
  plant,
  ROOT,
  signedIn,
  signIn,
  texts,
  toCodePage,
  tokens,
} from "./attacker.ts";

const server = await startServer();
const secure = await startServer({ httpsIssuer: "https://login.example.test", simulator: server.simulator });
const SIMPLE = { acr_values: "simple_password_auth" };

const setCookies = (seen: Seen): string[] =>
  [...seen.trail, seen]
    .flatMap(({ headers }) => headers["set-cookie"] ?? [])
    .filter((line) => !/expires=Thu, 01 Jan 1970|max-age=0/i.test(line));

test("S05 over https every cookie is Secure, HttpOnly, SameSite=Lax, host-only and prefixed; the session is __Host- and signed", async () => {
  const visitor = secure.visitor();
  const page = await begin(secure, visitor);
  const end = await finish(secure, visitor, page);
  const lines = [...setCookies(page), ...setCookies(end)];
  assert.ok(lines.length >= 6, lines.map((line) => line.split("=")[0]).join());
  for (const line of lines) {
    const name = line.split("=")[0] ?? "";
    assert.match(line, /;\s*secure/i, name);
    assert.match(line, /;\s*httponly/i, name);
    assert.match(line, /;\s*samesite=lax/i, name);
    assert.doesNotMatch(line, /;\s*domain=/i, name);
    assert.match(name, /^__(Host|Secure)-sallyport_\w+(\.sig)?$/, name);
    if (name.startsWith("__Host-")) assert.match(line, /;\s*path=\/(;|$)/i, name);
  }
  const names = lines.map((line) => line.split("=")[0]);
  for (const name of ["__Host-sallyport_session", "__Host-sallyport_session.sig", "__Host-sallyport_browser"])
    assert.ok(names.includes(name), name);
});

test("S05 on the demo's http there is no prefix and no Secure, and all else is equal", async () => {
  const visitor = server.visitor();
  const page = await begin(server, visitor);
  const lines = [...setCookies(page), ...setCookies(await finish(server, visitor, page))];
  assert.ok(lines.length >= 6);
  for (const line of lines) {
    const name = line.split("=")[0] ?? "";
    assert.doesNotMatch(line, /;\s*secure/i, name);
    assert.match(line, /;\s*httponly/i, name);
    assert.match(line, /;\s*samesite=lax/i, name);
    assert.match(name, /^sallyport_\w+(\.sig)?$/);
  }
});

test("S05 a cookie with a changed value or signature is no cookie", async () => {
  const visitor = server.visitor();
  await signIn(server, visitor);
  for (const part of ["sallyport_session\n", "sallyport_session.sig\n"]) {
    const forger = server.visitor();
    plant(visitor, forger, "session");
    for (const [key, cookie] of forger.jar)
      if (key.startsWith(part))
        cookie.value = `${cookie.value.slice(0, -1)}${cookie.value.endsWith("A") ? "B" : "A"}`;
    assert.equal(grantOf(await begin(server, forger, { prompt: "none" })), undefined, part);
  }
  const stripped = server.visitor();
  plant(visitor, stripped, "session");
  for (const key of [...stripped.jar.keys()]) if (key.includes(".sig")) stripped.jar.delete(key);
  assert.equal(grantOf(await begin(server, stripped, { prompt: "none" })), undefined, "without a signature");
  const control = server.visitor();
  plant(visitor, control, "session");
  assert.ok(
    grantOf(await begin(server, control, { prompt: "none" })),
    "and unchanged it would have been one",
  );
});

test("S04 session ids, login ids and browser ids are unique, and of at least 128 random bits", async () => {
  const seen = { session: new Set<string>(), browser: new Set<string>(), login: new Set<string>() };
  const visitor = server.visitor();
  await typePassword(visitor, await begin(server, visitor, SIMPLE), "grace");
  for (let count = 0; count < 60; count += 1) {
    const other = server.visitor();
    const page = await begin(server, other);
    seen.login.add(page.url.pathname.split("/")[2] ?? "");
    seen.browser.add(other.cookie("sallyport_browser") ?? "");
    await typePassword(visitor, await begin(server, visitor, { prompt: "login", ...SIMPLE }), "grace");
    seen.session.add(visitor.cookie("sallyport_session") ?? "");
  }
  for (const [kind, ids] of Object.entries(seen)) {
    assert.equal(ids.size, 60, `${kind} ids repeat`);
    const text = [...ids].join("");
    assert.ok(
      [...ids].every((id) => /^[\w-]{22,}$/.test(id)),
      `${kind}: 22 characters of 64 are 132 bits`,
    );
    const counts = new Map<string, number>();
    for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1);
    const entropy = [...counts.values()].reduce(
      (sum, n) => sum - (n / text.length) * Math.log2(n / text.length),
      0,
    );
    assert.ok(entropy > 5.8, `${kind}: ${entropy.toFixed(2)} bits a character`);
  }
});

test("S04 ten thousand ids straight from their makers are all different and of the full length", (t) => {
  const visits = createVisits({ https: true, peers: createTrustedPeers([]) });
  // The engine's maker of session and login ids is one; a session shows it. It warns of being bare, which it may be.
  t.mock.method(console, "warn", () => undefined);
  const { Session } = new Provider("https://login.example.test");
  const made = {
    browser: () => visits.of(new IncomingMessage(new Socket())).setCookies[0]?.split(/[=;]/)[1] ?? "",
    session: () => new Session().jti,
  };
  for (const [kind, make] of Object.entries(made)) {
    const ids = Array.from({ length: 10_000 }, make);
    assert.equal(new Set(ids).size, 10_000, `${kind} ids repeat`);
    for (const id of ids) assert.match(id, /^[\w-]{22,}$/, kind);
  }
});

test("S03 the session cookie is new at sign-in, at step-up and at re-authentication, and the old one is dead", async () => {
  const visitor = server.visitor();
  const stages: (() => Promise<Seen>)[] = [
    async () => typePassword(visitor, await begin(server, visitor, SIMPLE), "grace"),
    async () => {
      const sent = await texts(server);
      const page = await begin(server, visitor, { acr_values: "twilio_sms" });
      return visitor.submit(page, { code: await codeAfter(server, sent) });
    },
    async () => typePassword(visitor, await begin(server, visitor, { prompt: "login", ...SIMPLE }), "grace"),
  ];
  for (const stage of stages) {
    const thief = server.visitor();
    plant(visitor, thief, "session");
    const before = visitor.cookie("sallyport_session");
    assert.ok(grantOf(await stage()));
    assert.notEqual(visitor.cookie("sallyport_session"), before);
    assert.equal(
      grantOf(await begin(server, thief, { prompt: "none", ...SIMPLE })),
      undefined,
      "the old cookie",
    );
  }
});

test("S03 M07 an attacker's session cookie, planted before the victim signs in, does not become the victim's", async () => {
  const attacker = server.visitor();
  await signIn(server, attacker, {}, ["root", ROOT]);
  const victim = server.visitor();
  plant(attacker, victim, "session");
  const page = await begin(server, victim, { prompt: "login" });
  assert.equal(await nameOf(server, await finish(server, victim, page)), "grace");
  const still = await begin(server, attacker, { prompt: "none", ...SIMPLE });
  if (grantOf(still) !== undefined) assert.equal(await nameOf(server, still), "root");
  assert.notEqual(attacker.cookie("sallyport_session"), victim.cookie("sallyport_session"));
});

test("S03 M07 an invented session cookie is not taken over at sign-in", async () => {
  const victim = server.visitor();
  victim.jar.set("sallyport_session\n/", { value: "AAAAAAAAAAAAAAAAAAAAA", path: "/" });
  victim.jar.set("sallyport_session.sig\n/", { value: "AAAAAAAAAAAAAAAAAAAAAAAAAAA", path: "/" });
  await signIn(server, victim);
  assert.notEqual(victim.cookie("sallyport_session"), "AAAAAAAAAAAAAAAAAAAAA");
});

test("S11 M07 login CSRF: the attacker's login, planted in the victim's browser, shows no form and takes no password", async () => {
  const attacker = server.visitor();
  const victim = server.visitor();
  await begin(server, victim);
  const page = await begin(server, attacker);
  plant(attacker, victim, "sallyport_login");
  const seen = await victim.get(page.url.href);
  assert.ok(!/name="password"/.test(seen.body), "the victim is shown the attacker's login form");
  const posted = await victim.submit(page, { username: "grace", password: "two doors, one open" });
  assert.equal(grantOf(posted), undefined);
  assert.equal(
    formOf(await attacker.get(page.url.href)).fields.password,
    "",
    "the attacker's login has not moved",
  );
});

test("S11 M07 login CSRF: a login the attacker has finished cannot be resumed in the victim's browser", async () => {
  for (const victimIsSignedIn of [false, true]) {
    const attacker = server.visitor();
    const { page, code } = await toCodePage(server, attacker, {}, ["root", ROOT]);
    const resume = await notTakenUp(server, attacker, page, code);
    const victim = server.visitor();
    if (victimIsSignedIn) await signIn(server, victim);
    else await begin(server, victim);
    assert.ok(plant(attacker, victim, "sallyport_resume") > 0);
    const seen = await victim.get(resume);
    const silent = await begin(server, victim, { prompt: "none", ...SIMPLE });
    assert.equal(grantOf(seen), undefined, "the victim has a code of the attacker's account");
    if (grantOf(silent) !== undefined) assert.equal(await nameOf(server, silent), "grace");
    assert.equal(grantOf(silent) !== undefined, victimIsSignedIn);
  }
});

test("M07 the cookie of a victim's login is worth nothing in the attacker's browser, at any step", async () => {
  const victim = server.visitor();
  const { page, code } = await toCodePage(server, victim);
  const attacker = server.visitor();
  await begin(server, attacker);
  plant(victim, attacker, "sallyport_login");
  plant(victim, attacker, "sallyport_resume");
  const before = await signedIn(server);
  assert.ok(!/name="code"/.test((await attacker.get(page.url.href)).body));
  assert.equal(grantOf(await attacker.submit(page, { code })), undefined);
  assert.equal(await signedIn(server), before);
  assert.ok(grantOf(await victim.submit(page, { code })));
});

test("S07 logout ends the session on the server: the old cookie, silent sign-in and refresh get nothing", async () => {
  const visitor = server.visitor();
  const end = await signIn(server, visitor, { scope: "openid offline_access", prompt: "consent" });
  const landed = grantOf(end) === undefined ? await visitor.submit(end, {}) : end;
  const got = await tokens(server, landed);
  const copy = server.visitor();
  plant(visitor, copy, "session");
  assert.ok(grantOf(await begin(server, copy, { prompt: "none" })), "the copy works before");
  plant(copy, visitor, "session");
  const ask = await visitor.get(
    `/end_session?${new URLSearchParams({ id_token_hint: String(got.id_token) })}`,
  );
  assert.match(textOf(ask.body), /sign/i);
  const page = await visitor.submit(ask, { logout: "yes" });
  assert.ok(page.status < 400, String(page.status));
  for (const jar of [visitor, copy]) {
    const seen = await begin(server, jar, { prompt: "none" });
    assert.equal(grantOf(seen), undefined);
    assert.equal(seen.url.searchParams.get("error"), "login_required");
  }
});

test("S07 logout needs the person's own confirmation: a foreign site's request, with or without a guessed token, ends nothing", async () => {
  const visitor = server.visitor();
  const got = await claims(server, await signIn(server, visitor));
  const crossSite = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  await visitor.get("/end_session", crossSite);
  await visitor.post("/end_session/confirm", "logout=yes&xsrf=guessed", crossSite);
  await visitor.post("/end_session/confirm", "logout=yes", crossSite);
  await visitor.post("/end_session", "logout=yes", crossSite);
  assert.equal((await claims(server, await begin(server, visitor, { prompt: "none" }))).sub, got.sub);
});
