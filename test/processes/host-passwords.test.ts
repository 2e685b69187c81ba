/** `sallyport user password` and `password-ticket` with `--config`: beside a running server, by whoever owns the data folder. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { createSite, PASSWORD } from "../kit/serve.ts";
import { signIn, wish } from "../kit/sign-in.ts";
import { textOf } from "../kit/visitor.ts";

const PHONE = "+12025550148";
const OWN = "canary of the owner 4711";
const site = await createSite();
const node = await site.start();
assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
await signIn(site, node, "ada", PHONE);
const check = (password: string) =>
  site.look(async ({ directory }) => (await directory.checkPassword("ada", new Secret(password))).kind);
const reason = ["--reason", "seen in person"];
const password = (args: readonly string[], input?: string) =>
  site.command(["user", "password", "ada", ...reason, ...args], input);

test("a ticket made on the host opens the running server's page, and asks for the second step", async () => {
  const { stdout, code } = await site.command(["user", "password-ticket", "ada", ...reason]);
  assert.equal(code, 0);
  const ticket = /\/forgotten\/ticket: ([0-9A-Z-]{19})\n$/.exec(stdout)?.[1] ?? assert.fail(stdout);
  const visitor = node.visitor();
  const page = await visitor.submit(await visitor.get("/forgotten/ticket"), { username: "ada", ticket });
  assert.match(page.body, /name="code"/, textOf(page.body));
  const again = node.visitor();
  const over = await again.submit(await again.get("/forgotten/ticket"), { username: "ada", ticket });
  assert.doesNotMatch(over.body, /name="code"/, "once");
});

test("a temporary password, the mark alone, one that is typed and one that is final; sessions end, and the audit says who", async () => {
  const sessions = () =>
    site.look(async (parts) => {
      const { id = "" } = (await parts.directory.find("ada")) ?? {};
      return (await parts.sessions.list({ subject: id, limit: 9 })).sessions.length;
    });
  assert.equal(await sessions(), 1);
  const { stdout } = await password(["--temporary"]);
  const made = /: (([2-9a-z]{5}-){3}[2-9a-z]{5})\n$/.exec(stdout)?.[1] ?? assert.fail(stdout);
  assert.deepEqual([await check(made), await check(PASSWORD)], ["must-change", "wrong"]);
  assert.equal(await sessions(), 0);
  const visitor = node.visitor();
  const asked = await visitor.submit(await visitor.get(wish().url), { username: "ada", password: made });
  assert.match(asked.body, /name="code"/);
  assert.equal((await password([], OWN)).code, 0);
  assert.equal(await check(OWN), "must-change");
  assert.equal((await password(["--final"], OWN)).code, 0);
  assert.equal(await check(OWN), "right");
  assert.match((await password(["--must-change"])).stdout, /sets another password at the next sign-in/);
  assert.equal(await check(OWN), "must-change");
  const facts = await site.look(async ({ audit, directory }) => {
    const subject = (await directory.find("ada"))?.id ?? "";
    return (await audit.query({ subject, kind: "user-changed", limit: 9 })).map((event) => event.facts);
  });
  assert.equal(facts.length, 4);
  assert.deepEqual([facts[0]?.by, facts[0]?.reason], ["host", "seen in person"]);
  assert.doesNotMatch(JSON.stringify(facts), /canary/);
});

test("what cannot be done is said in a sentence, and nothing is done", async () => {
  for (const [args, input, says] of [
    [["--temporary", "--final"], "", /Say one of/],
    [[], "", /No password came on standard input/],
    [[], "short", /password was refused/],
  ] as const) {
    const { code, stderr } = await password(args, input);
    assert.notEqual(code, 0);
    assert.match(stderr, says);
  }
  const nobody = await site.command(["user", "password-ticket", "nobody", ...reason]);
  assert.match(nobody.stderr, /There is no user nobody/);
  assert.notEqual((await site.command(["user", "password", "ada", "--temporary"])).code, 0, "a reason");
  assert.equal((await site.command(["user", "disable", "ada"])).code, 0);
  const closed = await site.command(["user", "password-ticket", "ada", ...reason]);
  assert.match(closed.stderr, /ada is disabled/);
  assert.equal(await check(OWN), "disabled");
});
