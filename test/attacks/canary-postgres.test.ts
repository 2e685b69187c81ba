/**
 * The canaries once more, on PostgreSQL: two sign-ins with values that can be recognised, one of them an enrolment, and
 * then every row of every table is searched for them. What is said and answered is looked at in canary.test.ts.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import pg from "pg";
import { findSecret } from "../kit/canary-search.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { createSite, PASSWORD } from "../kit/serve.ts";
import { codeFor, messageCount, type SignedIn, signIn } from "../kit/sign-in.ts";

const PHONE = "+12025550189";
const REFRESH = { scope: "openid phone offline_access", prompt: "consent" };

/** Every row of every table, as the bytes of its values one after the other. */
async function rowsOf(url: string): Promise<ReadonlyMap<string, Buffer>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const rows = new Map<string, Buffer>();
  const tables = await client.query<{ tablename: string }>(
    "select tablename from pg_tables where schemaname = 'public'",
  );
  for (const { tablename } of tables.rows) {
    const found = await client.query<Record<string, unknown>>(`select * from "${tablename}"`);
    for (const [index, row] of found.rows.entries())
      rows.set(`${tablename}, row ${index}`, Buffer.concat(Object.values(row).map(bytesOf)));
  }
  await client.end();
  return rows;
}

const bytesOf = (value: unknown): Buffer =>
  value instanceof Uint8Array
    ? Buffer.from(value)
    : Buffer.from(typeof value === "object" ? JSON.stringify(value) : String(value));

/** Signs ada in twice; undefined where there is no PostgreSQL. */
async function signInTwice() {
  if (noPostgres !== false) return undefined;
  const { url } = await startPostgres();
  const masterKey = randomBytes(32).toString("base64");
  const site = await createSite({
    config: { store: { type: "postgres", url }, master_key: masterKey, limits: { codeDigits: 10 } },
  });
  const node = await site.start();
  await site.command(["user", "add", "ada"], PASSWORD);
  const secrets = new Map<string, string>([
    ["password", PASSWORD],
    ["master key", masterKey],
    ["Twilio token", site.simulator.account.token],
    ["full phone number", PHONE.slice(2)],
  ]);
  const note = (which: string, { visitor, code, accessToken, idToken, refreshToken }: SignedIn): void => {
    secrets.set(`${which} authorization code`, code);
    secrets.set(`${which} access token`, accessToken);
    secrets.set(`${which} ID token`, idToken);
    secrets.set(`${which} refresh token`, refreshToken ?? assert.fail("no refresh token"));
    for (const name of ["session", "browser"])
      secrets.set(
        `${which} ${name} cookie`,
        visitor.cookie(`__Host-sallyport_${name}`) ?? assert.fail(`no ${name} cookie`),
      );
  };
  for (const which of ["first", "second"]) {
    const sent = await messageCount(site);
    note(which, await signIn(site, node, "ada", PHONE, { parameters: REFRESH }));
    secrets.set(`${which} one-time code`, await codeFor(site, PHONE, sent));
  }
  return { rows: await rowsOf(url), secrets };
}

const seen = await signInTwice();

describe("O09: the canaries on PostgreSQL", { skip: noPostgres }, () => {
  const { rows, secrets } = seen ?? { rows: new Map<string, Buffer>(), secrets: new Map<string, string>() };

  test("the rows hold what was done", () => {
    assert.ok(rows.size > 30, `${rows.size} rows`);
    const all = Buffer.concat([...rows.values()]).toString("latin1");
    for (const word of ["ada", "code-issued", "authenticator-bound", "signed-in"])
      assert.ok(all.includes(word), word);
    assert.equal(secrets.size, 18);
    for (const [name, value] of secrets) assert.ok(value.length >= 10, `${name} can be recognised`);
  });

  test("no row holds a code, password, token, cookie, key or full number in any form", () => {
    for (const [where, bytes] of rows)
      for (const [name, value] of secrets) {
        const form = findSecret(bytes, value);
        assert.equal(form, undefined, `${name} (${form}) stands in ${where}`);
      }
  });
});
