/** A server that is told to stop while people sign in, and a certificate that is renewed while it serves. */
import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { selfSigned } from "../kit/certificate.ts";
import { startCrowd } from "../kit/crowd.ts";
import { until } from "../kit/processes.ts";
import { createSite, HOST, PASSWORD } from "../kit/serve.ts";
import { signIn, wish } from "../kit/sign-in.ts";
import { startSilentProvider } from "../kit/silent-provider.ts";

const codeIn = (text = "") => /#(\d{6,10})$/.exec(text)?.[1] ?? assert.fail(text);
const PEOPLE = { ada: "+12025550147", grace: "+12025550148", mary: "+12025550149" };

test("S16 L10: stopped and started again under load: nobody's login is lost, and no answer is cut", async () => {
  const site = await createSite({ config: { drain_seconds: 1 } });
  for (const name of Object.keys(PEOPLE))
    assert.equal((await site.command(["user", "add", name], PASSWORD)).code, 0);
  const first = await site.start();
  for (const [name, phone] of Object.entries(PEOPLE)) await signIn(site, first, name, phone);
  const crowd = startCrowd(site, first, PEOPLE);
  await crowd.reach(2);

  const ended = first.program.end("SIGTERM");
  // First it says that it is not ready, and goes on serving: only then does it stop listening.
  const told = await until(first.program, async () => {
    const answer = await first.call("GET", "/health/ready");
    return answer.status === 503 ? answer : undefined;
  });
  // What was asked before this moment is answered; what comes after it waits, as behind any balancer.
  crowd.holdBack();
  assert.equal(told.json().status, "down");
  assert.equal(told.json().draining, true);
  assert.equal(told.headers.connection, "close");
  assert.equal((await first.call("GET", "/health/live")).status, 200);
  assert.equal((await first.call("GET", "/jwks")).status, 200);
  const before = crowd.done();
  assert.equal((await ended).code, 0);
  await site.start(first.port);
  crowd.letIn();
  await crowd.reach(before + 4);
  await crowd.stop();
  assert.deepEqual(crowd.lost, []);
  assert.deepEqual(crowd.troubles, []);
});

const fingerprint = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, servername: HOST, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });

test("a certificate is renewed without a restart, and one that cannot be used leaves the old one in place", async () => {
  const site = await createSite({ config: { tls: { cert: "tls.crt", key: "tls.key" } } });
  const put = (name: string, text: string) => {
    // As renewals do it: a new file takes the name.
    writeFileSync(join(site.folder, `${name}.new`), text, { mode: 0o600 });
    renameSync(join(site.folder, `${name}.new`), join(site.folder, name));
  };
  const [old, next] = [selfSigned(HOST), selfSigned(HOST)];
  put("tls.crt", old.cert);
  put("tls.key", old.key);
  const node = await site.start();
  const before = await fingerprint(node.port);

  // A certificate without its key, and then bytes that are none.
  for (const broken of [next.cert, "no certificate\n"]) {
    const heard = node.program.stderr().length;
    put("tls.crt", broken);
    process.kill(node.program.pid, "SIGHUP");
    const said = await until(node.program, async () => node.program.stderr().slice(heard) || undefined);
    assert.match(said, /The new certificate is not taken, the one before serves on: tls: /);
    assert.equal(await fingerprint(node.port), before);
  }

  put("tls.crt", next.cert);
  put("tls.key", next.key);
  process.kill(node.program.pid, "SIGHUP");
  await until(node.program, async () => ((await fingerprint(node.port)) === before ? undefined : true));

  // And without anybody saying so.
  const after = await fingerprint(node.port);
  const third = selfSigned(HOST);
  put("tls.key", third.key);
  put("tls.crt", third.cert);
  await until(
    node.program,
    async () => ((await fingerprint(node.port)) === after ? undefined : true),
    40_000,
  );
});

test("S16: stopped while a text is on its way to a provider that does not answer: the login goes on at the next start with the code that arrived", async () => {
  const provider = await startSilentProvider();
  const site = await createSite({ config: { api_base: provider.url } });
  assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
  const node = await site.start();
  const visitor = node.visitor();
  const asked = await visitor.submit(await visitor.get(wish().url), { username: "ada", password: PASSWORD });
  // The request that sends the text is under way when the signal comes, and is answered.
  const answered = visitor.submit(asked, { phone: "+12025550147" });
  await until(node.program, async () => provider.texts[0]);
  const ended = node.program.end("SIGTERM");
  const page = await answered;
  assert.match(page.body, /name="code"/);
  assert.equal((await ended).code, 0);
  provider.confirm();
  await site.start(node.port);
  const seen = await visitor.submit(page, { code: codeIn(provider.texts[0]) });
  assert.ok(seen.url.searchParams.has("code"), `${seen.status} ${seen.url.pathname}`);
});
