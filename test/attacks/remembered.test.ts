/** Attacks on remembered devices: a stolen cookie, one that is over, one that is made up, and what must never be spared. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { atAccount, SECOND, secondPhone, send } from "../kit/account.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import {
  anotherDay,
  byPassword,
  eventsOf,
  keptBy,
  rememberedVisitor,
  startRemembering,
  subjectOf,
  withCookie,
} from "../kit/remembered.ts";
import { GRACE, PASSWORD, type TestServer, typePassword } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const ROOT = "+12025550199";

/** A remembered browser, and whether its cookie is still worth anything after `act`. */
async function sparedAfter(
  act: (server: TestServer, subject: string) => Promise<unknown>,
  username = "grace",
): Promise<boolean> {
  const server = await startRemembering();
  const visitor = await rememberedVisitor(server);
  const next = anotherDay(server, visitor);
  assert.equal((await byPassword(server, next)).askedForCode, false, "it is worth something before");
  await act(server, await subjectOf(server, username));
  const came = await byPassword(server, anotherDay(server, next));
  return !came.askedForCode;
}

async function startedWithDevice() {
  const server = await startRemembering();
  return { server, visitor: await rememberedVisitor(server) };
}

test("M13: a stolen cookie opens nothing without the password, and nothing of another person", async () => {
  const server = await startRemembering();
  const visitor = await rememberedVisitor(server);
  const cookie = keptBy(server, visitor) ?? "";
  const thief = withCookie(server, server.visitor(), cookie);
  const rp = await createRelyingParty(server);
  const begun = await rp.begin({ acr_values: "twilio_sms" });
  const page = await thief.get(begun.url.href);
  assert.match(page.body, /name="password"/, "the cookie alone leads to the first page");
  assert.doesNotMatch(page.body, /grace/i, "and tells nobody's name");
  // root has a phone and a password that the thief knows; grace's device is none of root's.
  const code = await typePassword(thief, page, "root", PASSWORD);
  assert.match(code.body, /name="code"/);
  const other = withCookie(server, server.visitor(), cookie);
  const again = await other.get((await rp.begin({ acr_values: "twilio_sms" })).url.href);
  const wrong = await typePassword(other, again, "grace", "not the password at all");
  assert.match(wrong.body, /name="password"/);
  assert.equal((await eventsOf(server, "remembered-device-used")).length, 0);
  assert.equal(
    (await byPassword(server, anotherDay(server, visitor))).askedForCode,
    false,
    "the owner's goes on",
  );
});

test("P17: a password that has to be changed is changed behind a factor that is shown, not behind a device", async () => {
  const { server, visitor } = await startedWithDevice();
  const done = await server.parts.directory.write?.change(await subjectOf(server, "grace"), {
    mustChange: true,
  });
  assert.equal(done?.kind, "done");
  assert.equal((await byPassword(server, anotherDay(server, visitor))).askedForCode, true);
});

test("the cookie is no oracle: with it and without it, known or unknown, the answer to a wrong password is the same", async () => {
  const server = await startRemembering();
  const cookie = keptBy(server, await rememberedVisitor(server)) ?? "";
  const seen = async (username: string, with_: string | undefined) => {
    const visitor = server.visitor();
    if (with_ !== undefined) withCookie(server, visitor, with_);
    const page = await visitor.get(
      server.authorizeUrl({ client_id: "spa", ...PKCE, acr_values: "twilio_sms" }),
    );
    const answer = await typePassword(visitor, page, username, "not the password at all");
    return [
      answer.status,
      textOf(answer.body).replaceAll(username, "NAME"),
      answer.trail.map(({ headers }) => Object.keys(headers).sort().join()),
    ];
  };
  const forged = `${"A".repeat(22)}.${"B".repeat(43)}`;
  const plain = await seen("grace", undefined);
  for (const [name, with_] of [
    ["grace", cookie],
    ["ghost", cookie],
    ["grace", forged],
    ["ghost", undefined],
  ] as const)
    assert.deepEqual(await seen(name, with_), plain, `${name} ${with_}`);
});

const PKCE = {
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  code_challenge_method: "S256",
} as const;

