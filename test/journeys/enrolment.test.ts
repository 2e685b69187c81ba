/** Somebody without a phone binds one while signing in, and the claims are true to it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { claimsOf, createRelyingParty } from "../kit/relying-party.ts";
import { PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { formOf, textOf } from "../kit/visitor.ts";

const server = await startServer();
const spa = await createRelyingParty(server);

/** A new person who never had a second factor. */
async function newcomer(username: string): Promise<void> {
  const added = await server.parts.directory.write?.add({ username, password: new Secret(PASSWORD) });
  assert.equal(added?.kind, "done");
}

test("ada enrols at sign-in: a wrong number is changed, the right one is proven, the phone claims are true", async () => {
  const visitor = server.visitor();
  const begun = await spa.begin({ scope: "openid phone" });
  let page = await typePassword(visitor, await visitor.get(begun.url.href), "ada");
  assert.match(page.body, /name="phone"/, textOf(page.body));

  let before = (await server.simulator.messages()).length;
  page = await visitor.submit(page, { phone: "+12025550111" });
  const stray = await server.simulator.codeAfter(before, "+12025550111");
  page = await visitor.submit(page, { action: "change-number" });
  assert.match(page.body, /name="phone"/);

  before = (await server.simulator.messages()).length;
  page = await visitor.submit(page, { phone: " 00 1 (202) 555-0178 " });
  const code = await server.simulator.codeAfter(before, "+12025550178");
  if (stray !== code) {
    page = await visitor.submit(page, { code: stray });
    assert.ok(
      formOf(page).action.startsWith("/login/"),
      "the first number's code proves nothing of the second",
    );
  }
  const tokens = await spa.redeem(begun, await visitor.submit(page, { code }));
  assert.equal(claimsOf(tokens).acr, "twilio_sms");
  assert.deepEqual([...(claimsOf(tokens).amr ?? [])].sort(), ["mfa", "pwd", "sms"]);
  const info = await spa.userinfo(tokens);
  assert.equal(info.phone_number, "+12025550178");
  assert.equal(info.phone_number_verified, true);
});

test("a person who has bound no phone has no phone claims", async () => {
  await newcomer("barbara");
  const tokens = await spa.byPassword(server.visitor(), "barbara", { scope: "openid phone" });
  const info = await spa.userinfo(tokens);
  assert.equal("phone_number" in info, false);
  assert.equal("phone_number_verified" in info, false);
});

test("of two phones of one person the one bound first is texted, and it is the one in the claims", async () => {
  await newcomer("hedy");
  const { parts, simulator } = server;
  const { id: subject } = (await parts.directory.find("hedy")) ?? assert.fail("hedy is not there");
  const [first, second] = ["+12025550161", "+12025550160"];
  for (const number of [first, second]) {
    await parts.authenticators.bind({
      subject,
      kind: "sms",
      key: parts.phoneKey(number),
      data: { number, country: "US", verifiedAt: parts.now() },
      boundBy: "administrator",
    });
    server.advance(1);
  }
  for (let round = 0; round < 2; round += 1) {
    const begun = await spa.begin({ scope: "openid phone" });
    const visitor = server.visitor();
    const before = (await simulator.messages()).length;
    const page = await typePassword(visitor, await visitor.get(begun.url.href), "hedy");
    const code = await simulator.codeAfter(before, first);
    const tokens = await spa.redeem(begun, await visitor.submit(page, { code }));
    assert.equal((await spa.userinfo(tokens)).phone_number, first);
  }
  assert.deepEqual(
    (await simulator.messages()).filter(({ to }) => to === second),
    [],
    "the other phone is never texted",
  );
});

const writings: readonly (readonly [string, string, Record<string, string>])[] = [
  ["spaces", "+44 7400 123456", {}],
  ["double zero", "0044 7400 123457", {}],
  ["dots and brackets", "+44 (7400) 12.34.58", {}],
  ["national form with the country chosen", "07400 123459", { country: "GB" }],
];
for (const [index, [how, typed, extra]] of writings.entries())
  test(`a number pasted with ${how} is the same number in E.164`, async () => {
    const username = `paster${index}`;
    await newcomer(username);
    const visitor = server.visitor();
    const begun = await spa.begin({ scope: "openid phone" });
    let page = await typePassword(visitor, await visitor.get(begun.url.href), username);
    const before = (await server.simulator.messages()).length;
    page = await visitor.submit(page, { phone: typed, ...extra });
    const e164 = `+44740012345${6 + index}`;
    const code = await server.simulator.codeAfter(before, e164);
    const tokens = await spa.redeem(begun, await visitor.submit(page, { code }));
    assert.equal((await spa.userinfo(tokens)).phone_number, e164);
  });

test("what is no mobile number is refused with a sentence, and no message goes out", async () => {
  await newcomer("mistyper");
  const visitor = server.visitor();
  const begun = await spa.begin();
  let page = await typePassword(visitor, await visitor.get(begun.url.href), "mistyper");
  const before = (await server.simulator.messages()).length;
  for (const phone of [
    "",
    "hello",
    "+1",
    "+44 870 123 4567",
    "+12025550143,+12025550144",
    "+1 900 555 0100",
  ]) {
    page = await visitor.submit(page, { phone });
    assert.match(page.body, /name="phone"/, `${phone}: ${textOf(page.body)}`);
  }
  assert.equal((await server.simulator.messages()).length, before);
});
