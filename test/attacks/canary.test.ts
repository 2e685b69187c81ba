/**
 * A whole enrolment and two sign-ins with values that can be recognised, every debug switch on, over TLS; then every
 * byte that left the server or stayed on its disk is searched for them. Each may stand only where it belongs.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { before, describe, test } from "node:test";
import { settleCopy } from "../../src/plugins/stores/sql/store.ts";
import { findSecret } from "../kit/canary-search.ts";
import { selfSigned } from "../kit/certificate.ts";
import {
  CALLBACK,
  type Called,
  CLIENT_SECRET,
  codeAt,
  createNode,
  createSite,
  HOST,
  PASSWORD,
} from "../kit/serve.ts";
import { codeFor, messageCount, redemption, toCodePage, wish } from "../kit/sign-in.ts";
import { openTlsTunnel } from "../kit/tls-tunnel.ts";
import { formOf, type Seen } from "../kit/visitor.ts";

const PHONE = "+12025550187";
const NATIONAL = "2025550187";
const WRONG_PASSWORD = "canary wrong password 3Kp";
const MASTER_KEY = randomBytes(32).toString("base64");
/** Every switch by which the product's libraries and Node itself say more. */
const LOUD = {
  DEBUG: "*",
  NODE_DEBUG: "http,http2,https,tls,net,undici,fetch",
  LOG_LEVEL: "trace",
  SALLYPORT_LOG_LEVEL: "trace",
  TWILIO_LOG_LEVEL: "debug",
  SALLYPORT_MASTER_KEY: MASTER_KEY,
};

