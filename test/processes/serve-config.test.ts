/** What `sallyport serve` says of a configuration it cannot start with: everything at once, and nothing is written. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { stringify } from "yaml";
import { faultsOf } from "../../src/compose/check.ts";
import { readConfig } from "../../src/config.ts";
import { selfSigned } from "../kit/certificate.ts";
import { freePort } from "../kit/free-port.ts";
import { runProgram } from "../kit/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const TWILIO = {
  twilio_sid: `AC${"0".repeat(32)}`,
  twilio_token: "canary-twilio-token-77",
  from_number: "+12025550100",
};
const CLIENT = { client_id: "spa", redirect_uris: ["https://rp.example.test/callback"] };
const SOUND = {
  issuer: "https://login.example.test",
  listen: "127.0.0.1:9",
  trusted_proxies: ["127.0.0.1/32"],
  clients: [CLIENT],
  ...TWILIO,
};

let count = 0;

/** Starts the server with this file in a folder of its own; answers what it said and which files are there after. */
async function serve(config: unknown, env: Readonly<Record<string, string>> = {}) {
  count += 1;
  const home = mkdtempSync(join(folder, `case${count}-`));
  const file = join(home, "sallyport.yaml");
  writeFileSync(file, typeof config === "string" ? config : stringify(config), { mode: 0o600 });
  const { code, stdout, stderr } = await runProgram(["serve", "--config", file], { env, cwd: home });
  return { code, stdout, lines: stderr.trimEnd().split("\n"), stderr, files: readdirSync(home) };
}

/** It ended with a fault, wrote nothing, and each pattern fits exactly one line; no line is left over. */
function complainsOf(answer: Awaited<ReturnType<typeof serve>>, ...patterns: readonly RegExp[]): void {
  assert.notEqual(answer.code, 0);
  assert.notEqual(answer.code, null, "it had to be killed");
  assert.equal(answer.stdout, "");
  assert.deepEqual(answer.files, ["sallyport.yaml"], "nothing may be written");
  for (const pattern of patterns)
    assert.equal(
      answer.lines.filter((line) => pattern.test(line)).length,
      1,
      `${pattern} in:\n${answer.stderr}`,
    );
  assert.equal(answer.lines.length, patterns.length, answer.stderr);
  assert.doesNotMatch(answer.stderr, /\n {4}at |node:internal|canary-twilio-token/, "no stack, no secret");
}

test("serve says every fault of its file at once, a sentence each, and writes nothing", async () => {
  const answer = await serve({
    ...SOUND,
    isuer: "https://login.example.test",
    issuer: "http://login.example.test",
    limits: { codeLife: 601, triesPerCode: 11, disableAfter: 101 },
    trusted_proxies: [],
    store: { type: "postgres", url: "postgres:///none?host=/nonexistent" },
    clients: [CLIENT, CLIENT, { client_id: "web", token_endpoint_auth_method: "client_secret_basic" }],
    acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "otp" },
    twilio_sid: undefined,
    twilio_token: undefined,
    from_number: undefined,
  });
  complainsOf(
    answer,
    /isuer: is not a known setting/,
    / issuer: must begin with https/,
    /limits\.codeLife: .*600/,
    /limits\.triesPerCode: .*10/,
    /limits\.disableAfter: .*100/,
    /tls: is missing/,
    /master_key: is missing.*openssl rand/,
    /client_id "spa" stands there twice/,
    /clients\[2\]\.redirect_uris: /,
    /clients\[2\]\.client_secret: is missing/,
    /acrs\.default: otp/,
    /twilio_sid, twilio_token, from_number: are missing/,
  );
});

