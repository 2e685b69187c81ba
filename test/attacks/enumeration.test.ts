/** P11, P12: nobody learns from outside whether a name is known, a password wrong, an account disabled or a phone bound. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { formOf, type Seen, type TestVisitor } from "../kit/visitor.ts";
import { begin, codeAfter, finish, grantOf, shapeOf, texts } from "./attacker.ts";

const server = await startServer();
const WRONG = "neither door is open";

/** Names of one length; `there0` is active with a phone, `plain0` has none, `gone00` is disabled, `nobody` is not there. */
const NAMES = { known: "there0", noPhone: "plain0", disabled: "gone00", unknown: "nobody" };
for (const username of [NAMES.known, NAMES.noPhone, NAMES.disabled]) {
  const added = await server.parts.directory.write?.add({ username, password: new Secret(PASSWORD) });
  assert.equal(added?.kind, "done");
  if (added?.kind !== "done") continue;
  const { id } = added.user;
  if (username === NAMES.disabled) await server.parts.directory.write?.setStatus(id, "disabled");
  if (username === NAMES.known)
    await server.parts.authenticators.bind({
      subject: id,
      kind: "sms",
      key: server.parts.phoneKey("+12025550155"),
      data: { number: "+12025550155", country: "US", verifiedAt: 0 },
      boundBy: "test",
    });
}

async function attempt(
  username: string,
  password: string,
  visitor: TestVisitor = server.visitor(),
): Promise<Seen> {
  const page = await begin(server, visitor);
  return typePassword(visitor, page, username, password);
}

test("P11 unknown name, wrong password, disabled account, no phone: the same answers, byte for byte, headers included", async () => {
  const shapes = new Map<string, string>();
  for (const [story, username, password] of [
    ["unknown name", NAMES.unknown, WRONG],
    ["wrong password", NAMES.known, WRONG],
    ["wrong password, no phone", NAMES.noPhone, WRONG],
    ["disabled, wrong password", NAMES.disabled, WRONG],
    ["disabled, right password", NAMES.disabled, PASSWORD],
    ["unknown name with a known password", NAMES.unknown, PASSWORD],
  ] as const)
    shapes.set(story, shapeOf(await attempt(username, password), username));
  const [[first = "", shape = ""] = []] = shapes;
  for (const [story, other] of shapes) assert.equal(other, shape, `${story} differs from ${first}`);
  assert.match(shape, /password/);
  assert.notEqual(
    shapeOf(await attempt(NAMES.known, PASSWORD), NAMES.known),
    shape,
    "the comparison can tell a right password",
  );
});

test("P11 a paused account looks the same whether somebody has it or not, and is no different with the right password", async () => {
  server.advance(8 * 86_400_000);
  const shapes: string[] = [];
  for (const [username, last] of [
    [NAMES.unknown, WRONG],
    [NAMES.known, WRONG],
    [NAMES.disabled, WRONG],
    [NAMES.known, PASSWORD],
  ] as const) {
    server.advance(8 * 86_400_000);
    const visitor = server.visitor();
    for (let count = 0; count < 5; count += 1) await attempt(username, WRONG, visitor);
    const seen = await attempt(username, last, visitor);
    shapes.push(shapeOf(seen, username).replace(/\b\d+ seconds?\b/g, "N seconds"));
  }
  assert.equal(new Set(shapes).size, 1);
});

test("P11 login_hint and the first page tell nothing about a name", async () => {
  const shapes = await Promise.all(
    Object.values(NAMES).map(async (username) => {
      const seen = await begin(server, server.visitor(), { login_hint: username, state: "s" });
      return shapeOf({ ...seen, trail: seen.trail.slice(-1) }, username);
    }),
  );
  assert.equal(new Set(shapes).size, 1);
});

const spellings = (name: string): string[] => [
  name,
  name.toUpperCase(),
  ` ${name} `,
  `${name[0]?.toUpperCase()}${name.slice(1)}`,
  [...name]
    .map((one) => (/[a-z]/.test(one) ? String.fromCodePoint(one.charCodeAt(0) - 0x61 + 0xff41) : one))
    .join(""),
  [...name]
    .map((one) => (/[a-z]/.test(one) ? String.fromCodePoint(one.charCodeAt(0) - 0x61 + 0x1d41a) : one))
    .join(""),
  `\t${name}\n`,
];

for (const [story, name] of [
  ["a known name", "root"],
  ["an unknown name", "nadie"],
] as const)
  test(`P12 failures of ${story} are counted once, however it is spelled`, async () => {
    server.advance(8 * 86_400_000);
    const logins: string[] = [];
    for (const username of spellings(name)) {
      const visitor = server.visitor();
      const page = await begin(server, visitor);
      logins.push(page.url.pathname.split("/")[2] ?? "");
      await typePassword(visitor, page, username, WRONG);
    }
    let compared = 0;
    for (const login of logins)
      compared += (await server.parts.audit.query({ login, kind: "password-wrong", limit: 5 })).length;
    assert.equal(compared, 5, "five are compared, the others wait");
  });

test("P12 every spelling signs the same person in", async () => {
  server.advance(8 * 86_400_000);
  for (const username of spellings("grace")) {
    const visitor = server.visitor();
    const page = await begin(server, visitor, { acr_values: "simple_password_auth" });
    assert.ok(grantOf(await typePassword(visitor, page, username)), JSON.stringify(username));
  }
});

const inputs = (html: string): Map<string, string> =>
  new Map(
    [...html.matchAll(/<input\b[^>]*>/gi)].map(([tag]) => [/\bname="([^"]*)"/.exec(tag)?.[1] ?? "", tag]),
  );

test("P10 the fields say what they are, so that password managers and phones can fill them in", async () => {
  server.advance(8 * 86_400_000);
  const visitor = server.visitor();
  const first = await begin(server, visitor);
  const password = inputs(first.body);
  assert.match(password.get("username") ?? "", /autocomplete="username"/);
  assert.match(password.get("password") ?? "", /type="password"/);
  assert.match(password.get("password") ?? "", /autocomplete="current-password"/);
  assert.doesNotMatch(password.get("password") ?? "", /maxlength|readonly|onpaste|value=/i);
  const phone = await typePassword(visitor, first, "ada");
  assert.match(inputs(phone.body).get("phone") ?? "", /type="tel"/);
  assert.match(inputs(phone.body).get("phone") ?? "", /autocomplete="tel"/);
  const count = await texts(server);
  const code = await visitor.submit(phone, { phone: "+12025550144" });
  await codeAfter(server, count, "+12025550144");
  const field = inputs(code.body).get("code") ?? "";
  assert.match(field, /autocomplete="one-time-code"/);
  assert.match(field, /inputmode="numeric"/);
  assert.equal([...code.body.matchAll(/name="code"/g)].length, 1, "one field, so that a paste fits");
  for (const { body } of [first, phone, code])
    assert.doesNotMatch(body, /autocomplete="off"[^>]*name="(username|password|code)"|onpaste|oncopy/i);
  assert.equal(formOf(code).fields.code, "");
});

test("P11 P12 and grace still signs in with both factors", async () => {
  const visitor = server.visitor();
  assert.ok(grantOf(await finish(server, visitor, await begin(server, visitor))));
});
