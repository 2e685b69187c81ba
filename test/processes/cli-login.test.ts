/** A person at the command line: `sallyport login` shows a code, a browser confirms it, and the tokens are kept. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { jsonOf, startDemo } from "../kit/demo.ts";
import { confirmAsRoot } from "../kit/demo-sign-in.ts";
import { startProgram, until } from "../kit/processes.ts";

const demo = await startDemo();
const kept = join(demo.home, ".config/sallyport/tokens.json");
/** Not beside the demo's own credentials: who asks here is a person. */
const asPerson = (args: readonly string[], home = demo.home) =>
  demo.run(args, { cwd: "/", env: { HOME: home } });

test("S21: login waits for the browser, and keeps the tokens in a file for its owner alone", async () => {
  const program = startProgram(["login", "--host", demo.origin], { cwd: "/", env: { HOME: demo.home } });
  const code = await until(program, async () => /type the code (\S+)/.exec(program.stderr())?.[1]);
  assert.match(program.stderr(), new RegExp(`Open ${demo.origin}/device in a browser`));
  await confirmAsRoot(demo.origin, code);
  const ending = await program.ended;
  assert.deepEqual([ending.code, ending.stdout], [0, ""], ending.stderr);
  assert.match(ending.stderr, /Signed in at /);
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.equal(statSync(join(kept, "..")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(kept, "..")), ["tokens.json"], "nothing is left beside it");
  const { accessToken, refreshToken } = JSON.parse(readFileSync(kept, "utf8")).hosts[demo.origin];
  for (const token of [accessToken, refreshToken])
    assert.ok(!ending.stderr.includes(token), "a token is in no output");
});

test("whoever is signed in asks as themselves, and the audit says so", async () => {
  const done = await asPerson(["cli", "--operation-id", "put-acrs", "--data", '{"defaultAcr":"twilio_sms"}']);
  assert.deepEqual([done.code, jsonOf(done)], [0, { defaultAcr: "twilio_sms" }], done.stderr);
  assert.equal(
    (await asPerson(["user", "phone", "add", "ada", "+447911123456", "--verified", "--reason", "seen"])).code,
    0,
  );
  const entries = jsonOf(await asPerson(["audit", "--by", "root", "--limit", "5", "--json"])) as {
    kind: string;
  }[];
  assert.ok(entries.length > 0, "it was root, not a machine");
});

test("tokens that have ended are refreshed once, however many commands begin at once", async () => {
  const file = JSON.parse(readFileSync(kept, "utf8"));
  const before = file.hosts[demo.origin];
  file.hosts[demo.origin] = { ...before, expiresAt: Date.now() - 1000, accessToken: "ended" };
  writeFileSync(kept, JSON.stringify(file));
  const all = await Promise.all(Array.from({ length: 5 }, () => asPerson(["acr", "list"])));
  assert.deepEqual(
    all.map(({ code }) => code),
    [0, 0, 0, 0, 0],
    all.map(({ stderr }) => stderr).join(),
  );
  const after = JSON.parse(readFileSync(kept, "utf8")).hosts[demo.origin];
  assert.notEqual(after.refreshToken, before.refreshToken);
  assert.deepEqual(readdirSync(join(kept, "..")), ["tokens.json"]);
  assert.equal(statSync(kept).mode & 0o777, 0o600);
});

test("logout ends the sign-in here and at the server", async () => {
  const copy = readFileSync(kept, "utf8");
  assert.equal((await asPerson(["logout"])).code, 0);
  assert.ok(!existsSync(kept) || !readFileSync(kept, "utf8").includes(demo.origin));
  assert.equal((await asPerson(["acr", "list"])).code, 3);
  writeFileSync(kept, copy, { mode: 0o600 });
  const again = await asPerson(["acr", "list"]);
  assert.equal(again.code, 3, "what was stolen before is worth nothing");
  assert.equal((await asPerson(["logout", "--host", "login.example.org"])).code, 2);
});
