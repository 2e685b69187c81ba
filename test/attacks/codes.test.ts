/** The one-time code through the pages: used once, in its own login, and sent to nobody but its owner. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GRACE, PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";
import { begin, codeAfter, grantOf, ROOT, rawRequest, signedIn, texts, toCodePage } from "./attacker.ts";

const server = await startServer();
/** Failures of one story must not weigh on the next. */
const calm = () => server.advance(3 * 3_600_000);

test("O03 of 50 parallel submits of the right code exactly one signs in", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const before = await signedIn(server);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => visitor.submit(page, { code }).catch(() => undefined)),
  );
  assert.equal((await signedIn(server)) - before, 1);
  const grants = new Set(answers.map((seen) => seen && grantOf(seen)).filter((grant) => grant !== undefined));
  assert.ok(grants.size <= 1, `${grants.size} different codes reached the relying party`);
});

test("O03 a code that was used signs nobody in again, in the same login or another", async () => {
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  assert.ok(grantOf(await visitor.submit(page, { code })));
  const before = await signedIn(server);
  assert.equal(grantOf(await visitor.submit(page, { code })), undefined);
  const other = server.visitor();
  const second = await toCodePage(server, other);
  if (second.code !== code) assert.equal(grantOf(await other.submit(second.page, { code })), undefined);
  assert.equal(await signedIn(server), before);
});

test("O04 the code of one login is wrong in another: same person, other client, other person, other browser", async () => {
  calm();
  const first = server.visitor();
  const { page, code } = await toCodePage(server, first);
  const others = [
    { story: "another tab of the same browser", visitor: first, more: {}, who: ["grace", GRACE] },
    { story: "another browser", visitor: server.visitor(), more: {}, who: ["grace", GRACE] },
    {
      story: "another client",
      visitor: server.visitor(),
      more: { client_id: "asks" },
      who: ["grace", GRACE],
    },
    { story: "another person", visitor: server.visitor(), more: {}, who: ["root", ROOT] },
  ] as const;
  for (const { story, visitor, more, who } of others) {
    const other = await toCodePage(server, visitor, more, who);
    if (other.code === code) continue;
    const seen = await visitor.submit(other.page, { code });
    assert.equal(grantOf(seen), undefined, story);
    assert.match(textOf(seen.body), /code/i, story);
    assert.equal(formOf(seen).fields.code !== undefined, true, story);
  }
  assert.ok(grantOf(await first.submit(page, { code })), "and it is still right in its own");
});

test("O04 the form of one browser sent by another browser does nothing", async () => {
  calm();
  const owner = server.visitor();
  const thief = server.visitor();
  await begin(server, thief);
  const { page, code } = await toCodePage(server, owner);
  const before = await signedIn(server);
  assert.equal(grantOf(await thief.submit(page, { code })), undefined);
  assert.equal(await signedIn(server), before);
  assert.ok(grantOf(await owner.submit(page, { code })));
});

const oddCodes: readonly (readonly [string, string])[] = [
  ["missing", ""],
  ["empty", "code="],
  ["an array", "code%5B%5D=CODE"],
  ["an array with an index", "code%5B0%5D=CODE"],
  ["an object", "code%5Bvalue%5D=CODE"],
  ["two fields", "code=CODE&code=000000"],
  ["two equal fields", "code=CODE&code=CODE"],
  ["full-width digits", "code=WIDE"],
  ["Arabic-Indic digits", "code=ARABIC"],
  ["too short", "code=SHORT"],
  ["too long", "code=CODE0"],
  ["a sign before it", "code=%2BCODE"],
  ["hexadecimal", "code=0x00001"],
  ["a NUL behind it", "code=CODE%00"],
  ["true", "code=true"],
  ["__proto__", "__proto__%5Bcode%5D=CODE&__proto__=CODE"],
  ["constructor", "constructor%5Bprototype%5D%5Bcode%5D=CODE&constructor=CODE"],
  ["other case", "CODE_FIELD=CODE&Code=CODE"],
  ["10 000 digits", `code=${"1".repeat(10_000)}`],
];

