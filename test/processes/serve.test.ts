/** `sallyport serve` as an operator meets it: a process, a file, people added by command, a phone that rings. */
import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeProtectedHeader } from "jose";
import { selfSigned } from "../kit/certificate.ts";
import { runProgram } from "../kit/processes.ts";
import { codeAt, createNode, createSite, HOST, ISSUER, PASSWORD } from "../kit/serve.ts";
import { codeFor, messageCount, redeem, signIn, stillSignedIn, toCodePage, wish } from "../kit/sign-in.ts";
import { openTlsTunnel } from "../kit/tls-tunnel.ts";
import { textOf } from "../kit/visitor.ts";

const PHONE = "+12025550147";
const REFRESH = { scope: "openid phone offline_access", prompt: "consent" };

// Opened outside the suites: what is opened in a `before` is closed again when the hook ends.
const [first, second] = [await createSite(), await createSite()];
const [firstNode, secondNode] = await Promise.all([first.start(), second.start()]);

describe("serve behind a trusted proxy", () => {
  const site = first;
  const node = firstNode;

  test("L08: a fresh server has no people and no development clients", async () => {
    for (const name of ["ada", "grace", "root", "admin"])
      assert.equal(await site.look(({ directory }) => directory.find(name)), undefined, name);
    const visitor = node.visitor();
    const page = await visitor.get(wish({ client_id: "demo" }).url);
    assert.equal(page.status, 400);
    assert.match(page.body, /invalid_client/);
  });

  test("M32 L07: no development route answers", async () => {
    const paths = [
      "/",
      "/demo",
      "/demo/login",
      "/demo/claims",
      "/dev/phone",
      "/dev/phone/messages",
      "/dev/pages",
    ];
    for (const path of [...paths, "/dev", "/control", "/control/faults", "/messages", "/interaction/x"]) {
      const { status, body } = await node.call("GET", path);
      assert.equal(status, 404, path);
      assert.doesNotMatch(body, /Twilio|simulator/i, path);
    }
  });

  test("M32: keys are this installation's own, never the library's quick-start keys", async () => {
    const { keys } = (await node.call("GET", "/jwks")).json() as {
      keys: { kid: string; alg: string; n?: string }[];
    };
    assert.deepEqual(keys.map(({ alg }) => alg).sort(), ["ES256", "RS256"]);
    assert.equal(
      keys.some(({ kid }) => kid === "keystore-CHANGE-ME"),
      false,
    );
    const other = await createSite();
    const theirs = (await (await other.start()).call("GET", "/jwks")).json() as { keys: { n?: string }[] };
    const moduli = (list: { n?: string }[]) => list.flatMap(({ n }) => (n === undefined ? [] : [n]));
    assert.notDeepEqual(moduli(keys), moduli(theirs.keys));
  });

  test("M28 T18: settings that would loosen the guards of production are not known", async () => {
    const names = ["insecure", "allow_http", "fetch", "dev", "NODE_TLS_REJECT_UNAUTHORIZED"];
    const file = site.write(9, Object.fromEntries(names.map((name) => [name, true])));
    const { code, stderr } = await runProgram(["serve", "--config", file]);
    assert.notEqual(code, 0);
    for (const name of names) assert.match(stderr, new RegExp(`${name}: is not a known setting`));
  });

  test("a person added by command enrols a phone that rings, and the application learns the truth", async () => {
    const added = await site.command(["user", "add", "ada", "--given-name", "Ada"], `${PASSWORD}\n`);
    assert.equal(added.code, 0, added.stderr);
    assert.equal(added.stdout, "Added ada.\n");
    const started = Math.floor(Date.now() / 1000);
    const { claims } = await signIn(site, node, "ada", PHONE, { parameters: { acr_values: "twilio_sms" } });
    assert.equal(claims.acr, "twilio_sms");
    assert.deepEqual([...(claims.amr ?? [])].sort(), ["mfa", "pwd", "sms"]);
    assert.ok(Number(claims.auth_time) >= started - 1);
    assert.equal(claims.iss, ISSUER);
    const again = await signIn(site, node, "ada", PHONE);
    assert.equal(again.claims.sub, claims.sub);
  });

  test("user add: a name that is taken, no password, a weak password: one sentence each, nothing added", async () => {
    const refusals: readonly (readonly [string, string, RegExp])[] = [
      ["Ada", PASSWORD, /^There is a user Ada already; choose another name\.\n$/],
      ["bob", "", /^No password came on standard input; .*\n$/],
      ["bob", "password", /^The password was refused: .*\n$/],
      ["", PASSWORD, /^"" cannot be a username: .*\n$/],
    ];
    for (const [name, password, sentence] of refusals) {
      const { code, stdout, stderr } = await site.command(["user", "add", name], password);
      assert.equal(code, 1, `${name}: ${stdout}`);
      assert.match(stderr, sentence);
    }
    assert.equal(await site.look(({ directory }) => directory.find("bob")), undefined);
  });

  test("user disable ends refresh, userinfo and sessions at once; user enable lets the person sign in again", async () => {
    await site.command(["user", "add", "carol"], PASSWORD);
    const carol = await signIn(site, node, "carol", "+12025550151", { parameters: REFRESH });
    assert.ok(carol.refreshToken, "a refresh token was asked for");
    assert.equal(await stillSignedIn(carol.visitor), true);
    const userinfo = () =>
      node.call("GET", "/userinfo", { headers: { authorization: `Bearer ${carol.accessToken}` } });
    assert.equal((await userinfo()).status, 200);

    const done = await site.command(["user", "disable", "carol"]);
    assert.equal(done.stdout, "carol is disabled: no sign-in, no new tokens.\n");
    const refresh = {
      grant_type: "refresh_token",
      client_id: "spa",
      refresh_token: carol.refreshToken ?? "",
    };
    const refused = await node.call("POST", "/token", { fields: refresh });
    assert.equal(refused.status, 400, refused.body);
    assert.equal(refused.json().error, "invalid_grant");
    assert.equal((await userinfo()).status, 401);
    assert.equal(await stillSignedIn(carol.visitor), false);
    const fresh = node.visitor();
    const sent = await messageCount(site);
    const page = await fresh.submit(await fresh.get(wish().url), { username: "carol", password: PASSWORD });
    assert.match(page.body, /name="password"/);
    assert.equal(await messageCount(site), sent, "no text to a disabled person");

    await site.command(["user", "enable", "carol"]);
    await signIn(site, node, "carol", "+12025550151");
    const unknown = await site.command(["user", "disable", "nobody"]);
    assert.deepEqual([unknown.code, unknown.stderr], [1, "There is no user nobody.\n"]);
  });

  test("keys rotate publishes a new key beside the old one; what was signed before still verifies", async () => {
    const made = wish();
    const visitor = node.visitor();
    await site.command(["user", "add", "dan"], PASSWORD);
    const sent = await messageCount(site);
    const page = await toCodePage(visitor, made, "dan", "+12025550152");
    const kids = async () =>
      ((await node.call("GET", "/jwks")).json() as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    const old = await kids();
    const rotated = await site.command(["keys", "rotate", "signing-rs256"]);
    assert.match(rotated.stdout, /^A new signing-rs256 key is published; .*\n$/);
    // A server looks for new keys each 5 s; nobody restarts it.
    for (let tries = 0; (await kids()).length === old.length && tries < 80; tries += 1) await sleep(100);
    const now = await kids();
    assert.equal(now.length, old.length + 1, "the new key is published by the running server");
    for (const kid of old) assert.ok(now.includes(kid), "the old key still verifies");
    // The login that was under way meanwhile goes through, and its token verifies (redeem checks it).
    const code = codeAt(await visitor.submit(page, { code: await codeFor(site, "+12025550152", sent) }));
    const { idToken } = await redeem(node, visitor, made, code);
    assert.ok(now.includes(decodeProtectedHeader(idToken).kid ?? ""));
    assert.equal(await stillSignedIn(visitor), true);
    const wrong = await site.command(["keys", "rotate", "everything"]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^"everything" is no purpose; choose one of signing-rs256, .*\n$/);
  });

  test("the data folder is for the owner's eyes only", () => {
    assert.equal(statSync(join(site.folder, "data")).mode & 0o777, 0o700);
    const files = readdirSync(join(site.folder, "data"));
    for (const name of files)
      if (statSync(join(site.folder, "data", name)).isFile())
        assert.equal(statSync(join(site.folder, "data", name)).mode & 0o777, 0o600, name);
    for (const name of ["sallyport.db", "master.key"]) assert.ok(files.includes(name), name);
  });

  test("a stranger who is no trusted proxy cannot choose the host it answers as", async () => {
    const { status } = await node.call("GET", "/.well-known/openid-configuration", {
      headers: { host: "evil.test" },
    });
    assert.equal(status, 421);
  });
});

describe("a person who loses the phone", () => {
  const site = second;
  const node = secondNode;
  before(async () => {
    await site.command(["user", "add", "eve"], PASSWORD);
    await site.command(["user", "add", "frank"], PASSWORD);
    await signIn(site, node, "eve", "+12025550161");
    await signIn(site, node, "frank", "+12025550162");
  });

  const unbind = (name: string) =>
    site.look(async ({ directory, authenticators }) => {
      const user = await directory.find(name);
      for (const one of await authenticators.list(user?.id ?? "", "sms"))
        await authenticators.unbind(one.id, "test", "the phone was lost");
      return user?.id ?? "";
    });
  const audit = (kind: "enrolment-opened" | "authenticator-bound", subject: string) =>
    site.look(({ audit: log }) => log.query({ kind, subject, limit: 1 }));

  test("O21: the window an administrator opened works once, and the audit names the authority", async () => {
    const subject = await unbind("eve");
    const visitor = node.visitor();
    const page = await visitor.submit(await visitor.get(wish().url), { username: "eve", password: PASSWORD });
    assert.match(page.body, /name="ticket"/, "the password alone is no authority any more");

    const opened = await site.command([
      "user",
      "enrolment",
      "eve",
      "--window",
      "--reason",
      "phone lost, seen in person",
    ]);
    assert.equal(opened.stdout, "eve may bind a phone at the next sign-in, once, within 24 hours.\n");
    await signIn(site, node, "eve", "+12025550163");
    const [bound] = await audit("authenticator-bound", subject);
    assert.equal(bound?.facts?.authority, "window");
    const [opening] = await audit("enrolment-opened", subject);
    assert.deepEqual(
      { by: opening?.facts?.by, openedBy: opening?.facts?.openedBy, reason: opening?.facts?.reason },
      { by: "window", openedBy: "host", reason: "phone lost, seen in person" },
    );
    await unbind("eve");
    const later = node.visitor();
    const closed = await later.submit(await later.get(wish().url), { username: "eve", password: PASSWORD });
    assert.match(closed.body, /name="ticket"/, "the window was used up");
  });

  test("O21: the ticket works for its person alone, once", async () => {
    const subject = await unbind("frank");
    await unbind("eve");
    const opened = await site.command(["user", "enrolment", "frank", "--ticket", "--reason", "new phone"]);
    const ticket = /: ([0-9A-Z-]{19})\n$/.exec(opened.stdout)?.[1] ?? "";
    assert.notEqual(ticket, "", opened.stdout);

    const thief = node.visitor();
    const hers = await thief.submit(await thief.get(wish().url), { username: "eve", password: PASSWORD });
    const sent = await messageCount(site);
    const refused = await thief.submit(hers, { phone: "+12025550169", ticket });
    assert.match(refused.body, /name="ticket"/, textOf(refused.body));
    assert.equal(await messageCount(site), sent, "nothing is sent for a ticket of somebody else");

    const bindWith = async (phone: string) => {
      const visitor = node.visitor();
      const page = await visitor.submit(await visitor.get(wish().url), {
        username: "frank",
        password: PASSWORD,
      });
      return { visitor, page: await visitor.submit(page, { phone, ticket: ticket.toLowerCase() }) };
    };
    const { visitor, page } = await bindWith("+12025550164");
    codeAt(await visitor.submit(page, { code: await codeFor(site, "+12025550164", sent) }));
    assert.equal((await audit("authenticator-bound", subject))[0]?.facts?.authority, "ticket");
    await unbind("frank");
    assert.match((await bindWith("+12025550165")).page.body, /name="ticket"/, "a ticket works once");
  });

  test("user enrolment wants one of --window and --ticket, and a reason", async () => {
    for (const args of [["--reason", "x"], ["--window", "--ticket", "--reason", "x"], ["--window"]])
      assert.notEqual((await site.command(["user", "enrolment", "eve", ...args])).code, 0, args.join(" "));
  });
});

test("serve with its own TLS: a browser that checks the certificate enrols and signs in; plain HTTP gets nothing", async () => {
  const { cert, key } = selfSigned(HOST);
  const site = await createSite({
    config: { trusted_proxies: undefined, tls: { cert: "tls.crt", key: "tls.key" } },
  });
  writeFileSync(join(site.folder, "tls.crt"), cert);
  writeFileSync(join(site.folder, "tls.key"), key, { mode: 0o600 });
  const node = await site.start();
  await site.command(["user", "add", "ada"], PASSWORD);
  const door = createNode(node.program, await openTlsTunnel(node.port, cert, HOST));
  const { claims } = await signIn(site, door, "ada", PHONE);
  assert.equal(claims.acr, "twilio_sms");
  await assert.rejects(node.call("GET", "/"), "no answer without TLS");
  await assert.rejects(
    new Promise((resolve, reject) => {
      request(
        {
          host: "127.0.0.1",
          port: node.port,
          servername: HOST,
          ca: cert,
          maxVersion: "TLSv1.1",
          minVersion: "TLSv1",
        },
        resolve,
      )
        .on("error", reject)
        .end();
    }),
    "TLS 1.1 is refused",
  );
});

for (const signal of ["SIGTERM", "SIGINT"] as const)
  test(`${signal} ends the server cleanly within 2 s, open connections or not`, async () => {
    const site = await createSite();
    const node = await site.start();
    await node.visitor().get(wish().url);
    const began = performance.now();
    const { code, stderr } = await node.program.end(signal);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.ok(performance.now() - began < 2000);
    const files = readdirSync(join(site.folder, "data"));
    assert.equal(
      files.some((name) => name.endsWith("-wal")),
      false,
      "the database was closed",
    );
  });
