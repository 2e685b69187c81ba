/**
 * The promise of the import: a Gluu export signs in with its old passwords through the real pages, here at a server that
 * runs while the file is taken in; and nothing an outsider can see tells who has come from there.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { statement } from "../../src/kits/sql/database.ts";
import { codeAt, createSite } from "../kit/serve.ts";
import { PASSWORD } from "../kit/server.ts";
import { codeFor, messageCount, redeem, toCodePage, wish } from "../kit/sign-in.ts";

const hashOf = statement<{ password_hash: string; hash_form: string | null }>(
  "select password_hash, hash_form from people where username = $1",
);
const fixture = fileURLToPath(new URL("../fixtures/import/gluu.ldif", import.meta.url));
const site = await createSite({ config: { countries: "all" } });
const node = await site.start();
const stored = (name: string) =>
  site.look(async ({ store }) => (await store.database.run(hashOf, name)).rows[0]);

/** Through the pages, with the old password; `phone` is where the code goes, and what is typed where one is asked for. */
async function enter(name: string, phone: string) {
  const visitor = node.visitor();
  const before = await messageCount(site);
  const made = wish();
  const page = await toCodePage(visitor, made, name, phone, PASSWORD);
  const done = await visitor.submit(page, { code: await codeFor(site, phone, before) });
  return redeem(node, visitor, made, codeAt(done));
}

test("P07: a Gluu export, taken in beside the running server, signs in with its old passwords; the first time replaces the hash", async () => {
  const taken = await site.command(["users", "import", fixture]);
  assert.match(taken.stderr, /4 added/);
  assert.match((await stored("maria"))?.password_hash ?? "", /^\{SSHA\}/);
  const maria = await enter("maria", "+34612345678");
  assert.equal(maria.claims.sub, "@!5304!0001!A1", "sub is what it was");
  assert.equal(maria.claims.acr, "twilio_sms");
  const after = await stored("maria");
  assert.match(after?.password_hash ?? "", /^\$argon2id\$/);
  assert.equal(after?.hash_form, null);
  const again = await enter("maria", "+34612345678");
  assert.equal(again.claims.sub, maria.claims.sub, "and the new one is right as well");

  assert.match((await stored("olaf"))?.password_hash ?? "", /^\$2b\$/);
  const olaf = await enter("olaf", "+4740612345");
  assert.deepEqual(
    olaf.claims.amr?.toSorted(),
    ["mfa", "pwd", "sms"],
    "who had no verified phone enrols one",
  );
  assert.match((await stored("olaf"))?.password_hash ?? "", /^\$argon2id\$/);
});

test("P11: a wrong password, a disabled person and one whose hash was not taken look as nobody does", async () => {
  const seen = async (username: string, password: string) => {
    const visitor = node.visitor();
    const page = await visitor.submit(await visitor.get(wish().url), { username, password });
    return page.body.replace(/(nonce|value|action|href)="[^"]*"/g, "").replaceAll(username, "");
  };
  const nobody = await seen("no-one", PASSWORD);
  assert.match(nobody, /password/);
  assert.equal(await seen("maria", "not the password"), nobody);
  assert.equal(await seen("ines", PASSWORD), nobody, "disabled in the file");
  assert.equal(await seen("boris", PASSWORD), nobody, "an MD5 opens nothing");
});