test("O10 nothing but the code itself signs in, and what is no code costs no try", async () => {
  calm();
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const before = await signedIn(server);
  const shift = (zero: number) =>
    [...code].map((digit) => String.fromCodePoint(zero + Number(digit))).join("");
  for (const [story, pattern] of oddCodes) {
    const { action, fields } = formOf(await visitor.get(page.url.href));
    const hidden = new URLSearchParams({ csrf: fields.csrf ?? "" }).toString();
    const odd = pattern
      .replaceAll("WIDE", encodeURIComponent(shift(0xff10)))
      .replaceAll("ARABIC", encodeURIComponent(shift(0x660)))
      .replaceAll("SHORT", code.slice(0, 5))
      .replaceAll(/(?<!_)CODE(?!_)/g, code);
    const answer = await visitor.post(action, `${hidden}&${odd}`);
    assert.ok(answer.status < 500, `${story}: ${answer.status}`);
    assert.equal(grantOf(answer), undefined, story);
  }
  assert.equal(await signedIn(server), before);
  assert.equal(
    (await server.parts.audit.query({ kind: "code-wrong", limit: 100 })).filter(
      (one) => one.login === page.url.pathname.split("/")[2],
    ).length,
    0,
  );
  assert.ok(grantOf(await visitor.submit(await visitor.get(page.url.href), { code })));
});

test("O10 the right code with spaces or a dash, as a phone pastes it, is right", async () => {
  calm();
  for (const style of [
    (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)} `,
    (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`,
  ]) {
    const visitor = server.visitor();
    const { page, code } = await toCodePage(server, visitor);
    assert.ok(grantOf(await visitor.submit(page, { code: style(code) })));
  }
});

test("O10 a body of a megabyte is refused with 413, other content types do nothing", async () => {
  calm();
  const visitor = server.visitor();
  const { page, code } = await toCodePage(server, visitor);
  const { action, fields } = formOf(page);
  const before = await signedIn(server);
  const big = await visitor.post(action, `csrf=${fields.csrf}&code=${code}&x=${"x".repeat(1 << 20)}`);
  assert.equal(big.status, 413);
  const types: readonly (readonly [string, string])[] = [
    ["application/json", JSON.stringify({ csrf: fields.csrf, code })],
    ["application/json", "{"],
    ["text/plain", `csrf=${fields.csrf}&code=${code}`],
    [
      "multipart/form-data; boundary=b",
      `--b\r\nContent-Disposition: form-data; name="code"\r\n\r\n${code}\r\n--b--\r\n`,
    ],
    ["application/xml", "<code/>"],
    ["nonsense", `csrf=${fields.csrf}&code=${code}`],
  ];
  for (const [type, body] of types) {
    const answer = await visitor.post(action, body, { "content-type": type });
    assert.ok(answer.status >= 400 && answer.status < 500, `${type}: ${answer.status}`);
  }
  const chunked = await rawRequest(server, {
    method: "POST",
    target: action,
    headers: { "Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked" },
    body: `${(1 << 16).toString(16)}\r\n${"x".repeat(1 << 16)}\r\n0\r\n\r\n`,
  });
  assert.ok(chunked.status >= 400 && chunked.status < 500, String(chunked.status));
  assert.equal(await signedIn(server), before);
});

test("O12 a number in any request of the sign-in is ignored: the text goes to the stored one", async () => {
  calm();
  const visitor = server.visitor();
  const evil = { phone: "+491701234567", to: "+491701234567", number: "+491701234567" };
  const query = `&${new URLSearchParams(evil)}`;
  const before = await texts(server);
  const page = await begin(server, visitor, evil);
  const again = await visitor.get(`${page.url.pathname}?${query}`);
  const form = formOf(again);
  const codePage = await visitor.post(
    `${form.action}?${query}`,
    new URLSearchParams({
      ...form.fields,
      username: "grace",
      password: PASSWORD,
      ...evil,
      "phone[]": evil.phone,
    }).toString(),
  );
  await codeAfter(server, before);
  server.advance(31_000);
  await visitor.submit(await visitor.get(codePage.url.href), { ...evil, action: "resend" });
  await visitor.submit(await visitor.get(codePage.url.href), { ...evil, action: "change-number" });
  await codeAfter(server, before + 1);
  const sent = (await server.simulator.messages()).slice(before);
  assert.deepEqual([...new Set(sent.map(({ to }) => to))], [GRACE]);
  assert.equal(sent.length, 2);
});

test("O13 no digit of the number is shown before the password, and then only the last two", async () => {
  calm();
  const visitor = server.visitor();
  const page = await begin(server, visitor, { login_hint: "grace" });
  const wrong = await typePassword(visitor, page, "grace", "not the password at all");
  const { page: codePage } = await toCodePage(server, server.visitor());
  const digits = GRACE.slice(1);
  for (const seen of [page, wrong, ...page.trail, ...wrong.trail]) {
    const plain = textOf(seen.body);
    assert.ok(!plain.includes(digits.slice(-4)) && !/•/.test(plain), "nothing of it, not even masked");
  }
  const shown = textOf(codePage.body).replaceAll(/\s/g, "");
  assert.match(shown, /43/);
  for (let from = 0; from + 5 <= digits.length; from += 1)
    assert.ok(!codePage.body.includes(digits.slice(from, from + 5)), "a run of its digits");
});
