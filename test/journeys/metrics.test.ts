/** Figures for Prometheus: what one sign-in moves, what is never in them, and who may read them. */
import assert from "node:assert/strict";
import { get } from "node:http";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Secret } from "../../src/core/secret.ts";
import { freePort } from "../kit/free-port.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { GRACE, PASSWORD, startServer, typePassword } from "../kit/server.ts";
import { startSimulator } from "../kit/simulator.ts";

const { cache } = createRequire(import.meta.url);
const isLoaded = () => Object.keys(cache).some((file) => file.includes("/prom-client/"));

const plain = await startServer({ hashCost: { memory: 64, passes: 1, lanes: 1 } });
await createRelyingParty(plain).then((rp) => rp.byTwoSteps(plain.visitor()));
await plain.close();
// Looked at before there is a server with figures in this process.
const wasLoaded = isLoaded();

const simulator = await startSimulator();
after(() => simulator.close());
const port = await freePort();
const server = await startServer({
  simulator,
  hashCost: { memory: 64, passes: 1, lanes: 1 },
  config: { metrics: { host: "127.0.0.1", port, token: undefined } },
});
const spa = await createRelyingParty(server);

interface Read {
  readonly status: number;
  readonly body: string;
}
const read = (at: number, path: string, headers: Record<string, string> = {}): Promise<Read> =>
  new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port: at, path, headers }, (response) => {
      let body = "";
      response.on("data", (part: Buffer) => (body += part.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    }).on("error", reject);
  });

