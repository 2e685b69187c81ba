/** `sallyport clients import`: clients of Gluu and Janssen under their old ids, as one revision, all faults at once. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createSite } from "../kit/serve.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/import/${name}`, import.meta.url));
const site = await createSite();
const take = (file: string, ...more: string[]) => site.command(["clients", "import", file, ...more]);
const secrets = join(site.folder, "new-secrets.json");
const state = () =>
  site.look(async ({ settings }) => ({ revision: settings.revision, ...settings.document() }));
const client = async (id: string) => (await state()).clients.find(({ client_id }) => client_id === id);

test("without a place for new secrets nothing is changed, and a trial run needs none", async () => {
  const before = (await state()).revision;
  const { code, stderr } = await take(fixture("clients.ldif"));
  assert.equal(code, 1);
  assert.match(stderr, /--secrets: name a file for the new secrets of 2 clients/);
  const trial = await take(fixture("clients.ldif"), "--dry-run");
  assert.match(trial.stdout, /3 clients would be added; 0 were there already; 2 new secrets/);
  assert.equal((await state()).revision, before);
});

test("ids, URIs, scopes and acrs come over as one revision; an old secret that can be read stays, another is made and said in a file of 0600", async () => {
  const before = (await state()).revision;
  const how = ["--secrets", secrets, "--salt", fixture("salt")];
  const { code, stdout, stderr } = await take(fixture("clients.ldif"), ...how);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /3 clients added; 0 were there already; 1 new secrets/);
  assert.match(stdout, /1201\.d52300ed \(line 7\): grantTypes implicit is not done here, so it is left out/);
  assert.match(stdout, /frontChannelLogoutUri is not done here/);
  assert.equal((await state()).revision, before + 1, "S20: one revision");
  const shop = await client("1201.d52300ed");
  assert.deepEqual(
    [shop?.client_secret, shop?.redirect_uris, shop?.post_logout_redirect_uris, shop?.scope],
    [
      "the-old-secret-of-the-shop",
      ["https://shop.example.org/callback"],
      ["https://shop.example.org/bye"],
      "openid profile",
    ],
  );
  assert.deepEqual(
    [shop?.default_acr_values, shop?.allowed_acr_values, shop?.trusted, shop?.grant_types, shop?.pkce],
    [["twilio_sms"], ["twilio_sms"], true, undefined, "waived"],
  );
  assert.equal(shop?.backchannel_logout_uri, "https://shop.example.org/bc", "what is done here comes along");
  const spa = await client("1201.spa");
  assert.deepEqual(
    [spa?.token_endpoint_auth_method, spa?.client_secret],
    [undefined, undefined],
    "public: no secret, so no method",
  );
  const made = JSON.parse(readFileSync(secrets, "utf8")) as Record<string, string>;
  assert.deepEqual(Object.keys(made), ["@!5304!0008!C1"]);
  assert.equal((await client("@!5304!0008!C1"))?.client_secret, made["@!5304!0008!C1"]);
  assert.equal(statSync(secrets).mode & 0o777, 0o600);
  assert.ok(!`${stdout}${stderr}`.includes(made["@!5304!0008!C1"] ?? "?"), "O09: it is said nowhere else");
});

test("a second time nothing is changed", async () => {
  const before = (await state()).revision;
  const { stdout } = await take(fixture("clients.ldif"), "--salt", fixture("salt"));
  assert.match(stdout, /0 clients would be added; 3 were there already/);
  assert.equal((await state()).revision, before);
});

test("M24: every fault is said at once and nothing is changed; no file gives rights at the admin API", async () => {
  const file = join(site.folder, "clients.json");
  const other = join(site.folder, "other-secrets.json");
  writeFileSync(
    file,
    JSON.stringify({
      entries: [
        { inum: "good", redirectUris: ["https://good.example.org/cb"], clientSecret: "a-secret-long-enough" },
        { inum: "plain-http", redirectUris: ["http://bad.example.org/cb"], tokenEndpointAuthMethod: "none" },
        { inum: "acr", redirectUris: ["https://a.example.org/cb"], defaultAcrValues: ["u2f"] },
        {
          inum: "root",
          grantTypes: ["client_credentials"],
          scopes: ["https://jans.io/oauth/config/user.write"],
        },
        { inum: "good", redirectUris: ["https://twice.example.org/cb"] },
        { redirectUris: [] },
        "x",
      ],
    }),
  );
  const before = await state();
  const { code, stderr } = await take(file, "--secrets", other);
  assert.equal(code, 1);
  for (const text of [
    /acr \(\[2\]\): defaultAcrValues: "u2f" is no acr of this server/,
    /root \(\[3\]\): scopes: .*user\.write administers this server/,
    /good \(\[4\]\): stands in the file twice/,
    /\[5\] \(\[5\]\): inum: is missing/,
    /\[6\]: is no client/,
    /nothing was changed/,
  ])
    assert.match(stderr, text);
  assert.deepEqual([await state(), existsSync(other)], [before, false]);
});