test("every fault of gateways that stand by and of test numbers is said at once, and no secret", async () => {
  const until = (days: number) =>
    new Date(Date.parse("2027-01-01T00:00:00Z") + days * 86_400_000).toISOString();
  const numbered = {
    number: "+12025550177",
    code: "135790",
    owner: "Ines",
    reason: "app review",
    from: until(0),
  };
  const answer = await serve({
    ...SOUND,
    gateways: [
      {
        name: "spare",
        type: "twilio",
        properties: {
          twilio_sid: "AC1",
          twilio_token: "canary-twilio-token-78",
          from_number: "+12025550101",
          x: "1",
        },
      },
      { name: "spare", type: "pigeon" },
      {
        name: "hook",
        type: "webhook",
        properties: { url: "http://example.org", secret: { env: "NOWHERE" } },
      },
    ],
  });
  complainsOf(
    answer,
    /gateways: the name spare stands there twice/,
    /gateways\[0\]\.properties\.twilio_sid: must be an Account SID/,
    /gateways\[0\]\.properties\.x: is not a property/,
    /gateways\[1\]\.type: pigeon is no kind of gateway/,
    /gateways\[2\]\.properties\.url: /,
    /gateways\[2\]\.properties\.secret: the environment variable NOWHERE is not set/,
  );
  complainsOf(
    await serve({
      ...SOUND,
      test_numbers: [
        { ...numbered, until: until(31) },
        { ...numbered, until: until(7) },
        { ...numbered, number: "12", owner: undefined, until: until(7) },
      ],
    }),
    /test_numbers\[0\]\.until: must be at most 30 days after from/,
    /test_numbers\[1\]\.number: stands there twice/,
    /test_numbers\[2\]\.number: must be a number in international form/,
    /test_numbers\[2\]\.owner: is missing/,
  );
});

const single: readonly (readonly [string, Record<string, unknown>, ...RegExp[]])[] = [
  ["a setting nobody knows", { twilio_token_: "x" }, /twilio_token_: is not a known setting/],
  ["an issuer with a path", { issuer: "https://login.example.test/auth" }, /issuer: .*without path/],
  ["an issuer with a slash at its end", { issuer: "https://login.example.test/" }, /issuer: .*no slash/],
  [
    "an issuer without TLS and with a slash, both at once",
    { issuer: "http://login.example.test/" },
    /issuer: must begin with https/,
    /issuer: must be written https:\/\/login\.example\.test /,
  ],
  ["a port without its host", { listen: 9000 }, /listen: must be HOST:PORT, for example 127\.0\.0\.1:9000$/],
  ["a sender without quotes", { from_number: 12025550100 }, /from_number: must be in quotes; /],
  ["an empty token", { twilio_token: "" }, /twilio_token: must not be empty/],
  ["a country in small letters", { countries: ["de"] }, /countries\[0\]: must be in capitals: DE/],
  ["no issuer", { issuer: undefined }, /issuer: is missing/],
  ["a listen address without port", { listen: "127.0.0.1" }, /listen: must be HOST:PORT/],
  ["a port that is none", { listen: "127.0.0.1:99999" }, /listen: .*port/i],
  ["a proxy that is no address", { trusted_proxies: ["proxy.example"] }, /trusted_proxies.*proxy\.example/],
  ["no sender", { from_number: undefined }, /from_number/],
  ["no token", { twilio_token: undefined }, /twilio_token/],
  ["no account", { twilio_sid: undefined }, /twilio_sid/],
  ["an account id of another shape", { twilio_sid: "AC123" }, /twilio_sid/],
  ["a sender that is no number", { from_number: "0800 CALL" }, /from_number/],
  ["a region without its edge", { region: "ie1" }, /edge/],
  ["a country that is none", { countries: ["Germany"] }, /countries.*ISO country codes/],
  ["a country that does not exist", { countries: ["QX"] }, /countries.*QX/],
  ["a code that lives longer than 600 s", { limits: { codeLife: 601 } }, /limits\.codeLife.*600/],
  ["more than 10 tries for a code", { limits: { triesPerCode: 11 } }, /limits\.triesPerCode.*10/],
  ["more than 100 failures", { limits: { disableAfter: 101 } }, /limits\.disableAfter.*100/],
  ["a code of 5 digits", { limits: { codeDigits: 5 } }, /limits\.codeDigits.*6/],
  ["a policy that is none", { enrolment: "always" }, /enrolment: /],
  [
    "an acr nobody offers",
    { acrs: { enabled: ["twilio_sms", "u2f"], default: "u2f" } },
    /acrs\.enabled: "u2f"/,
  ],
  ["a short client secret", { clients: [{ ...CLIENT, client_secret: "short" }] }, /clients\[0\].*16 char/],
  [
    "PKCE waived for a public client",
    { clients: [{ ...CLIENT, pkce: "waived" }] },
    /clients\[0\]\.pkce: cannot be waived/,
  ],
  [
    "a redirect URI that is none",
    { clients: [{ ...CLIENT, redirect_uris: ["callback"] }] },
    /clients\[0\]\.redirect_uris\[0\]: /,
  ],
  ["a master key of another length", { master_key: "c2hvcnQ=" }, /master_key: must be 32/],
  ["a secret in a file that is not there", { master_key: { file: "no" } }, /master_key: the file no/],
  ["a secret in a variable that is not set", { twilio_token: { env: "NOT_SET" } }, /twilio_token:.*NOT_SET/],
  ["TLS files that are none", { tls: { cert: "sallyport.yaml", key: "sallyport.yaml" } }, /tls: .*PEM/],
  ["TLS files that are not there", { tls: { cert: "no.crt", key: "no.key" } }, /no\.crt/, /no\.key/],
];
describe("one fault, one sentence", { concurrency: 3 }, () => {
  for (const [name, over, ...patterns] of single)
    test(`serve refuses ${name}`, async () => complainsOf(await serve({ ...SOUND, ...over }), ...patterns));
});