/** Ours, by series and labels. Of histograms the count alone: how long something took is the machine's affair. */
async function figures(): Promise<Map<string, number>> {
  const { status, body } = await read(port, "/metrics");
  assert.equal(status, 200);
  const found = [...body.matchAll(/^(sallyport_\S+?) ([\d.e+-]+)$/gm)];
  return new Map(
    found
      .map(([, name = "", value]): [string, number] => [name, Number(value)])
      .filter(([name]) => !/_(bucket|sum)(\{|$)/.test(name)),
  );
}
/** What has moved since, by how much. */
async function moved(before: Map<string, number>): Promise<Record<string, number>> {
  const now = await figures();
  return Object.fromEntries(
    [...now]
      .map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
      .filter(([, by]) => by !== 0),
  );
}

test("a whole sign-in moves these series and no others", async () => {
  const before = await figures();
  const begun = await spa.begin({ acr_values: "twilio_sms" });
  const visitor = server.visitor();
  const page = await visitor.get(begun.url.href);
  const sent = (await simulator.messages()).length;
  const codePage = await typePassword(visitor, page, "grace");
  const code = await server.simulator.codeAfter(sent, GRACE);
  const arrived = 'sallyport_receipts_total{status="delivered",country="US",gateway="twilio_sms"}';
  for (let tries = 0; tries < 200 && (await moved(before))[arrived] === undefined; tries += 1)
    await pause(20);
  await spa.redeem(begun, await visitor.submit(codePage, { code }));
  const changes = await moved(before);
  const receipts = Object.keys(changes).filter((name) => name.startsWith("sallyport_receipts_total"));
  const events = Object.keys(changes).filter((name) => name.startsWith("sallyport_audit_events_total"));
  const rest = Object.entries(changes).filter(([name]) => !receipts.includes(name) && !events.includes(name));
  const spend = 'sallyport_spend_total{kind="sms",country="US"}';
  assert.ok((changes[spend] ?? 0) > 0.001 && (changes[spend] ?? 0) < 0.1, `${changes[spend]}`);
  assert.deepEqual(Object.fromEntries(rest.filter(([name]) => name !== spend)), {
    'sallyport_sign_ins_total{acr="twilio_sms",result="signed-in"}': 1,
    'sallyport_tokens_issued_total{grant="authorization_code"}': 1,
    'sallyport_password_checks_total{result="right"}': 1,
    sallyport_password_check_seconds_count: 1,
    'sallyport_codes_issued_total{purpose="sign-in",country="US"}': 1,
    'sallyport_sends_total{kind="sms",purpose="sign-in",country="US",gateway="twilio_sms",result="accepted"}': 1,
    'sallyport_delivery_seconds_count{kind="sms",gateway="twilio_sms"}': 1,
    'sallyport_code_checks_total{purpose="sign-in",country="US",result="right"}': 1,
    'sallyport_entry_seconds_count{purpose="sign-in"}': 1,
  });
  // How many states between are told is the provider's affair.
  for (const name of receipts)
    assert.match(name, /status="(queued|sending|sent|delivered)",country="US",gateway="twilio_sms"/);
  assert.equal(changes[arrived], 1);
  assert.deepEqual(events.map((name) => /"(.*)"/.exec(name)?.[1]).sort(), [
    "code-delivered",
    "code-issued",
    "code-right",
    "code-sent",
    "consent-skipped",
    "password-right",
    "signed-in",
    "tokens-issued",
  ]);
});

test("what fails moves its own: a wrong password, a refused text, a wrong code, a login given up", async () => {
  const before = await figures();
  await simulator.fault({ code: 21610 });
  const visitor = server.visitor();
  let seen = await typePassword(visitor, await visitor.get((await spa.begin()).url.href), "grace", "not it");
  seen = await typePassword(visitor, seen, "nobody-has-this-name", "not it");
  seen = await typePassword(visitor, seen, "grace");
  server.advance(61_000);
  seen = await visitor.submit(seen, { action: "resend" });
  seen = await visitor.submit(seen, { code: "000000" });
  await visitor.submit(seen, { action: "cancel" });
  const changes = await moved(before);
  const expected = {
    'sallyport_password_checks_total{result="wrong"}': 2,
    'sallyport_codes_issued_total{purpose="sign-in",country="US"}': 1,
    'sallyport_sends_total{kind="sms",purpose="sign-in",country="US",gateway="twilio_sms",result="number-blocked"}': 1,
    'sallyport_sends_total{kind="sms",purpose="sign-in",country="US",gateway="twilio_sms",result="accepted"}': 1,
    'sallyport_code_checks_total{purpose="sign-in",country="US",result="wrong"}': 1,
    'sallyport_sign_ins_total{acr="twilio_sms",result="cancelled"}': 1,
  };
  for (const [name, by] of Object.entries(expected)) assert.equal(changes[name], by, name);
});

test("a typed number is a decision of the guard; gateways and the brake have their level", async () => {
  const before = await figures();
  const visitor = server.visitor();
  const page = await typePassword(visitor, await visitor.get((await spa.begin()).url.href), "ada");
  await visitor.submit(page, { phone: "+447911123456" });
  const decided = 'sallyport_guard_decisions_total{verdict="clear",country="GG"}';
  for (let tries = 0; tries < 200 && (await moved(before))[decided] === undefined; tries += 1)
    await pause(20);
  assert.equal((await moved(before))[decided], 1);
  const now = await figures();
  assert.equal(now.get("sallyport_brake_on"), 0);
  assert.equal(now.get('sallyport_gateway_open{gateway="twilio_sms"}'), 0);
  assert.equal(now.get("sallyport_password_checks_waiting"), 0);
});

test("L02, M20: no code, number, password, name, address or client is in the figures", async () => {
  const { body } = await read(port, "/metrics");
  const codes = (await simulator.messages()).map(({ body: text }) => /#(\d+)$/.exec(text)?.[1] ?? "");
  assert.ok(codes.length > 2 && body.length > 5000);
  const grace = (await server.parts.directory.find("grace"))?.id ?? assert.fail();
  const canaries = [...codes.map((code) => `"${code}"`), GRACE.slice(2), "7911123456", PASSWORD, "not it"];
  for (const canary of [...canaries, grace, "nobody-has-this-name", "127.0.0.1", '"spa"'])
    assert.ok(!body.includes(canary), canary);
  assert.match(body, /^nodejs_eventloop_lag_p99_seconds /m);
  assert.match(body, /^process_resident_memory_bytes /m);
});

test("the public address does not have them, and their own has nothing else", async () => {
  for (const path of ["/metrics", "/metrics/", "/jans-config-api/metrics"]) {
    const { status, body } = await read(server.port, path, { host: `localhost:${server.port}` });
    assert.ok(status === 404 || status === 401, `${path}: ${status}`);
    assert.ok(!body.includes("sallyport_sign_ins_total"));
  }
  assert.equal((await read(port, "/")).status, 404);
  assert.equal((await read(port, "/.well-known/openid-configuration")).status, 404);
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: "POST" })).status, 405);
  const named = await read(port, "/metrics", { host: "evil.example:9464" });
  assert.deepEqual(
    [named.status, named.body],
    [421, ""],
    "a name that somebody points at loopback is refused",
  );
  assert.equal((await read(port, "/metrics", { host: `localhost:${port}` })).status, 200);
});

test("where a token is wanted, it is this one or nothing", async () => {
  const at = await freePort();
  const token = "a-token-for-prometheus";
  const guarded = await startServer({
    simulator,
    hashCost: { memory: 64, passes: 1, lanes: 1 },
    config: { metrics: { host: "127.0.0.1", port: at, token: new Secret(token) } },
  });
  for (const authorization of ["", "Bearer ", `Bearer ${token}x`, `bearer ${token}`, `Basic ${token}`])
    assert.equal((await read(at, "/metrics", { authorization })).status, 401, authorization);
  assert.equal((await read(at, "/metrics")).status, 401);
  const seen = await read(at, "/metrics", { authorization: `Bearer ${token}`, host: "node-1.internal:9464" });
  assert.equal(seen.status, 200);
  assert.ok(!seen.body.includes(token));
  await guarded.close();
  await assert.rejects(read(at, "/metrics"), /ECONNREFUSED/);
});

test("a server that nobody wants figures of loads no library for them", () => {
  assert.equal(wasLoaded, false);
  assert.equal(isLoaded(), true, "and this is how it would have been seen");
});
