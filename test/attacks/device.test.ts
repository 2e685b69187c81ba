/** What must not work with device codes: somebody else's code, guesses, planted logins, forms of other sites, races. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { askForCode, deviceTokens, poll, ROOT_PHONE, typeCode } from "../kit/device.ts";
import { post } from "../kit/relying-party.ts";
import { startServer, twoSteps, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";

const QUICK = { memory: 64, passes: 1, lanes: 1 } as const;
const server = await startServer({ hashCost: QUICK });
/** Another network than everybody else's here is no matter of this server, so each crowd gets a server. */
const another = () => startServer({ hashCost: QUICK, simulator: server.simulator });

describe("CVE-2026-45337: a code is answered by the browser that typed it, after it was shown there", () => {
  test("a second browser that types the same code is told that it is not known", async () => {
    const asked = await askForCode(server);
    const owner = server.visitor();
    await typeCode(owner, asked.user_code);
    const thief = server.visitor();
    assert.match(textOf((await typeCode(thief, asked.user_code)).body), /not known here/);
    assert.match(textOf((await owner.get("/device")).body), /Is this your device\?/, "the owner goes on");
  });

  test("neither the other browser's form nor the engine's own fields allow it", async () => {
    const asked = await askForCode(server);
    const owner = server.visitor();
    const question = formOf(await typeCode(owner, asked.user_code)).fields;
    const thief = server.visitor();
    await deviceTokens(server, "root", ROOT_PHONE, thief);
    const start = formOf(await thief.get("/device?again=1")).fields;
    for (const fields of [
      question,
      { ...question, xsrf: start.xsrf ?? "" },
      { ...start, confirm: "yes" },
      { xsrf: start.xsrf ?? "", user_code: asked.user_code, confirm: "yes" },
      { xsrf: start.xsrf ?? "", user_code: asked.user_code, confirm: "yes", csrf: question.csrf ?? "" },
      { xsrf: start.xsrf ?? "", user_code: asked.user_code, abort: "yes" },
    ]) {
      await thief.send("POST", "/device", fields as Record<string, string>);
      assert.equal((await poll(server, asked)).body.error, "authorization_pending");
      server.advance(6_000);
    }
    const code = await server.parts.storage
      .records<{ accountId?: string; inFlight?: boolean }>("oidc.DeviceCode")
      .get(asked.device_code);
    assert.deepEqual([code?.accountId, code?.inFlight], [undefined, undefined]);
  });

  test("a link with the code in it does nothing but fill the field, for whoever is signed in as well", async () => {
    const visitor = server.visitor();
    await deviceTokens(server, "root", ROOT_PHONE, visitor);
    const asked = await askForCode(server);
    const page = await visitor.get(asked.verification_uri_complete);
    assert.match(page.body, new RegExp(`name="user_code" type="text" value="${asked.user_code}"`));
    assert.doesNotMatch(page.body, /Sallyport command line/, "not even who asks is said");
    assert.equal((await poll(server, asked)).body.error, "authorization_pending");
    assert.match(textOf((await visitor.submit(page, {})).body), /Is this your device\?/);
    const hostile = await visitor.get(
      `/device?user_code=${encodeURIComponent('"><script>alert(1)</script>')}`,
    );
    assert.match(hostile.body, /name="user_code" type="text" value=""/);
  });
});

test("S17: forms of other sites and forms without our token are refused, and change nothing", async () => {
  const visitor = server.visitor();
  const asked = await askForCode(server);
  const question = await typeCode(visitor, asked.user_code);
  for (const [fields, headers] of [
    [{}, { "sec-fetch-site": "cross-site" }],
    [{}, { origin: "https://evil.example.test" }],
    [{ csrf: "" }, {}],
    [{ csrf: "0.abcdefghijklmnopqrstuvwxyza" }, {}],
  ] as const)
    assert.equal((await visitor.submit(question, fields, headers)).status, 403);
  assert.equal((await poll(server, asked)).body.error, "authorization_pending");
  const typing = await server.visitor().get("/device");
  assert.equal(
    (await visitor.send("POST", "/device", { ...formOf(typing).fields, user_code: asked.user_code })).status,
    403,
    "a form of another browser",
  );
  const json = await visitor.post("/device", "{}", { "content-type": "application/json" });
  assert.equal(json.status, 415);
});

test("S12: the pages carry every header, and each path answers its own verbs alone", async () => {
  const visitor = server.visitor();
  for (const page of [
    await visitor.get("/device"),
    await typeCode(visitor, (await askForCode(server)).user_code),
  ]) {
    assert.match(String(page.headers["content-security-policy"]), /script-src 'self';.*form-action 'self'/);
    assert.match(String(page.headers["content-security-policy"]), /frame-ancestors 'none'/);
    assert.equal(page.headers["cache-control"], "no-store");
    assert.equal(page.headers["referrer-policy"], "no-referrer");
    assert.doesNotMatch(page.body, /<script(?![^>]*\bsrc=)/);
  }
  for (const [method, path, allow] of [
    ["PUT", "/device", ["GET", "POST"]],
    ["HEAD", "/device", ["GET", "POST"]],
    ["GET", "/device_authorization", ["OPTIONS", "POST"]],
    ["POST", "/device/some-login", ["GET"]],
  ] as const) {
    const answer = await fetch(new URL(path, server.issuer), { method });
    assert.equal(answer.status, 405, `${method} ${path}`);
    assert.deepEqual((answer.headers.get("allow") ?? "").split(", ").sort(), [...allow]);
  }
});