test("a cookie that is made up, cut, of another shape or much too long is as none", async () => {
  const server = await startRemembering();
  const cookie = keptBy(server, await rememberedVisitor(server)) ?? "";
  const [id = "", secret = ""] = cookie.split(".");
  const other = `${secret.slice(0, -2)}${secret.endsWith("AA") ? "BB" : "AA"}`;
  for (const forged of [
    `${"A".repeat(22)}.${secret}`,
    id,
    `${id}.`,
    `.${secret}`,
    `${id}.${secret.slice(1)}`,
    `${id}.${id}${id}`,
    "~".repeat(3000),
    `${`${"A".repeat(22)}.${"B".repeat(43)}~`.repeat(3)}${cookie}`,
    "%00",
  ])
    assert.equal(
      (await byPassword(server, withCookie(server, server.visitor(), forged))).askedForCode,
      true,
      forged.slice(0, 80),
    );
  assert.equal(
    (await eventsOf(server, "remembered-device-ended")).length,
    0,
    "none of them ends the real one",
  );
  // Whoever has its id has had the cookie: with another secret they are taken for a thief.
  assert.equal(
    (await byPassword(server, withCookie(server, server.visitor(), `${id}.${other}`))).askedForCode,
    true,
  );
  assert.equal((await byPassword(server, withCookie(server, server.visitor(), cookie))).askedForCode, true);
});

test("each use replaces the secret: whoever brings the old one is asked, and the device is remembered no more", async () => {
  const server = await startRemembering();
  const visitor = await rememberedVisitor(server);
  const stolen = keptBy(server, visitor) ?? "";
  const owner = anotherDay(server, visitor);
  assert.equal((await byPassword(server, owner)).askedForCode, false);
  const renewed = keptBy(server, owner) ?? "";
  assert.notEqual(renewed, stolen);
  assert.equal(renewed.split(".")[0], stolen.split(".")[0]);
  // Two windows of one browser may come at the same time.
  assert.equal((await byPassword(server, withCookie(server, server.visitor(), stolen))).askedForCode, false);
  server.advance(2 * 60_000);
  assert.equal((await byPassword(server, withCookie(server, server.visitor(), stolen))).askedForCode, true);
  const [ended] = await eventsOf(server, "remembered-device-ended");
  assert.equal(ended?.reason, "reused");
  assert.equal(
    (await byPassword(server, anotherDay(server, owner))).askedForCode,
    true,
    "and the owner hears of it",
  );
});

test("the other way round as well: a thief who was first is found out by the owner", async () => {
  const server = await startRemembering();
  const visitor = await rememberedVisitor(server);
  const thief = withCookie(server, server.visitor(), keptBy(server, visitor) ?? "");
  assert.equal((await byPassword(server, thief)).askedForCode, false);
  server.advance(2 * 60_000);
  assert.equal((await byPassword(server, anotherDay(server, visitor))).askedForCode, true);
  assert.equal((await byPassword(server, anotherDay(server, thief))).askedForCode, true);
});

test("a cookie played again after its device was forgotten is worth nothing", async () => {
  assert.equal(
    await sparedAfter(async ({ parts }, subject) => parts.remembered.endAll(subject, "test", "forgotten")),
    false,
  );
  assert.equal(
    await sparedAfter(async ({ parts }, subject) => {
      const [device] = await parts.remembered.list(subject);
      assert.equal(await parts.remembered.end("somebody else", device?.id ?? "", "test", ""), false, "IDOR");
      assert.equal(await parts.remembered.end(subject, device?.id ?? "", "test", "forgotten"), true);
    }),
    false,
  );
});

