/** Remembered devices as people and applications meet them: off unless wanted, offered where allowed, told truthfully. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dangersOf } from "../../src/core/dangers.ts";
import { SECOND, send } from "../kit/account.ts";
import { callApi, machines, tokenOf } from "../kit/admin.ts";
import { claimsOf, createRelyingParty } from "../kit/relying-party.ts";
import {
  anotherDay,
  byPassword,
  eventsOf,
  keptBy,
  rememberedVisitor,
  startRemembering,
  subjectOf,
} from "../kit/remembered.ts";
import { GRACE, PASSWORD, startServer, twoSteps } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const DAY = 86_400_000;

test("off unless wanted: no box is shown, one that is sent all the same counts for nothing, every sign-in sends a code", async () => {
  const server = await startServer();
  const visitor = server.visitor();
  const { seen } = await byPassword(server, visitor);
  assert.doesNotMatch(seen.body, /remember/);
  const code = await server.simulator.codeAfter(0, GRACE);
  const done = await visitor.submit(seen, { code, remember: "yes" });
  assert.ok(done.url.searchParams.has("code"));
  assert.equal(keptBy(server, visitor), undefined);
  assert.equal((await byPassword(server, anotherDay(server, visitor))).askedForCode, true);
  assert.equal((await server.simulator.messages()).length, 2);
});

test("off and without a cookie, a sign-in reads and writes what it did", async () => {
  const counted = async (settings: Record<string, unknown>) => {
    const server = await startServer({ settings });
    const { store } = server.parts;
    let reads = 0;
    const { read, list } = store.records;
    Object.assign(store.records, {
      read: (...given: Parameters<typeof read>) => {
        reads += given[0] === "remembered-device" ? 1000 : 1;
        return read.apply(store.records, given);
      },
      list: (...given: Parameters<typeof list>) => {
        reads += given[0] === "remembered-device" ? 1000 : 1;
        return list.apply(store.records, given);
      },
    });
    const visitor = server.visitor();
    const rp = await createRelyingParty(server);
    const begun = await rp.begin({ acr_values: "twilio_sms" });
    await twoSteps(server, visitor, await visitor.get(begun.url.href));
    return reads;
  };
  const on = await counted({ rememberedDevices: { ask: "unknown-device" } });
  assert.ok(on < 1000, "and where it is on, nothing of it is read before somebody brings a cookie");
  assert.equal(await counted({}), on);
});

test("whoever ticks the box is spared the code, and the application is told the truth", async () => {
  const server = await startRemembering({ days: 30 });
  const visitor = await rememberedVisitor(server);
  const [made] = await eventsOf(server, "device-remembered");
  assert.equal(made?.acr, "twilio_sms");

  const sent = (await server.simulator.messages()).length;
  const next = anotherDay(server, visitor);
  const { claims } = await byPassword(server, next);
  assert.equal(claims?.acr, "remembered_device", "not the acr of which no factor was shown");
  assert.deepEqual(claims?.amr, ["pwd"]);
  assert.equal((await server.simulator.messages()).length, sent, "nothing was sent");
  const [used] = await eventsOf(server, "remembered-device-used");
  assert.deepEqual(used, { device: made?.device, acr: "twilio_sms" });
  const [signedIn] = await eventsOf(server, "signed-in");
  assert.equal(signedIn?.acr, "remembered_device");

  // The session answers the same wish without a page, under the same name; nothing else takes it for more than a password.
  const rp = await createRelyingParty(server);
  const again = claimsOf(await rp.silently(next, { acr_values: "twilio_sms" }));
  assert.equal(again.acr, "remembered_device");
  assert.equal(
    claimsOf(await rp.silently(next, { acr_values: "simple_password_auth" })).acr,
    "simple_password_auth",
  );
  const web = await createRelyingParty(server, { clientId: "web" });
  const refused = await web.refusal(next, {
    prompt: "none",
    claims: JSON.stringify({ id_token: { acr: { essential: true, values: ["twilio_sms"] } } }),
  });
  assert.equal(refused.get("error"), "login_required");
});

test("not ticked, a device is not remembered; over, it is asked again", async () => {
  const server = await startRemembering({ days: 2 });
  const visitor = server.visitor();
  const { seen } = await byPassword(server, visitor);
  assert.match(textOf(seen.body), /on this device for 2 days/);
  assert.doesNotMatch(/<input[^>]*name="remember"[^>]*>/.exec(seen.body)?.[0] ?? "", /checked/);
  await visitor.submit(seen, { code: await server.simulator.codeAfter(0, GRACE) });
  assert.equal(keptBy(server, visitor), undefined);

  const kept = await rememberedVisitor(server, { visitor: anotherDay(server, visitor) });
  server.advance(DAY);
  const next = anotherDay(server, kept);
  assert.equal((await byPassword(server, next)).askedForCode, false);
  server.advance(DAY + 1000);
  assert.equal(
    (await byPassword(server, anotherDay(server, next))).askedForCode,
    true,
    "using it makes it last no longer: two days after the last code it is over",
  );
});

test("an application can do without: by name, by what it is allowed, by requiring, by max_age and by prompt=login", async () => {
  const server = await startRemembering(
    { exceptClients: ["web"] },
    {
      clients: [
        {
          client_id: "strict",
          trusted: true,
          redirect_uris: ["https://rp.example.test/callback"],
          allowed_acr_values: ["twilio_sms"],
        },
        {
          client_id: "lax",
          trusted: true,
          redirect_uris: ["https://rp.example.test/callback"],
          allowed_acr_values: ["twilio_sms", "remembered_device"],
        },
      ],
    },
  );
  let visitor = await rememberedVisitor(server);
  const essential = JSON.stringify({ id_token: { acr: { essential: true, values: ["twilio_sms"] } } });
  const asking = [
    { clientId: "web" },
    { clientId: "strict" },
    { parameters: { acr_values: "", claims: essential } },
    { parameters: { max_age: "3600" } },
    { parameters: { prompt: "login" } },
  ];
  for (const options of asking) {
    const came = await byPassword(server, anotherDay(server, visitor), options);
    assert.equal(came.askedForCode, true, JSON.stringify(options));
    assert.doesNotMatch(came.seen.body, /name="remember"/, "nor is it offered there");
  }
  for (const options of [{ clientId: "lax" }, {}]) {
    visitor = anotherDay(server, visitor);
    const came = await byPassword(server, visitor, options);
    assert.equal(came.claims?.acr, "remembered_device", JSON.stringify(options));
  }
  // And a session of a remembered device is not enough for any of them.
  for (const { clientId = "spa", parameters = {} } of asking) {
    const rp = await createRelyingParty(server, { clientId });
    const begun = await rp.begin({ acr_values: "twilio_sms", ...parameters });
    const seen = await visitor.get(begun.url.href);
    assert.match(seen.body, /name="(code|password)"/, JSON.stringify({ clientId, parameters }));
  }
});

test("an unknown place is asked where places count: another country, and one that nobody can tell", async () => {
  const { mkdtempSync, writeFileSync, rmSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const folder = mkdtempSync(join(tmpdir(), "sallyport-places-"));
  const table = join(folder, "countries.csv");
  writeFileSync(table, "198.51.100.0/24,DE\n203.0.113.0/24,FR\n");
  try {
    const server = await startRemembering(
      { ask: "unknown-place" },
      {
        config: { addressCountries: table, trustedProxies: ["127.0.0.1"] },
      },
    );
    const from = (address: string) => server.visitor({ headers: { "x-forwarded-for": address } });
    const nowhere = await byPassword(server, from("192.0.2.1"));
    assert.doesNotMatch(
      nowhere.seen.body,
      /name="remember"/,
      "where nobody can tell the country, nothing is offered",
    );
    const { jar } = await rememberedVisitor(server, { visitor: from("198.51.100.7") });
    const later = (address: string) => {
      const visitor = from(address);
      for (const [key, kept] of jar)
        if (!/session|interaction|resume|account/.test(key)) visitor.jar.set(key, kept);
      return visitor;
    };
    assert.equal((await byPassword(server, later("203.0.113.9"))).askedForCode, true, "another country");
    assert.equal((await byPassword(server, later("192.0.2.1"))).askedForCode, true, "no country");
    assert.equal(
      (await byPassword(server, later("10.0.0.7"))).askedForCode,
      true,
      "an address of some network",
    );
    const home = await byPassword(server, later("198.51.100.99"));
    assert.equal(home.claims?.acr, "remembered_device");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("where nobody has a table of countries, every place is unknown", async () => {
  const server = await startRemembering({ ask: "unknown-place" });
  assert.doesNotMatch((await byPassword(server, server.visitor())).seen.body, /name="remember"/);
});

test("on the page of their sessions people see their devices, and forget one or all", async () => {
  const server = await startRemembering();
  const subject = await subjectOf(server);
  const first = await rememberedVisitor(server);
  const second = await rememberedVisitor(server);
  const account = server.visitor();
  await twoSteps(server, account, await account.get("/account"));
  let page = await account.get("/account/sessions");
  assert.match(textOf(page.body), /Devices that are not asked for a code/);
  const ids = (await server.parts.remembered.list(subject)).map(({ id }) => id);
  assert.equal(ids.length, 2);
  const firstId = keptBy(server, first)?.split(".")[0] ?? "";
  assert.ok(ids.includes(firstId));
  page = await send(account, page, `/account/devices/${firstId}/end`);
  assert.match(textOf(page.body), /A code is asked for again/);
  assert.equal((await byPassword(server, anotherDay(server, first))).askedForCode, true);
  const next = anotherDay(server, second);
  assert.equal((await byPassword(server, next)).askedForCode, false, "the other one stays");
  await send(account, page, "/account/devices/end");
  assert.equal((await byPassword(server, anotherDay(server, next))).askedForCode, true);
  assert.doesNotMatch(textOf((await account.get("/account/sessions")).body), /not asked for a code/);
  assert.deepEqual(
    (await eventsOf(server, "remembered-device-ended")).map(({ device, reason }) => [device, reason]),
    [
      ["all", "forgotten by the person"],
      [firstId, "forgotten by the person"],
    ],
  );
  assert.match(textOf((await account.get("/account/activity")).body), /No code was asked for on your device/);
});

test("two people of one browser are remembered beside each other, and one more device than allowed replaces the oldest", async () => {
  const server = await startRemembering({ most: 2 });
  const { directory, authenticators, phoneKey, now } = server.parts;
  const { Secret } = await import("../../src/core/secret.ts");
  const added = await directory.write?.add({ username: "lovelace", password: new Secret(PASSWORD) });
  assert.ok(added?.kind === "done");
  await authenticators.bind({
    subject: added.user.id,
    kind: "sms",
    key: phoneKey(SECOND),
    data: { number: SECOND, country: "GB", verifiedAt: now() },
    boundBy: "demo",
  });
  const shared = await rememberedVisitor(server);
  const both = await rememberedVisitor(server, {
    username: "lovelace",
    phone: SECOND,
    visitor: anotherDay(server, shared),
  });
  assert.equal(keptBy(server, both)?.split("~").length, 2);
  const graces = anotherDay(server, both);
  assert.equal((await byPassword(server, graces)).askedForCode, false);
  const lovelaces = anotherDay(server, graces);
  assert.equal((await byPassword(server, lovelaces, { username: "lovelace" })).askedForCode, false);

  server.advance(1000);
  await rememberedVisitor(server);
  await rememberedVisitor(server);
  assert.equal((await server.parts.remembered.list(await subjectOf(server))).length, 2);
  assert.equal(
    (await byPassword(server, anotherDay(server, lovelaces))).askedForCode,
    true,
    "the oldest went",
  );
});

test("an administrator is told what a device counts for: explain, doctor, and a name with a slip in it", async () => {
  const server = await startRemembering({ exceptClients: ["web"] }, { clients: machines });
  const token = await tokenOf(server);
  await rememberedVisitor(server);
  const device = async (client: string, user: string, acr = "twilio_sms") => {
    const query = new URLSearchParams({ client, user, acr });
    const { json } = await callApi(server, token, "GET", `/api/v1/config/explain?${query}`);
    const { reasons } = json as { reasons: { check: string; message: string }[] };
    return reasons.find(({ check }) => check === "device")?.message ?? "";
  };
  assert.match(await device("spa", "grace"), /devices of grace: 1.*remembered_device/);
  assert.match(await device("spa", "root"), /has a role/);
  assert.match(await device("web", "grace"), /No remembered device stands in/);
  assert.equal(await device("spa", "grace", "simple_password_auth"), "");
  const { settings, now } = server.parts;
  assert.ok(dangersOf(settings.document(), now()).some(({ check }) => check === "settings.remembered"));
  const slip = await settings.change({
    change: (document) => ({
      ...document,
      rememberedDevices: { ...document.rememberedDevices, acrs: ["twillio_sms"] },
    }),
    by: "test",
    what: "a slip",
  });
  assert.equal(slip.kind, "faulty");
});