test("M07: a login for a device that was begun in another browser signs nobody in by a planted cookie", async () => {
  const attacker = server.visitor();
  const asked = await askForCode(server);
  const login = await attacker.submit(await typeCode(attacker, asked.user_code), {});
  // The attacker shows both factors, but keeps the last step back and plants its cookies in the victim's browser.
  const before = (await server.simulator.messages()).length;
  const codePage = await typePassword(attacker, login, "root");
  const code = await server.simulator.codeAfter(before, ROOT_PHONE);
  const seen: string[] = [];
  const last = formOf(codePage);
  const stop = server.visitor({
    stopAt: [`${server.issuer}/device/`],
    onAnswer: (one) => seen.push(one.url.href),
  });
  for (const [key, cookie] of attacker.jar) stop.jar.set(key, cookie);
  const resume = await stop.send("POST", last.action, { ...last.fields, code });
  assert.match(resume.url.pathname, /^\/device\/[\w-]+$/);
  const victim = server.visitor();
  for (const [key, cookie] of stop.jar)
    if (/^sallyport_(login|resume)/.test(key)) victim.jar.set(key, cookie);
  const landed = await victim.get(resume.url.href);
  assert.equal(landed.status, 409);
  assert.equal(victim.cookie("sallyport_session"), undefined);
});

test("guesses are bounded per network, and the right code waits as well", async () => {
  const crowded = await another();
  const visitor = crowded.visitor();
  const letters = "BCDFGHJKLMNPQRSTVWXZ";
  let page = await visitor.get("/device?again=1");
  let tries = 0;
  for (; tries < 60; tries += 1) {
    const guess = Array.from({ length: 8 }, (_one, at) => letters[(tries * 7 + at * 3) % 20]).join("");
    page = await visitor.submit(page, { user_code: guess });
    if (/too many wrong codes/.test(page.body)) break;
    assert.match(textOf(page.body), /not known here/);
  }
  assert.equal(tries, 30);
  const asked = await askForCode(crowded);
  assert.match(textOf((await typeCode(visitor, asked.user_code)).body), /too many wrong codes/);
  assert.match(textOf((await typeCode(crowded.visitor(), asked.user_code)).body), /too many wrong codes/);
  const typo = await typeCode(visitor, "AEIOU");
  assert.match(textOf(typo.body), /not such a code/, "what cannot be a code is no guess");
  crowded.advance(3_600_000);
  assert.doesNotMatch((await typeCode(crowded.visitor(), "BCDFGHJK")).body, /too many/);
});

test("codes that devices ask for are bounded per network", async () => {
  const crowded = await another();
  let refused = 0;
  for (let asks = 0; asks < 125; asks += 1) {
    const answer = await post(crowded, "/device_authorization", { client_id: "sallyport-cli" });
    if (answer.status === 429) {
      refused += 1;
      assert.ok(Number(answer.headers.get("retry-after")) > 0);
    }
  }
  assert.ok(refused >= 4 && refused <= 6, `${refused}`);
});

test("T03: of parallel redemptions of one code exactly one succeeds", async () => {
  const visitor = server.visitor();
  const asked = await askForCode(server);
  const login = await visitor.submit(await typeCode(visitor, asked.user_code), {});
  await twoSteps(server, visitor, login, "root", ROOT_PHONE);
  const answers = await Promise.all(Array.from({ length: 10 }, () => poll(server, asked)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  const errors = answers.filter(({ status }) => status !== 200).map(({ body }) => body.error);
  assert.equal(errors.length, 9);
  assert.deepEqual([...new Set(errors)].sort(), ["slow_down"], "the others come too soon");
});

test("of parallel answers to one code one counts, and a code of another client is of no use", async () => {
  const visitor = server.visitor();
  const asked = await askForCode(server);
  const question = await typeCode(visitor, asked.user_code);
  await Promise.all([
    visitor.submit(question, { action: "refuse" }),
    visitor.submit(question, {}),
    visitor.submit(question, { action: "refuse" }),
  ]);
  const answer = await poll(server, asked);
  assert.ok(["access_denied", "authorization_pending"].includes(String(answer.body.error)));
  const wrong = await poll(server, await askForCode(server), { client_id: "spa" });
  assert.notEqual(wrong.status, 200);
});

test("S08: a person who was disabled after allowing the device gets it nothing", async () => {
  const visitor = server.visitor();
  const asked = await askForCode(server);
  const login = await visitor.submit(await typeCode(visitor, asked.user_code), {});
  await twoSteps(server, visitor, login, "root", ROOT_PHONE);
  const root = await server.parts.directory.find("root");
  await server.parts.directory.write?.setStatus(root?.id ?? "", "disabled");
  await server.parts.endAll(root?.id ?? "", "test");
  assert.equal((await poll(server, asked)).body.error, "invalid_grant");
  await server.parts.directory.write?.setStatus(root?.id ?? "", "active");
});