test("S07: whatever changes what the account is entered by ends every remembered device", async () => {
  const password = "another long password of hers";
  const acts: Readonly<Record<string, (server: TestServer, subject: string) => Promise<unknown>>> = {
    "a phone is added": (server) => secondPhone(server),
    "a phone is removed": async ({ parts }, subject) => {
      const [phone] = await parts.authenticators.list(subject, "sms");
      await parts.authenticators.unbind(phone?.id ?? "", "test", "removed");
      await parts.authenticators.bind({
        subject,
        kind: "sms",
        key: phone?.key ?? "",
        data: phone?.data ?? null,
        boundBy: "undo",
      });
    },
    "the account is closed and opened": async ({ parts }, subject) => {
      await parts.directory.write?.setStatus(subject, "disabled");
      await parts.directory.write?.setStatus(subject, "active");
    },
    "an administrator changes the status": async ({ parts }, subject) => {
      await parts.directory.write?.change(subject, { status: "disabled" });
      await parts.directory.write?.change(subject, { status: "active" });
    },
    "everything is ended": ({ parts }, subject) => parts.sessions.endAll(subject, "test", "all"),
    "the person becomes an administrator for a moment": async ({ parts }, subject) => {
      await parts.directory.write?.setRoles(subject, ["auditor"]);
      await parts.directory.write?.setRoles(subject, []);
    },
    "it was not me": async (server) => {
      const { visitor } = await atAccount(server);
      const page = await visitor.get("/account/activity");
      const id = /\/account\/activity\/(\d+)\/not-me/.exec(page.body)?.[1];
      assert.ok(id);
      await send(visitor, page, `/account/activity/${id}/not-me`);
      assert.equal((await server.parts.audit.query({ kind: "reported", limit: 1 })).length, 1);
    },
  };
  for (const [name, act] of Object.entries(acts)) assert.equal(await sparedAfter(act), false, name);
  // The same with a password, which the person then types.
  const server = await startRemembering();
  const visitor = await rememberedVisitor(server);
  await server.parts.directory.write?.setPassword(await subjectOf(server), new Secret(password));
  const rp = await createRelyingParty(server);
  const begun = await rp.begin({ acr_values: "twilio_sms" });
  const next = anotherDay(server, visitor);
  const page = await typePassword(next, await next.get(begun.url.href), "grace", password);
  assert.match(page.body, /name="code"/, "a new password");
});

test("what is no change of that kind ends nothing", async () => {
  assert.equal(
    await sparedAfter(async ({ parts }, subject) => {
      const user = await parts.directory.get(subject);
      await parts.directory.write?.change(subject, {
        claims: { ...user?.claims, zoneinfo: "Europe/Paris" },
        status: "active",
      });
      const [phone] = await parts.authenticators.list(subject, "sms");
      await parts.authenticators.update(phone?.id ?? "", phone?.version ?? 0, {
        ...(phone?.data as Record<string, string>),
        nickname: "mine",
      });
    }),
    true,
  );
});

test("administrators are always asked: nothing is offered, a box that is sent counts for nothing, a role that comes later ends it", async () => {
  const server = await startRemembering();
  const before = (await server.simulator.messages()).length;
  const visitor = server.visitor();
  const { seen } = await byPassword(server, visitor, { username: "root" });
  assert.doesNotMatch(seen.body, /name="remember"/);
  await visitor.submit(seen, { code: await server.simulator.codeAfter(before, ROOT), remember: "yes" });
  assert.equal(keptBy(server, visitor), undefined);
  assert.equal((await server.parts.remembered.list(await subjectOf(server, "root"))).length, 0);

  const hers = anotherDay(server, await rememberedVisitor(server));
  assert.equal((await byPassword(server, hers)).claims?.acr, "remembered_device");
  await server.parts.directory.write?.setRoles(await subjectOf(server), ["helpdesk"]);
  const rp = await createRelyingParty(server);
  const refused = await rp.refusal(hers, { acr_values: "twilio_sms", prompt: "none" });
  assert.equal(refused.get("error"), "login_required", "nor is her session of that day enough");
});

test("a box that was not offered, on a page of another step or client, is not ticked", async () => {
  const server = await startRemembering({ exceptClients: ["web"] });
  const visitor = server.visitor();
  const rp = await createRelyingParty(server, { clientId: "web" });
  const begun = await rp.begin({ acr_values: "twilio_sms" });
  const page = await visitor.get(begun.url.href);
  const code = await visitor.submit(page, { username: "grace", password: PASSWORD, remember: "yes" });
  await visitor.submit(code, { code: await server.simulator.codeAfter(0, GRACE), remember: "yes" });
  assert.equal(keptBy(server, visitor), undefined);
  assert.equal((await server.parts.remembered.list(await subjectOf(server))).length, 0);
});