interface Answer {
  readonly url: string;
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

const { cert, key } = selfSigned(HOST);
const site = await createSite({
  config: {
    trusted_proxies: undefined,
    tls: { cert: "tls.crt", key: "tls.key" },
    limits: { codeDigits: 10 },
  },
  env: LOUD,
});
writeFileSync(join(site.folder, "tls.crt"), cert);
writeFileSync(join(site.folder, "tls.key"), key, { mode: 0o600 });

const answers: Answer[] = [];
const codes: string[] = [];
const secrets = new Map<string, string>();
const disk = new Map<string, Buffer>();
let spoken = Buffer.alloc(0);
let tokenAnswers: Called[] = [];
let userinfo: Called | undefined;

const headerText = (headers: Readonly<Record<string, unknown>>): string =>
  Object.entries(headers)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${String(one)}`),
    )
    .join("\n");
const note = ({ url, status, headers, body }: Seen): void =>
  void answers.push({ url: url.href, status, headers: headerText(headers), body });
const noteCall = (path: string, called: Called): Called => {
  answers.push({ url: path, status: called.status, headers: headerText(called.headers), body: called.body });
  return called;
};

before(async () => {
  // The logs say all they can: every level, every request, every event of the audit.
  await site.look(({ settings }) =>
    settings.change({
      change: (document) => ({
        ...document,
        logging: { level: "trace", layout: "json", http: true, httpExcludePaths: [], audit: true },
      }),
      by: "test",
      what: "logging",
    }),
  );
  const node = await site.start();
  const door = createNode(node.program, await openTlsTunnel(node.port, cert, HOST));
  const added = await site.command(["user", "add", "ada"], PASSWORD);
  spoken = Buffer.from(added.stdout + added.stderr);

  // 1. A mistyped password, a refused number, then the enrolment.
  const visitor = door.visitor({ onAnswer: note });
  const made = wish({ scope: "openid phone offline_access", prompt: "consent" });
  let page = await visitor.submit(await visitor.get(made.url), { username: "ada", password: WRONG_PASSWORD });
  page = await visitor.submit(page, { username: "ada", password: PASSWORD });
  page = await visitor.submit(page, { phone: `${PHONE}9999` });
  const typedBack = answers.length;
  page = await visitor.submit(page, { phone: PHONE });
  codes.push(await codeFor(site, PHONE));
  page = await visitor.submit(page, { code: "0000000000" });
  page = await visitor.submit(page, { code: codes[0] ?? "" });
  const finished = await visitor.submit(page, {});
  const authorizationCode = codeAt(finished);
  assert.ok(typedBack > 0);

  // 2. The tokens; once with a code that was used already.
  const redeemed = noteCall(
    "/token",
    await door.call("POST", "/token", { fields: redemption(made, authorizationCode) }),
  );
  assert.equal(redeemed.status, 200, redeemed.body);
  const tokens = redeemed.json() as Record<"access_token" | "id_token" | "refresh_token", string>;
  const bearer = { authorization: `Bearer ${tokens.access_token}` };
  userinfo = noteCall("/userinfo", await door.call("GET", "/userinfo", { headers: bearer }));
  const rotated = noteCall(
    "/token",
    await door.call("POST", "/token", {
      fields: { grant_type: "refresh_token", client_id: "spa", refresh_token: tokens.refresh_token },
    }),
  );
  const second = rotated.json() as typeof tokens;
  tokenAnswers = [redeemed, rotated];

  // 3. A sign-in of the confidential client in a fresh browser: phone known, code asked, a fault on the way.
  const other = door.visitor({ onAnswer: note });
  const webWish = wish({ client_id: "web" });
  const sent = await messageCount(site);
  const codePage = await toCodePage(other, webWish, "ada");
  codes.push(await codeFor(site, PHONE, sent));
  await other.post(formOf(codePage).action, "%%%=not a form&csrf=x", { "content-type": "application/json" });
  const webCode = codeAt(await other.submit(codePage, { code: codes[1] ?? "" }));
  const basic = { authorization: `Basic ${Buffer.from(`web:${CLIENT_SECRET}`).toString("base64")}` };
  const webForm = { ...redemption(webWish, webCode), client_id: "web" };
  const webTokens = noteCall(
    "/token",
    await door.call("POST", "/token", { fields: webForm, headers: basic }),
  );
  assert.equal(webTokens.status, 200, webTokens.body);
  tokenAnswers.push(webTokens);
  const web = webTokens.json() as typeof tokens;
  noteCall(
    "/introspect",
    await door.call("POST", "/introspect", { fields: { token: web.access_token }, headers: basic }),
  );
  noteCall(
    "/revoke",
    await door.call("POST", "/revoke", { fields: { token: web.access_token }, headers: basic }),
  );
  noteCall("/token", await door.call("POST", "/token", { fields: webForm, headers: basic }));
  noteCall(
    "/token",
    await door.call("POST", "/token", { fields: { ...webForm, client_secret: "wrong-client-secret" } }),
  );
  for (const path of ["/jwks", "/.well-known/openid-configuration", "/nowhere"])
    noteCall(path, await door.call("GET", path));

  const cookie = (name: string) => visitor.cookie(name) ?? assert.fail(`no cookie ${name}`);
  const values: Record<string, string> = {
    "one-time code 1": codes[0] ?? "",
    "one-time code 2": codes[1] ?? "",
    password: PASSWORD,
    "wrong password": WRONG_PASSWORD,
    "session cookie": cookie("__Host-sallyport_session"),
    "browser cookie": cookie("__Host-sallyport_browser"),
    "authorization code": authorizationCode,
    "second authorization code": webCode,
    "access token": tokens.access_token,
    "second access token": second.access_token,
    "web access token": web.access_token,
    "refresh token": tokens.refresh_token,
    "rotated refresh token": second.refresh_token,
    "ID token": tokens.id_token,
    "web ID token": web.id_token,
    "Twilio token": site.simulator.account.token,
    "client secret": CLIENT_SECRET,
    "master key": MASTER_KEY,
    "full phone number": NATIONAL,
  };
  for (const [name, value] of Object.entries(values)) {
    assert.ok(value.length >= 10, `${name} is too short to be recognised`);
    secrets.set(name, value);
  }

  // The disk as a thief finds it: the process is killed, so that the write-ahead log is still there.
  await node.kill();
  const data = join(site.folder, "data");
  for (const entry of readdirSync(data, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) disk.set(entry.name, readFileSync(join(entry.parentPath, entry.name)));
  readTables(join(data, "sallyport.db"));
  // And as it is when the next process has brought in what stands in the log.
  await settleCopy(join(data, "sallyport.db"));
  readTables(join(data, "sallyport.db"));
  spoken = Buffer.concat([spoken, Buffer.from(node.program.stdout()), Buffer.from(node.program.stderr())]);
});

/** A long value is spread over pages, so rows are read as SQL gives them as well. */
function readTables(file: string): void {
  const database = new DatabaseSync(file);
  for (const { name } of database.prepare("select name from sqlite_master where type = 'table'").all())
    for (const [index, row] of database
      .prepare(`select * from "${String(name)}"`)
      .all()
      .entries())
      disk.set(
        `table ${String(name)}, row ${index}`,
        Buffer.concat(
          Object.values(row).map((value) =>
            value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value)),
          ),
        ),
      );
  database.close();
}

/** Fails when any of the secrets stands in the bytes; names the secret and its form, never the value. */
function clean(where: string, bytes: Buffer, allowed: readonly string[] = []): void {
  for (const [name, value] of secrets) {
    if (allowed.includes(name)) continue;
    const form = findSecret(bytes, value);
    assert.equal(form, undefined, `${name} (${form}) stands in ${where}`);
  }
}

const all = (word: string) => [...secrets.keys()].filter((name) => name.includes(word));
const PHONE_NAME = ["full phone number"];

describe("O09 O11 L02: the canaries of a whole enrolment and sign-in", () => {
  test("the search finds a planted secret in every form", () => {
    const secret = "canary/+ü 17";
    const digest = (text: string) => Buffer.from(text);
    const planted: readonly (readonly [string, Buffer])[] = [
      ["plain", Buffer.from(`x${secret}y`)],
      ["percent", Buffer.from(`?a=${encodeURIComponent(secret)}`)],
      ["form", Buffer.from(new URLSearchParams({ a: secret }).toString())],
      ["hex", digest(Buffer.from(secret).toString("hex"))],
      ["utf-16", Buffer.from(secret, "utf16le")],
      ...["", "a", "ab", "abc", "abcd"].flatMap(
        (prefix) =>
          [
            ["base64", digest(Buffer.from(`${prefix}${secret}tail`).toString("base64"))],
            ["base64url", digest(Buffer.from(`${prefix}${secret}tail`).toString("base64url"))],
          ] as const,
      ),
    ];
    for (const [name, bytes] of planted) assert.notEqual(findSecret(bytes, secret), undefined, name);
    assert.equal(findSecret(Buffer.from("nothing of that kind"), secret), undefined);
  });

  test("the capture saw the secrets where they belong", () => {
    const bodies = tokenAnswers.map(({ body }) => body).join();
    for (const name of [...all("access token"), ...all("refresh token"), ...all("ID token")])
      assert.ok(bodies.includes(secrets.get(name) ?? "?"), `${name} in the token answers`);
    const locations = answers.map(({ headers }) => headers).join("\n");
    for (const name of all("authorization code"))
      assert.ok(locations.includes(`code=${secrets.get(name)}`), name);
    assert.match(locations, /set-cookie: __Host-sallyport_session=/);
    assert.equal(userinfo?.json().phone_number, PHONE);
    assert.equal(codes.length, 2);
    assert.ok(disk.has("sallyport.db-wal") && disk.size > 30, "the disk was read with its log");
    assert.ok(answers.length > 25);
  });

  test("nothing of it is said on the terminal, with every debug switch on", () => {
    assert.ok(spoken.length > 1000, "the debug switches make noise");
    clean("stdout or stderr", spoken);
  });

  test("L02: nothing of it is in the logs at level trace, and they told the whole story", () => {
    const log = disk.get("server.log") ?? Buffer.alloc(0);
    for (const told of [
      "Audit: signed-in",
      "Audit: code-wrong",
      "Refused a request",
      '"path":"/token"',
      "headers",
    ])
      assert.ok(log.includes(told), told);
    assert.ok(disk.get("script.log")?.includes("Twilio SMS. Initialized successfully"));
    clean("server.log", log);
    for (const line of log.toString("utf8").trimEnd().split("\n")) JSON.parse(line);
  });

  test("nothing of it is on the disk: database, write-ahead log, every row, every other file", () => {
    for (const [name, bytes] of disk) clean(name, bytes);
  });

  test("nothing of it is in a body, but tokens in token answers, the phone claim, the number just typed", () => {
    for (const { url, headers, body } of answers) {
      const path = new URL(url, "https://x").pathname;
      const bytes = Buffer.from(body);
      // A redirect repeats its own target for browsers that do not follow it (RFC 9110 §15.4).
      const isReturn = headers.includes(`location: ${CALLBACK}?`);
      if (path === "/token")
        clean("the token answer", bytes, [
          ...all("access token"),
          ...all("refresh token"),
          ...all("ID token"),
          ...PHONE_NAME,
        ]);
      else if (path === "/userinfo") clean("userinfo", bytes, PHONE_NAME);
      else if (/name="phone"/.test(body)) {
        // The person reads back what was typed and refused; that was another, longer number.
        clean("the number page", Buffer.from(body.replaceAll(`${PHONE}9999`, "")));
      } else clean(`the page ${path}`, bytes, isReturn ? all("authorization code") : []);
    }
  });

  test("S14: nothing of it is in a URL or header, but codes on their way back and cookies being set", () => {
    for (const { url, headers } of answers) {
      const { origin, pathname, search } = new URL(url, "https://x");
      clean(`the URL ${pathname}`, Buffer.from(`${origin}${pathname}${search}`));
      for (const line of headers.split("\n")) {
        const isCookie = line.startsWith("set-cookie: ");
        const isReturn = line.startsWith(`location: ${CALLBACK}?`);
        const allowed = isCookie ? all("cookie") : isReturn ? all("authorization code") : [];
        clean(`the header ${line.split(":")[0]} of ${pathname}`, Buffer.from(line), allowed);
      }
    }
  });

  test("L01: the audit tells the story, with the number masked and without a code", async () => {
    const rows = [...disk].filter(([name]) => name.startsWith("table audit"));
    const story = rows.map(([, bytes]) => bytes.toString("utf8")).join("\n");
    for (const kind of [
      "password-wrong",
      "password-right",
      "code-issued",
      "code-sent",
      "code-wrong",
      "authenticator-bound",
      "signed-in",
    ])
      assert.match(story, new RegExp(kind));
    assert.match(story, /•+ ?87/, "the masked number");
  });
});
