/** S12: the same strict headers on every answer, errors and redirects included. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../kit/server.ts";
import { formOf } from "../kit/visitor.ts";
import { authorize, begin, cookiesFor, rawRequest, toCodePage } from "./attacker.ts";

const server = await startServer({ httpsIssuer: "https://login.example.test" });

interface Answer {
  readonly story: string;
  readonly status: number;
  readonly head: Readonly<Record<string, string>>;
}

function headOf(text: string): Record<string, string> {
  const [head = ""] = text.split("\r\n\r\n");
  return Object.fromEntries(
    head
      .split("\r\n")
      .slice(1)
      .map((line) => [
        line.slice(0, line.indexOf(":")).toLowerCase(),
        line.slice(line.indexOf(":") + 1).trim(),
      ]),
  );
}

const answers: Answer[] = [];
async function ask(
  story: string,
  expected: number,
  request: Parameters<typeof rawRequest>[1],
): Promise<void> {
  const { status, text } = await rawRequest(server, request);
  assert.equal(status, expected, story);
  answers.push({ story, status, head: headOf(text) });
}

const visitor = server.visitor();
const { page, code } = await toCodePage(server, visitor);
const first = await begin(server, visitor);
const cookies = [...visitor.jar].map(([key, { value }]) => `${key.split("\n")[0]}=${value}`).join("; ");
const own = (path: string) => ({ Cookie: cookiesFor(visitor, path) });

await ask("the password page", 200, { target: first.url.pathname, headers: own(first.url.pathname) });
await ask("the code page", 200, { target: page.url.pathname, headers: own(page.url.pathname) });
await ask("a redirect to the login", 303, { target: authorize(server) });
await ask("a form with a wrong code", 303, {
  method: "POST",
  target: page.url.pathname,
  headers: own(page.url.pathname),
  body: new URLSearchParams({
    ...formOf(page).fields,
    code: code === "000000" ? "111111" : "000000",
  }).toString(),
});
await ask("a form without a token", 403, {
  method: "POST",
  target: page.url.pathname,
  headers: own(page.url.pathname),
  body: "code=1",
});
await ask("a login that is nobody's", 400, { target: "/login/nothing" });
await ask("an error of the engine", 400, { target: "/authorize" });
await ask("an unknown client", 400, { target: "/authorize?client_id=nobody&response_type=code" });
await ask("a resume without a login", 400, { target: "/authorize/nothing" });
await ask("logout", 200, { target: "/end_session", headers: { Cookie: cookies } });
await ask("an unknown page", 404, { target: "/nothing" });
await ask("an unknown page below the original's URLs", 404, { target: "/jans-auth/restv1/nothing" });
await ask("a wrong verb", 405, { method: "DELETE", target: first.url.pathname });
await ask("another host", 421, { target: "/", headers: { Host: "evil.example" } });
await ask("too large a form", 413, {
  method: "POST",
  target: first.url.pathname,
  headers: own(first.url.pathname),
  body: `x=${"x".repeat(20_000)}`,
});
await ask("another content type", 415, {
  method: "POST",
  target: first.url.pathname,
  headers: { ...own(first.url.pathname), "Content-Type": "application/json" },
  body: "{}",
});
await ask("a URL that cannot be decoded", 400, { target: "/login/%zz" });
await ask("discovery", 200, { target: "/.well-known/openid-configuration" });
await ask("the keys", 200, { target: "/jwks" });
await ask("a token request that is refused", 400, {
  method: "POST",
  target: "/token",
  body: "grant_type=authorization_code&client_id=spa&code=x&code_verifier=x&redirect_uri=x",
});
await ask("userinfo without a token", 401, { target: "/userinfo", headers: { Authorization: "Bearer x" } });

test("S12 HSTS of a year or more, nosniff, no referrer, no framing, on every answer", () => {
  for (const { story, head } of answers) {
    const seconds = Number(/max-age=(\d+)/.exec(head["strict-transport-security"] ?? "")?.[1] ?? 0);
    assert.ok(seconds >= 31_536_000, `${story}: HSTS of ${seconds} s`);
    assert.equal(head["x-content-type-options"], "nosniff", story);
    assert.equal(head["referrer-policy"], "no-referrer", story);
    assert.equal(head["x-frame-options"], "DENY", story);
    assert.equal(head["cross-origin-opener-policy"], "same-origin", story);
    assert.equal(head.server ?? head["x-powered-by"], undefined, story);
  }
  assert.ok(answers.length >= 20);
});

test("S12 a policy without inline script or style, frames, objects or foreign bases, on every answer", () => {
  for (const { story, head } of answers) {
    const policy = head["content-security-policy"] ?? "";
    const directives = new Map(
      policy.split(";").map((part) => [part.trim().split(" ")[0] ?? "", part.trim().split(" ").slice(1)]),
    );
    assert.deepEqual(directives.get("default-src"), ["'none'"], `${story}: ${policy}`);
    assert.deepEqual(directives.get("frame-ancestors"), ["'none'"], story);
    assert.deepEqual(directives.get("base-uri"), ["'none'"], story);
    assert.deepEqual(directives.get("object-src"), ["'none'"], story);
    assert.ok(directives.has("form-action"), story);
    assert.doesNotMatch(policy, /unsafe|\*|data:(?!;|$)(?=.*script)/, story);
    assert.deepEqual(directives.get("style-src"), ["'self'"], story);
    // The engine adds the hash of the one script it may need to post a form on.
    const scripts = (directives.get("script-src") ?? []).filter((source) => !source.startsWith("'sha256-"));
    assert.deepEqual(scripts, ["'self'"], story);
  }
});

test("S12 pages and tokens are never stored", () => {
  for (const { story, head, status } of answers)
    if (!["discovery", "the keys"].includes(story) && status !== 303)
      assert.match(head["cache-control"] ?? "", /no-store/, story);
});

test("S12 a form may lead to the relying party of its own login and nowhere else", async () => {
  const answer = answers.find(({ story }) => story === "the password page");
  assert.match(
    answer?.head["content-security-policy"] ?? "",
    /form-action 'self' https:\/\/rp\.example\.test(;|$)/,
  );
});

test("S12 form-action never names what only the query says: an unregistered redirect URI widens nothing", async () => {
  const { status, text } = await rawRequest(server, {
    target: "/authorize?client_id=spa&response_type=code&redirect_uri=https%3A%2F%2Fevil.example%2F",
  });
  assert.equal(status, 400);
  assert.doesNotMatch(headOf(text)["content-security-policy"] ?? "", /evil/);
});

test("S12 M16 a redirect URI cannot put directives into the policy", async () => {
  for (const uri of [
    "https://rp.example.test;script-src *",
    "https://rp.example.test/ ; script-src 'unsafe-inline'",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://a.example\r\nSet-Cookie: x=1",
  ]) {
    const { text } = await rawRequest(server, {
      target: `/authorize?client_id=spa&response_type=code&redirect_uri=${encodeURIComponent(uri)}`,
    });
    const policy = headOf(text)["content-security-policy"] ?? "";
    assert.doesNotMatch(policy, /script-src (?!'self')|unsafe|javascript:|data:text/, uri);
    assert.doesNotMatch(text, /^Set-Cookie: x=1/im, uri);
  }
});
