/** A new server and its first administrator: from the token in the data folder to a sign-in with two factors. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { callApi } from "../kit/admin.ts";
import { askForCode, deviceTokens, poll, typeCode } from "../kit/device.ts";
import { runProgram } from "../kit/processes.ts";
import { PASSWORD, startServer, type TestServer } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const QUICK = { memory: 64, passes: 1, lanes: 1 } as const;
const INUM = "6122281b-b55d-4dd0-8115-b098eeeee2b7";
const SCRIPT = `/api/v1/config/scripts/inum/${INUM}`;
const PHONE = "+447911123456";
const fresh = (settings: Record<string, unknown> = {}) =>
  startServer({ people: false, hashCost: QUICK, settings });
const fileOf = (server: TestServer) => join(server.folder, "bootstrap.token");
const tokenOf = (server: TestServer) => readFileSync(fileOf(server), "utf8").trim();
const create = (server: TestServer, token: string, over: Record<string, unknown> = {}) =>
  callApi(server, undefined, "POST", "/api/v1/bootstrap", {
    token,
    userId: "chief",
    userPassword: PASSWORD,
    ...over,
  });

describe("L08: the first administrator", () => {
  test("a server without one has nobody at all, and a token that its owner alone can read", async () => {
    const server = await fresh();
    assert.deepEqual(
      (await server.parts.directory.list({ sortBy: "username", limit: 10 })).users,
      [],
      "no default account",
    );
    const { mode, uid } = statSync(fileOf(server));
    assert.deepEqual([mode & 0o777, uid], [0o600, process.getuid?.()]);
    const token = tokenOf(server);
    assert.match(token, /^spb_[\w-]{43}$/, "256 bits");
    const store = readFileSync(join(server.folder, "sallyport.db"));
    assert.equal(store.includes(token), false, "the store knows its hash alone");
  });

  test("is created once, by an audited act, and the token creates nobody after that", async () => {
    const server = await fresh();
    const token = tokenOf(server);
    const weak = await create(server, token, { userPassword: "short" });
    assert.deepEqual([weak.status, weak.json.faults[0].path], [400, "userPassword"]);
    const made = await create(server, token, { mail: "chief@example.org", displayName: "Chief" });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual([made.json.userId, made.json.acrs], ["chief", ["twilio_sms"]]);
    const user = await server.parts.directory.find("chief");
    assert.deepEqual(
      [user?.roles, user?.status, user?.claims.email],
      [["admin"], "active", "chief@example.org"],
    );
    const [event] = await server.parts.audit.query({ kind: "bootstrap-used", limit: 5 });
    assert.deepEqual([event?.subject, event?.address], [user?.id, "127.0.0.1"]);
    await server.parts.directory.write?.setStatus(user?.id ?? "", "disabled");
    const again = await create(server, token, { userId: "other" });
    const never = await create(server, `spb_${"x".repeat(43)}`, { userId: "other" });
    assert.deepEqual([again.status, again.text], [403, never.text], "and it is not said why");
    assert.equal(await server.parts.directory.find("other"), undefined);
  });

  test("of parallel tries one creates somebody", async () => {
    const server = await fresh();
    const token = tokenOf(server);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_one, at) => create(server, token, { userId: `chief${at}` })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(7).fill(403)]);
    const { users } = await server.parts.directory.list({ sortBy: "username", limit: 10 });
    assert.equal(users.length, 1);
  });

  test("ends after an hour; wrong tokens are counted and wait, the right one with them", async () => {
    const server = await fresh();
    const token = tokenOf(server);
    for (let tries = 0; tries < 25; tries += 1)
      assert.equal((await create(server, `spb_${String(tries).padStart(43, "a")}`)).status, 403);
    assert.equal((await create(server, token)).status, 403, "it waits");
    assert.equal((await callApi(server, token, "GET", SCRIPT)).status, 401);
    assert.ok((await server.parts.audit.query({ kind: "admin-refused", limit: 100 })).length <= 21);
    server.advance(30 * 60_000);
    assert.equal((await callApi(server, token, "GET", SCRIPT)).status, 200);
    server.advance(31 * 60_000);
    assert.equal((await create(server, token)).status, 403);
    assert.equal((await callApi(server, token, "GET", SCRIPT)).status, 401);
  });

  test("a start with an administrator makes none and takes an old file away", async () => {
    const server = await fresh();
    await create(server, tokenOf(server));
    await server.close();
    const again = await startServer({ people: false, hashCost: QUICK, folder: server.folder });
    assert.equal(statSync(fileOf(again), { throwIfNoEntry: false }), undefined);
  });

  test("by the command, which takes the password on standard input and says nothing secret", async () => {
    const server = await fresh();
    const args = ["admin", "bootstrap", "--token-file", fileOf(server), "--user", "chief"];
    const plain = await runProgram([...args, "--host", "http://login.example.test"], { input: PASSWORD });
    assert.deepEqual([plain.code, /must be an https address/.test(plain.stderr)], [1, true]);
    const lost = ["admin", "bootstrap", "--token-file", "nope", "--user", "chief", "--host", server.issuer];
    const noFile = await runProgram(lost, { input: PASSWORD });
    assert.deepEqual([noFile.code, noFile.stderr], [1, "--token-file: nope cannot be read (ENOENT).\n"]);
    const other = `http://127.0.0.1:${new URL(server.issuer).port}`;
    const misnamed = await runProgram([...args, "--host", other], { input: PASSWORD });
    assert.deepEqual(
      [misnamed.code, misnamed.stderr],
      [1, `${other} does not answer to this name (HTTP 421); give its issuer's host with --host.\n`],
    );
    const authority = await runProgram([...args, "--host", server.issuer, "--ca", fileOf(server)], {
      input: PASSWORD,
    });
    assert.match(authority.stderr, /bootstrap\.token holds no certificate in PEM\.\n$/);
    const done = await runProgram([...args, "--host", server.issuer], { input: `${PASSWORD}\n` });
    assert.deepEqual([done.code, done.stderr], [0, ""]);
    assert.match(done.stdout, /^chief is an administrator\. Sign in with a second factor next/);
    const refused = await runProgram([...args, "--host", server.issuer], { input: PASSWORD });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^This token creates no administrator: /);
    for (const { stdout, stderr } of [plain, noFile, misnamed, authority, done, refused])
      for (const secret of [tokenOf(server), PASSWORD])
        assert.equal(`${stdout}${stderr}`.includes(secret), false);
  });
});

describe("until an administrator has a second factor, the token makes one possible", () => {
  test("it reads and changes scripts and acrs, each change audited; nothing else opens to it", async () => {
    const server = await fresh({
      acrs: { enabled: ["simple_password_auth"], default: "simple_password_auth" },
    });
    const token = tokenOf(server);
    const call = (method: string, path: string, body?: unknown) => callApi(server, token, method, path, body);
    const refusal = await askRefused(server);
    assert.match(refusal, /enable one with a second factor first/);

    const made = await create(server, token);
    assert.deepEqual([made.status, made.json.acrs], [201, []]);
    const script = (await call("GET", SCRIPT)).json;
    const put = await call("PUT", "/api/v1/config/scripts", { ...script, enabled: true });
    assert.equal(put.status, 200, put.text);
    assert.equal((await call("PUT", "/api/v1/acrs", { defaultAcr: "twilio_sms" })).status, 200);
    const patch = [{ op: "replace", path: "/description", value: "mine" }];
    assert.equal((await call("PATCH", `/api/v1/config/scripts/${INUM}`, patch)).status, 200);
    const acts = (await server.parts.audit.query({ kind: "bootstrap-used", limit: 10 })).map(
      ({ facts }) => facts?.act,
    );
    assert.deepEqual(acts.reverse(), [
      "first administrator",
      "put-config-scripts",
      "put-acrs",
      "patch-config-scripts-by-inum",
    ]);
    const [history] = await server.parts.settings.history(1);
    assert.equal(history?.by, "the bootstrap token");

    const added = await call("POST", "/api/v1/config/scripts", {
      ...script,
      inum: "x",
      name: "mine",
      enabled: false,
    });
    assert.equal(added.status, 403, "adding a script");
    assert.equal((await call("DELETE", `/api/v1/config/scripts/${INUM}`)).status, 403, "deleting one");
  });

  test("S18: the administrator signs in with password and a new phone, and from then on the token is worth nothing", async () => {
    const server = await fresh();
    const token = tokenOf(server);
    await create(server, token);
    assert.equal((await callApi(server, token, "GET", SCRIPT)).status, 200);

    const visitor = server.visitor();
    const asked = await askForCode(server);
    const login = await visitor.submit(await typeCode(visitor, asked.user_code), {});
    const phonePage = await visitor.submit(login, { username: "chief", password: PASSWORD });
    const before = (await server.simulator.messages()).length;
    const codePage = await visitor.submit(phonePage, { phone: PHONE, country: "GB" });
    const done = await visitor.submit(codePage, { code: await server.simulator.codeAfter(before, PHONE) });
    assert.match(textOf(done.body), /Your device is connected/);
    const tokens = (await poll(server, asked)).body;
    assert.equal((await callApi(server, String(tokens.access_token), "GET", SCRIPT)).status, 200);

    assert.equal((await callApi(server, token, "GET", SCRIPT)).status, 401);
    assert.equal((await create(server, token, { userId: "other" })).status, 403);
    // Whoever takes every administrator away does not bring the token back to life.
    const chief = await server.parts.directory.find("chief");
    await server.parts.directory.write?.setStatus(chief?.id ?? "", "disabled");
    assert.equal((await create(server, token, { userId: "other" })).status, 403);
  });
});

test("administrators of other servers' tokens, and access tokens, create nobody", async () => {
  const server = await startServer({ hashCost: QUICK });
  assert.equal(statSync(fileOf(server), { throwIfNoEntry: false }), undefined, "there is an administrator");
  const { access_token } = await deviceTokens(server);
  assert.equal((await create(server, access_token)).status, 403);
});

async function askRefused(server: TestServer): Promise<string> {
  const answer = await fetch(new URL("/device_authorization", server.issuer), {
    method: "POST",
    body: new URLSearchParams({ client_id: "sallyport-cli", scope: "openid" }),
  });
  return String(((await answer.json()) as { error_description?: string }).error_description);
}
