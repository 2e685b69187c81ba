/** RFC 9470: examples/resource-server says what it wants, and the person is asked for what is missing and for nothing else. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startProgram, until } from "../kit/processes.ts";
import { claimsOf, createRelyingParty, type Tokens } from "../kit/relying-party.ts";
import { GRACE, startServer, typePassword, WEB_SECRET } from "../kit/server.ts";

const server = await startServer({ hashCost: { memory: 64, passes: 1, lanes: 1 } });
const web = await createRelyingParty(server, { clientId: "web" });
const secret = join(server.folder, "secret");
writeFileSync(secret, `${WEB_SECRET}\n`, { mode: 0o600 });
const script = fileURLToPath(new URL("../../examples/resource-server/server.js", import.meta.url));
async function startApi(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const program = startProgram([], {
    script,
    env: { ISSUER: server.issuer, CLIENT_ID: "web", CLIENT_SECRET_FILE: secret, PORT: "0", ...env },
  });
  return until(program, async () => /^http:\S+/m.exec(program.stdout())?.[0]);
}
const api = await startApi();

const call = (at: string, { access_token }: Pick<Tokens, "access_token">, base = api) =>
  fetch(base + at, {
    method: at === "/transfer" ? "POST" : "GET",
    headers: { authorization: `Bearer ${access_token}` },
  });

/** What an application reads of the challenge; fails where there is none. */
async function challenge(answer: Response): Promise<Readonly<Record<string, string>>> {
  assert.equal(answer.status, 401);
  const header = answer.headers.get("www-authenticate") ?? "";
  assert.match(header, /^Bearer /);
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

test("a password is enough to look; to act, the code alone is asked, and then the token does", async () => {
  const visitor = server.visitor();
  const weak = await web.byPassword(visitor, "grace");
  assert.equal((await call("/balance", weak)).status, 200);
  const { error, acr_values = "", max_age = "" } = await challenge(await call("/transfer", weak));
  assert.deepEqual([error, acr_values, max_age], ["insufficient_user_authentication", "twilio_sms", "300"]);

  const before = (await server.simulator.messages()).length;
  const begun = await web.begin({ acr_values, max_age });
  const page = await visitor.get(begun.url.href);
  assert.match(page.body, /name="code"/, "the code's page comes at once");
  assert.doesNotMatch(page.body, /name="password"/);
  const code = await server.simulator.codeAfter(before, GRACE);
  const strong = await web.redeem(begun, await visitor.submit(page, { code }));
  assert.deepEqual([claimsOf(strong).acr, claimsOf(strong).sub], ["twilio_sms", claimsOf(weak).sub]);
  assert.equal((await call("/transfer", strong)).status, 200);
  assert.equal((await call("/transfer", weak)).status, 401, "the old token has learned nothing");
});

test("two factors that are too long ago: only what is older than max_age is asked again", async () => {
  const strict = await startApi({ MAX_AGE: "6" });
  const visitor = server.visitor();
  const tokens = await web.byTwoSteps(visitor);
  await new Promise((resolve) => setTimeout(resolve, 7100));
  const {
    error,
    error_description,
    acr_values = "",
  } = await challenge(await call("/transfer", tokens, strict));
  assert.deepEqual(
    [error, error_description],
    ["insufficient_user_authentication", "The sign-in is too long ago"],
  );
  const begun = await web.begin({ acr_values, max_age: "6" });
  const page = await visitor.get(begun.url.href);
  assert.match(page.body, /name="password"/, "the password is older than allowed, so it comes first");
  const before = (await server.simulator.messages()).length;
  const next = await typePassword(visitor, page, "grace");
  const code = await server.simulator.codeAfter(before, GRACE);
  const anew = await web.redeem(begun, await visitor.submit(next, { code }));
  assert.equal((await call("/transfer", anew)).status, 200);
});

test("no token, a dead one and a foreign one: 401 without a hint of what a person could show", async () => {
  for (const token of ["", "nothing", "a.b.c"]) {
    const answer = await challenge(await call("/transfer", { access_token: token }));
    assert.ok(!("acr_values" in answer));
  }
  const spa = await createRelyingParty(server);
  const foreign = await spa.byTwoSteps(server.visitor());
  assert.equal((await challenge(await call("/transfer", foreign))).error, "invalid_token");
  const own = await web.byTwoSteps(server.visitor());
  await web.revoke(own.access_token);
  assert.equal((await challenge(await call("/balance", own))).error, "invalid_token");
});

test("S16: while the authorization server is away nobody is let through", async () => {
  const tokens = await web.byTwoSteps(server.visitor());
  await server.close();
  const answer = await call("/transfer", tokens);
  assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "5"]);
});
