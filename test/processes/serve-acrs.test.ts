/** `sallyport serve` with one acr and with both: what it offers, what it warns of, how long passwords must be. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeAt, createSite, PASSWORD } from "../kit/serve.ts";
import { redeem, wish } from "../kit/sign-in.ts";

const BOTH = { acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "twilio_sms" } };
// 7, 8, 14 and 15 characters that no list of common passwords has.
const [SEVEN, EIGHT, FOURTEEN, FIFTEEN] = ["qv7Zk-w", "qv7Zk-wH", "qv7Zk-wHx9.Tb3", "qv7Zk-wHx9.Tb3m"];

// Opened outside the suites: what is opened in a `before` is closed again when the hook ends.
const [usual, both] = [await createSite(), await createSite({ config: BOTH })];
const [usualNode, bothNode] = await Promise.all([usual.start(), both.start()]);

const add = async (site: typeof usual, name: string, password: string) =>
  site.command(["user", "add", name], password);

describe("a file without acrs", () => {
  test("only twilio_sms is offered, and nothing is warned of that", async () => {
    const answer = await usualNode.call("GET", "/.well-known/openid-configuration");
    assert.deepEqual(answer.json().acr_values_supported, ["twilio_sms"]);
    assert.doesNotMatch(usualNode.program.stderr(), /simple_password_auth/);
  });

  test("T13: a password alone signs nobody in, whatever the request asks for", async () => {
    assert.equal((await add(usual, "ada", PASSWORD)).code, 0);
    const visitor = usualNode.visitor();
    const page = await visitor.get(wish({ acr_values: "simple_password_auth" }).url);
    const seen = await visitor.submit(page, { username: "ada", password: PASSWORD });
    assert.match(seen.body, /name="phone"/, "the second factor is asked next");
  });

  test("P01: user add refuses 7 characters and takes 8", async () => {
    const short = await add(usual, "bob", SEVEN);
    assert.equal(short.code, 1);
    assert.match(short.stderr, /^The password was refused: .*8.*\n$/);
    assert.equal(await usual.look(({ directory }) => directory.find("bob")), undefined);
    assert.deepEqual(await add(usual, "bob", EIGHT).then(({ code, stderr }) => [code, stderr]), [0, ""]);
  });
});

describe("a file that enables both acrs", () => {
  test("both are offered, and a warning says on standard error that a password alone opens the door", async () => {
    const answer = await bothNode.call("GET", "/.well-known/openid-configuration");
    const offered = answer.json().acr_values_supported as string[];
    assert.deepEqual([...offered].sort(), ["simple_password_auth", "twilio_sms"]);
    assert.match(
      bothNode.program.stderr(),
      /^simple_password_auth is enabled, .*allowed_acr_values for: spa, web$/m,
    );
    assert.match(bothNode.program.stdout(), /answers as/);
  });

  test("a sign-in by password works, and the token says that it was no more", async () => {
    assert.equal((await add(both, "ada", PASSWORD)).code, 0);
    const visitor = bothNode.visitor();
    const made = wish({ acr_values: "simple_password_auth" });
    const page = await visitor.get(made.url);
    const seen = await visitor.submit(page, { username: "ada", password: PASSWORD });
    const { claims } = await redeem(bothNode, visitor, made, codeAt(seen));
    assert.equal(claims.acr, "simple_password_auth");
    assert.deepEqual(claims.amr, ["pwd"]);
  });

  test("P01: user add refuses 14 characters and takes 15", async () => {
    const short = await add(both, "bob", FOURTEEN);
    assert.equal(short.code, 1);
    assert.match(short.stderr, /The password was refused: .*15/);
    assert.equal(await both.look(({ directory }) => directory.find("bob")), undefined);
    const { code, stdout } = await add(both, "bob", FIFTEEN);
    assert.deepEqual([code, stdout], [0, "Added bob.\n"]);
  });
});
