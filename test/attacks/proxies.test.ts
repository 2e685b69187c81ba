/** S15: whose address it is. Forwarding headers are believed from configured proxies only, and junk in them is no way round. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { startServer, typePassword } from "../kit/server.ts";
import { type TestVisitor, textOf } from "../kit/visitor.ts";
import { begin, rawRequest } from "./attacker.ts";

type Headers = Readonly<Record<string, string>>;
type Server = Awaited<ReturnType<typeof startServer>>;
const direct = await startServer();
const proxied = await startServer({
  simulator: direct.simulator,
  config: { trustedProxies: ["127.0.0.1", "10.0.0.0/8", "fd00::/8"] },
});

/** The address the server holds against a wrong password with these headers. */
async function addressSeen(
  server: Server,
  headers: Headers,
  visitor: TestVisitor = server.visitor(),
): Promise<string | undefined> {
  const page = await begin(server, visitor);
  const answer = await visitor.submit(
    page,
    { username: `nobody-${page.url.pathname.slice(-6)}`, password: "neither door is open" },
    headers,
  );
  assert.ok(answer.status < 500, `${answer.status}`);
  const login = page.url.pathname.split("/")[2] ?? "";
  const [event] = await server.parts.audit.query({ login, kind: "password-wrong", limit: 1 });
  return event?.address;
}

const forged: readonly Headers[] = [
  { "x-forwarded-for": "203.0.113.7" },
  { "x-forwarded-for": "a" },
  { "x-forwarded-for": "" },
  { "x-forwarded-for": ",,, ,," },
  { "x-forwarded-for": "127.0.0.1, ::1, 10.0.0.1" },
  { "x-forwarded-for": Array.from({ length: 10 }, (_one, hop) => `203.0.113.${hop}`).join(", ") },
  { "x-forwarded-for": "2001:db8::1" },
  { "x-forwarded-for": "[2001:db8::1]:443" },
  { "x-forwarded-for": "203.0.113.7:1234" },
  { "x-forwarded-for": "0x7f.1" },
  { "x-forwarded-for": "'; drop table audit; --" },
  { "x-forwarded-for": "%0d%0a" },
  { "x-forwarded-for": "x".repeat(16_000) },
  { forwarded: "for=203.0.113.7" },
  { forwarded: 'for="[2001:db8::1]";proto=https;by=a' },
  { forwarded: "for=unknown, for=_secret, ====;;;," },
  { "x-real-ip": "203.0.113.7" },
  { "x-client-ip": "203.0.113.7", "cf-connecting-ip": "203.0.113.7", "true-client-ip": "203.0.113.7" },
];

test("S15 a direct peer's forwarding headers count for nothing: the address is the socket's", async () => {
  for (const headers of forged)
    assert.equal(await addressSeen(direct, headers), "127.0.0.1", JSON.stringify(headers).slice(0, 80));
});

test("S15 a direct peer cannot buy itself fresh tries by naming a new address each time", async () => {
  const visitor = direct.visitor();
  let page = await begin(direct, visitor);
  let compared = 0;
  const login = page.url.pathname.split("/")[2] ?? "";
  for (let count = 0; count < 9; count += 1)
    page = await typePassword(visitor, page, "nobody-at-all", `wrong ${count}`).then(async () =>
      visitor.get(page.url.href),
    );
  compared = (await direct.parts.audit.query({ login, kind: "password-wrong", limit: 20 })).length;
  assert.ok(compared <= 6, `${compared} compared without headers`);
  const spoofer = direct.visitor();
  let other = await begin(direct, spoofer);
  const second = other.url.pathname.split("/")[2] ?? "";
  for (let count = 0; count < 9; count += 1) {
    const ip = `203.0.113.${count}`;
    await spoofer.submit(
      other,
      { username: "nobody-at-all", password: `wrong ${count}` },
      { "x-forwarded-for": ip, forwarded: `for=${ip}`, "x-real-ip": ip },
    );
    other = await spoofer.get(other.url.href);
  }
  assert.equal(
    (await direct.parts.audit.query({ login: second, kind: "password-wrong", limit: 20 })).length,
    0,
    "the pause holds whatever the headers say",
  );
});

const believed: readonly (readonly [string, string])[] = [
  ["203.0.113.7", "203.0.113.7"],
  ["198.51.100.1, 203.0.113.7", "203.0.113.7"],
  ["198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"],
  ["203.0.113.7, 10.1.2.3, 10.9.9.9", "203.0.113.7"],
  ["10.1.2.3", "10.1.2.3"],
  ["2001:db8::1", "2001:db8::1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["203.0.113.7, fd00::5", "203.0.113.7"],
  // Junk nearest to us: the proxy itself is all that is known. Junk further out: the address before it.
  ["203.0.113.7, a", "127.0.0.1"],
  ["a, 203.0.113.7", "203.0.113.7"],
  ["a, 10.1.2.3", "10.1.2.3"],
  ["", "127.0.0.1"],
  [",", "127.0.0.1"],
  ["unknown", "127.0.0.1"],
  ["203.0.113.7.evil", "127.0.0.1"],
  ["1", "127.0.0.1"],
  ["0177.0.0.1", "127.0.0.1"],
  ["203.0.113.7%0d%0a", "127.0.0.1"],
  [
    `${Array.from({ length: 10 }, (_one, hop) => `198.51.100.${hop}`).join(", ")}, 203.0.113.7`,
    "203.0.113.7",
  ],
  [`${"9".repeat(12_000)}, 203.0.113.7`, "203.0.113.7"],
];

test("S15 from a trusted proxy the rightmost address that is no proxy's counts, whatever stands to the left of it", async () => {
  for (const [header, expected] of believed)
    assert.equal(await addressSeen(proxied, { "x-forwarded-for": header }), expected, header.slice(0, 60));
});

test("S15 X-Real-IP and Forwarded are not believed even from a trusted proxy, beside X-Forwarded-For or alone", async () => {
  assert.equal(await addressSeen(proxied, { "x-real-ip": "203.0.113.7" }), "127.0.0.1");
  assert.equal(
    await addressSeen(proxied, { "x-real-ip": "203.0.113.9", "x-forwarded-for": "203.0.113.7" }),
    "203.0.113.7",
  );
});

test("S15 a forwarding header of a megabyte is refused before anything runs, and the server goes on", async () => {
  for (const server of [direct, proxied]) {
    const { status } = await rawRequest(server, {
      target: "/.well-known/openid-configuration",
      headers: { "X-Forwarded-For": "1.2.3.4, ".repeat(110_000) },
    });
    assert.ok(status === 431 || status === 400 || status === 0, String(status));
    assert.equal((await rawRequest(server, { target: "/.well-known/openid-configuration" })).status, 200);
  }
});

test("S15 whatever the header holds, a password is asked for and judged (CVE-2024-47070: junk skipped the password)", async () => {
  const printable = fc.string({
    unit: fc.constantFrom(..."0123456789abcdef.:,[]%/ xX-_;=\"'"),
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(
      printable,
      fc.constantFrom("x-forwarded-for", "forwarded", "x-real-ip"),
      async (value, name) => {
        const visitor = proxied.visitor({ headers: { [name]: value } });
        const page = await begin(proxied, visitor);
        if (page.status === 421) return;
        assert.match(page.body, /name="password"/);
        const answer = await visitor.submit(page, {
          username: `nobody-${page.url.pathname.slice(-6)}`,
          password: "neither",
        });
        assert.match(answer.body, /name="password"/, textOf(answer.body).slice(0, 100));
      },
    ),
    { numRuns: 25, interruptAfterTimeLimit: 8000 },
  );
});