test("serve names every Twilio property that is wrong, in words that repeat no value", async () => {
  const answer = await serve({
    ...SOUND,
    twilio_sid: "canary-twilio-token-in-the-wrong-place",
    twilio_token: undefined,
    from_number: undefined,
    region: "ie1",
    api_base: "http://sms.example.test",
  });
  complainsOf(
    answer,
    /twilio_sid: must be an Account SID/,
    /twilio_token: is missing/,
    /from_number: is missing/,
    /region: is given without edge/,
    /api_base: must begin with https/,
    /api_base: is given beside region/,
  );
});

test("O18: a text of a message that cannot be sent is a fault of the file, with its place", () => {
  const file = join(folder, "texts.yaml");
  const faults = (texts: unknown, ofClient: unknown): string => {
    writeFileSync(file, stringify({ ...SOUND, texts, clients: [{ ...CLIENT, texts: ofClient }] }), {
      mode: 0o600,
    });
    try {
      readConfig(file, {}, faultsOf);
      return "";
    } catch (problem) {
      return (problem as Error).message.replaceAll(`${file}: `, "");
    }
  };
  assert.equal(faults({ enrol: { de: "{code}" } }, { "sign-in": { "pt-BR": "{code} {app}" } }), "");
  assert.equal(
    faults({ "sign-in": { en: "Your code" } }, { "sign-in": { de: "{code} {user}" } }),
    "texts.sign-in.en: does not show {code} in every case; write {code} where the code belongs\n" +
      "clients[0].texts.sign-in.de: wants {user}, which is not given; it is given {code}, {app}, {minutes}, {brand}, {named}",
  );
  assert.equal(
    faults({ signin: { en: "{code}" }, enrol: { German: "{code}" } }, undefined),
    "texts.enrol.German: is no language; write a tag such as de or pt-BR\n" +
      "texts.signin: is not a known setting; check the spelling or remove it",
  );
});

test("serve refuses a file that is no YAML, and one that is not there, in one sentence", async () => {
  complainsOf(await serve('issuer: "https://login'), /is not YAML: line 1, column \d+: .*quote.*missing$/);
  complainsOf(await serve("a: 1\ntwilio_token: *canary-twilio-token"), /is not YAML: line 2, column 15: /);
  complainsOf(
    await serve(""),
    /issuer: is missing/,
    /tls: is missing/,
    /twilio_sid, twilio_token, from_number: are missing/,
  );
  const missing = await runProgram(["serve", "--config", join(folder, "none.yaml")]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^.*none\.yaml cannot be read \(ENOENT\); give the path with --config\n$/);
});

