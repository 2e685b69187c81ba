/** `sallyport doctor` as it is run: before the first start, beside a server, on what is broken; its words and exit codes. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Finding } from "../../src/core/finding.ts";
import { DOCTOR_CHECKS } from "../../src/surfaces/admin/host/doctor-checks.ts";
import { selfSigned } from "../kit/certificate.ts";
import { freePort } from "../kit/free-port.ts";
import { type Ending, runProgram } from "../kit/processes.ts";
import { createSite } from "../kit/serve.ts";

const port = await freePort();
const site = await createSite({
  config: {
    issuer: `https://localhost:${port}`,
    trusted_proxies: undefined,
    tls: { cert: "cert.pem", key: "key.pem" },
    sending: undefined,
    countries: ["US"],
  },
});
const { cert, key } = selfSigned("localhost");
const ca = join(site.folder, "cert.pem");
writeFileSync(ca, cert);
writeFileSync(join(site.folder, "key.pem"), key, { mode: 0o600 });
const { simulator } = site;
const TO = "+12025550143";

const run = (args: readonly string[] = [], over: Record<string, unknown> = {}): Promise<Ending> =>
  runProgram(["doctor", "--config", site.write(port, over), ...args], { env: { NODE_EXTRA_CA_CERTS: ca } });
async function findings(args: readonly string[] = [], over: Record<string, unknown> = {}) {
  const { code, stdout, stderr } = await run(["--json", ...args], over);
  assert.equal(stderr, "");
  const json = JSON.parse(stdout) as { issuer: string | null; level: string; findings: readonly Finding[] };
  for (const { check = "" } of json.findings)
    assert.ok(check in DOCTOR_CHECKS, `${check} is in no reference`);
  const of = (check: string) => json.findings.find((one) => one.check === check);
  return { code, ...json, of };
}

describe("doctor", () => {
  test("before the first start it looks at the file and the provider, and makes nothing", async () => {
    const { code, of } = await findings();
    assert.equal(code, 2, "the certificate ends tomorrow");
    assert.equal(of("store")?.level, "skipped");
    assert.match(of("server")?.message ?? "", /No server answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
    assert.equal(of("twilio.account")?.level, "ok");
    assert.equal(of("twilio.callback")?.level, "skipped");
    assert.equal(existsSync(site.data), false);
  });

  test("a faulty file is told with every fault, and is the one thing to mend", async () => {
    const { code, issuer, findings: all } = await findings([], { from_number: "12", countries: "nowhere" });
    assert.deepEqual([code, issuer], [2, null]);
    assert.ok(
      all.every(({ level, check, remedy }) => level === "error" && check === "configuration" && remedy),
    );
  });

  test("beside a running server all is looked at, the callback end to end; the text fits eighty columns", async () => {
    await site.start(port);
    const { of, findings: all } = await findings();
    for (const check of [
      "configuration",
      "store",
      "keys",
      "lately",
      "server",
      "server.public",
      "pages",
      "messages",
      "clock",
    ])
      assert.equal(of(check)?.level, "ok", JSON.stringify(all, undefined, 1));
    for (const check of [
      "twilio.sender",
      "twilio.voice",
      "twilio.countries",
      "twilio.dialing",
      "twilio.callback",
    ])
      assert.equal(of(check)?.level, "ok", JSON.stringify(of(check)));
    assert.match(of("tls")?.message ?? "", /ends on \d{4}-\d\d-\d\d, in [01] days/);
    assert.match(of("tls.files")?.remedy ?? "", /Renew/);
    assert.match(of("directory.administrators")?.message ?? "", /no active administrator/);
    const { stdout, code } = await run();
    assert.equal(code, 2, "the certificate ends tomorrow");
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80 || !line.slice(2).includes(" "), line);
    assert.match(stdout, /\d+ to mend, \d+ to look at, \d+ in order\.\n$/);
    assert.ok(!stdout.includes(simulator.account.token));
  });

  test("--to sends a real message, waits until it is there, and leaves its event", async () => {
    const { of } = await findings(["--to", TO]);
    assert.match(of("test-message")?.message ?? "", /to •••• 43 was delivered after \d+ s/);
    const { body } = await simulator.nextMessage(TO);
    assert.match(body, /a test message from localhost\. It holds no code/);
    const [event] = await site.look(({ audit }) => audit.query({ kind: "test-message", limit: 1 }));
    assert.deepEqual([event?.facts?.phone, event?.facts?.by], ["•••• 43", "host"]);
    assert.match(String(event?.facts?.messageId), /^SM/);
  });

  for (const [fault, says, remedy] of [
    [{ code: 21608 }, /refused: a trial account .* \(error 21608\)/, /Upgrade the account/],
    [{ code: 21408, status: 403 }, /may not send to this country \(error 21408\)/, /Geo permissions/],
    [{ code: 21606 }, /the sender is refused \(error 21606\)/, /from_number/],
    [{ code: 21610 }, /answered STOP/, /START/],
    [{ code: 30450 }, /SMS pumping/, /get-sms-decisions/],
    [{ then: "drop-after-accept" }, /could not be reached/, /network/],
    [
      { then: "undelivered", code: 30003 },
      /did not arrive: the phone is off .* \(error 30003\)\. Its id: SM/,
      /Try again later/,
    ],
    [{ then: "undelivered", code: 30007 }, /took the text for spam/, /register the sender/],
    [{ then: "failed", code: 30008 }, /does not say why \(error 30008\)/, /message's id/],
    [{ then: "silent" }, /has not gone on within 1 s/, /status\.twilio\.com/],
  ] as const)
    test(`a test message with ${JSON.stringify(fault)}: what it means and what to do`, async () => {
      await simulator.clearFaults();
      await simulator.fault({ match: { path: "/Messages.json" }, ...fault });
      const { of, code } = await findings(["--to", TO, "--wait", "1"]);
      assert.equal(code, 2);
      assert.match(of("test-message")?.message ?? "", says);
      assert.match(of("test-message")?.remedy ?? "", remedy);
      await simulator.clearFaults();
    });

  test("what is no number is refused before anything is sent", async () => {
    await simulator.clear();
    const { of } = await findings(["--to", "\u001b]0;title\u0007"]);
    assert.match(of("test-message")?.message ?? "", /no telephone number; nothing was sent/);
    assert.deepEqual(await simulator.messages(), []);
  });

  test("dangerous settings, a file that is not in force, and files that others can read", async () => {
    const over = {
      limits: { triesPerCode: 10, codeDigits: 6 },
      pumping: { mode: "off" },
      sending: { stopped: true },
      clients: [
        {
          client_id: "old",
          client_secret: "a-secret-of-the-old-client",
          pkce: "waived",
          redirect_uris: ["https://rp.example.test/cb"],
        },
      ],
    };
    assert.match((await findings([], over)).of("settings.file")?.message ?? "", /has not taken in/);
    chmodSync(join(site.folder, "key.pem"), 0o644);
    const other = await createSite({ config: { ...over, countries: ["US"] } });
    const { stdout } = await other.command(["doctor", "--json"]);
    const of = (check: string) =>
      (JSON.parse(stdout).findings as Finding[]).find((one) => one.check === check) ??
      assert.fail(`${check}: ${stdout}`);
    assert.match(of("settings.limits").message, /triesPerCode 10 \(5\)/);
    assert.match(of("settings.pumping").message, /guard is off/);
    assert.match(of("settings.pkce").message, /waived for old/);
    assert.equal(of("settings.stopped").level, "error");
    const known = [
      "server",
      "settings.limits",
      "settings.pumping",
      "settings.pkce",
      "settings.stopped",
      "twilio.api_base",
    ];
    const accepted = await other.command(["doctor", "--json", "--ignore", known.join(",")]);
    assert.deepEqual([accepted.code, JSON.parse(accepted.stdout).level], [0, "ok"], accepted.stdout);
    const misspelt = await other.command(["doctor", "--ignore", "settings.limit"]);
    assert.deepEqual([misspelt.code, /no check settings\.limit/.test(misspelt.stderr)], [2, true]);
    assert.match((await findings()).of("host.files")?.remedy ?? "", /^chmod 600 .*key\.pem$/);
    chmodSync(join(site.folder, "key.pem"), 0o600);
  });

  test("S16: a store that cannot be opened is named, and with it who is signed in meanwhile: nobody", async () => {
    const broken = await createSite({
      config: {
        store: { type: "postgres", url: "postgres://nobody:canary-7Qz@127.0.0.1:9/none" },
        master_key: Buffer.alloc(32, 1).toString("base64"),
        data: ".",
      },
    });
    const { code, stdout, stderr } = await broken.command(["doctor"]);
    assert.equal(code, 2);
    assert.match(stdout, /ERROR {6}store\n/);
    assert.match(stdout, /nobody is let in by\s+mistake/);
    assert.ok(!(stdout + stderr).includes("canary-7Qz"));
  });

  test("a master key that is not the store's is told as what it is", async () => {
    const other = await createSite();
    await other.look(async () => {});
    writeFileSync(join(other.data, "master.key"), `${Buffer.alloc(32, 7).toString("base64")}\n`);
    const { code, stdout } = await other.command(["doctor"]);
    assert.equal(code, 2);
    assert.match(stdout, /ERROR {6}keys\n[\s\S]*Put back the master key/);
    rmSync(join(other.data, "master.key"));
    assert.match((await other.command(["doctor"])).stdout, /master\.key is\s+gone/);
  });

  test("M23: pages of one's own that could let in script are found before anybody is shown them", async () => {
    const other = await createSite({ config: { pages: "pages" } });
    mkdirSync(join(other.folder, "pages", "templates"), { recursive: true });
    writeFileSync(
      join(other.folder, "pages", "templates", "password.liquid"),
      '<form method=post><p onclick="alert(1)">{{ username | raw }}</p></form>\n',
    );
    const { code, stdout } = await other.command(["doctor", "--json"]);
    const all = (JSON.parse(stdout).findings as Finding[]).filter(({ check }) => check === "pages");
    assert.equal(code, 2);
    assert.ok(
      all.some(({ level, remedy }) => level === "error" && /pages check/.test(remedy ?? "")),
      stdout,
    );
  });
});