test("M33: a device remembered by a weaker acr never stands in for a stronger one, whatever it is asked by", async () => {
  const server = await startRemembering(
    { acrs: ["twilio_sms", "otp"] },
    {
      settings: {
        acrs: { enabled: ["simple_password_auth", "twilio_sms", "otp", "fido2"], default: "twilio_sms" },
        limits: { passkeyOfferDays: 0 },
      },
    },
  );
  const visitor = await rememberedVisitor(server);
  for (const acr_values of ["otp", "fido2", "otp twilio_sms", "remembered_device otp"]) {
    const rp = await createRelyingParty(server);
    const begun = await rp.begin({ acr_values });
    const next = anotherDay(server, visitor);
    const first = await next.get(begun.url.href);
    const seen = /name="password"/.test(first.body)
      ? await next.submit(first, { username: "grace", password: PASSWORD })
      : first;
    assert.equal(seen.url.searchParams.has("code"), false, acr_values);
  }
  // Nobody can ask for the name that is told.
  const rp = await createRelyingParty(server);
  const essential = JSON.stringify({ id_token: { acr: { essential: true, value: "remembered_device" } } });
  const refused = await rp.refusal(anotherDay(server, visitor), { acr_values: "", claims: essential });
  assert.equal(refused.get("error"), "unmet_authentication_requirements");
});

test("O20: on the account pages a remembered device is never enough, neither to come in nor to change anything", async () => {
  const server = await startRemembering();
  const visitor = await rememberedVisitor(server);
  const next = anotherDay(server, visitor);
  const page = await next.submit(await next.get("/account"), { username: "grace", password: PASSWORD });
  assert.match(page.body, /name="code"/, "the account pages ask");
  // Signed in elsewhere by the device, it is the same.
  const other = anotherDay(server, visitor);
  assert.equal((await byPassword(server, other)).claims?.acr, "remembered_device");
  for (const path of ["/account", "/account/add/sms", "/account/password"]) {
    const seen = await other.get(path);
    assert.match(seen.url.pathname, /^\/login/, path);
    assert.match(seen.body, /name="(code|password)"/, path);
  }
  const before = (await server.simulator.messages()).length;
  assert.equal(before > 0, true);
});

test("over https the cookie is __Host-, Secure, HttpOnly, SameSite, and the store holds no secret", async () => {
  const server = await startRemembering({}, { httpsIssuer: "https://login.example.test" });
  const lines: string[] = [];
  const visitor = server.visitor({
    onAnswer: ({ headers }) => lines.push(...[headers["set-cookie"] ?? []].flat()),
  });
  const page = await visitor.get(
    server.authorizeUrl({ client_id: "spa", ...PKCE, acr_values: "twilio_sms" }),
  );
  const code = await typePassword(visitor, page, "grace");
  await visitor.submit(code, { code: await server.simulator.codeAfter(0, GRACE), remember: "yes" });
  const line =
    lines.find((one) => one.startsWith("__Host-sallyport_remembered=")) ?? assert.fail(lines.join("\n"));
  for (const has of [
    /; Path=\/(;|$)/,
    /; Secure/,
    /; HttpOnly/,
    /; SameSite=Lax/,
    /; Max-Age=2(591999|592000)/,
  ])
    assert.match(line, has);
  assert.doesNotMatch(line, /Domain/i);
  const secret = /\.([\w-]{43})/.exec(line)?.[1] ?? assert.fail(line);
  assert.equal(Buffer.from(secret, "base64url").length, 32);
  const [device] = await server.parts.remembered.list(await subjectOf(server));
  assert.ok(device);
  assert.doesNotMatch(JSON.stringify(device), new RegExp(secret));
});

test("a second phone that was never shown, a login that was begun before: the box counts only with the code of its own page", async () => {
  const server = await startRemembering();
  await secondPhone(server, "grace", "demo", SECOND);
  const visitor = server.visitor();
  const { seen } = await byPassword(server, visitor);
  const wrong = await visitor.submit(seen, { code: "000000", remember: "yes" });
  assert.equal(keptBy(server, visitor), undefined, "a wrong code remembers nothing");
  await visitor.submit(wrong, { code: await server.simulator.codeAfter(0, GRACE) });
  assert.equal(keptBy(server, visitor), undefined, "and the tick of a wrong try is not kept");
});