test("the warning about a password alone names no client that nobody signs in to", () => {
  const file = join(folder, "warned.yaml");
  const machine = { client_id: "robot", client_secret: "a-secret-of-16-characters" };
  const acrs = { enabled: ["simple_password_auth", "twilio_sms"], default: "twilio_sms" };
  const clients = [
    CLIENT,
    { ...machine, grant_types: ["client_credentials"], redirect_uris: [] },
    {
      ...machine,
      client_id: "both",
      redirect_uris: CLIENT.redirect_uris,
      grant_types: ["authorization_code", "client_credentials"],
    },
  ];
  writeFileSync(file, stringify({ ...SOUND, acrs, clients }), { mode: 0o600 });
  assert.match(readConfig(file, {}, faultsOf).warnings.join("\n"), /allowed_acr_values for: spa, both$/);
});

test("serve without --config says so and ends with a fault", async () => {
  const { code, stderr } = await runProgram(["serve"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /--config/);
});

test("an option that is misspelt is said before the one that is missing for it", async () => {
  for (const [args, said] of [
    [["serve", "--confg", "x"], /^error: unknown option '--confg'\n\(Did you mean --config\?\)\n$/],
    [["user", "reset-phone", "ada", "--confg=x"], /^error: unknown option '--confg'\n/],
    [["sms", "replay", "--config", "x", "--since", "7d"], /required option '--with <file>' not specified/],
  ] as const) {
    const { code, stderr } = await runProgram(args);
    assert.equal(code, 2);
    assert.match(stderr, said);
  }
});

test("M32 L07: nothing turns serve into a demo: neither PORT, SALLYPORT_DATA nor NODE_ENV", async () => {
  const away = join(folder, "demo-data");
  const answer = await serve(
    { ...SOUND, twilio_sid: undefined },
    { PORT: "8099", SALLYPORT_DATA: away, NODE_ENV: "development" },
  );
  complainsOf(answer, /twilio_sid/);
  assert.equal(existsSync(away), false);
});

test("serve says in one sentence that its data folder cannot be written", async () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "this is no folder");
  chmodSync(file, 0o400);
  const listen = `127.0.0.1:${await freePort()}`;
  const answer = await serve({ ...SOUND, listen, data: join(file, "data") });
  complainsOf(answer, /^The data folder .*cannot be written \((ENOTDIR|EEXIST)\); name a folder/);
});

test("serve says in one sentence that its port is in use, before it makes a data folder", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const answer = await serve({ ...SOUND, listen: `127.0.0.1:${port}`, data: "data" });
  other.close();
  complainsOf(answer, new RegExp(`^Port ${port} is in use; `));
});

test("the example in examples/sallyport.yaml is sound, but for the files and secrets that only you have", () => {
  const { cert, key } = selfSigned("login.example.org");
  writeFileSync(join(folder, "tls.crt"), cert);
  writeFileSync(join(folder, "tls.key"), key);
  const example = readFileSync(new URL("../../examples/sallyport.yaml", import.meta.url), "utf8");
  const file = join(folder, "example.yaml");
  writeFileSync(file, example.replaceAll("/etc/sallyport/", `${folder}/`));
  assert.throws(
    () => readConfig(file, {}, faultsOf),
    /twilio_token: .*TWILIO_TOKEN is not set[\s\S]*INTRANET_SECRET is not set|INTRANET_SECRET[\s\S]*TWILIO_TOKEN/,
  );
  const environment = { TWILIO_TOKEN: "0".repeat(32), INTRANET_SECRET: "a-secret-of-the-intranet" };
  const { issuer, settings } = readConfig(file, environment, faultsOf);
  assert.equal(issuer.origin, "https://login.example.org");
  assert.deepEqual(settings.countries, ["US", "DE"]);
});
