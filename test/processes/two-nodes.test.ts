/**
 * Two nodes on PostgreSQL behind the nginx of examples/two-nodes, while people sign in: one is killed, one is restarted,
 * and two releases share a database while it is migrated. A login is lost when it cannot be finished by asking again.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { selfSigned } from "../kit/certificate.ts";
import { startCrowd } from "../kit/crowd.ts";
import { freePort } from "../kit/free-port.ts";
import { noNginx, startNginx } from "../kit/nginx.ts";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { startProgram, until } from "../kit/processes.ts";
import { createNode, createSite, HOST, PASSWORD } from "../kit/serve.ts";
import { signIn } from "../kit/sign-in.ts";
import { openTlsTunnel } from "../kit/tls-tunnel.ts";

const PEOPLE = { ada: "+12025550147", grace: "+12025550148", mary: "+12025550149" };

async function createShared(more: Readonly<Record<string, unknown>> = {}) {
  const site = await createSite({
    config: {
      store: { type: "postgres", url: (await startPostgres()).url, pool: 5 },
      master_key: randomBytes(32).toString("base64"),
      ...more,
    },
  });
  for (const name of Object.keys(PEOPLE))
    assert.equal((await site.command(["user", "add", name], PASSWORD)).code, 0);
  return site;
}

describe("two nodes behind a proxy", { skip: noNginx || noPostgres }, () => {
  test("M30 L10: one is killed under load, then the other, and no login is lost; one is restarted and nobody notices", async () => {
    const site = await createShared({ drain_seconds: 1 });
    const nodes = [
      await site.start(undefined, { data: "data-a" }),
      await site.start(undefined, { data: "data-b" }),
    ];
    const made = selfSigned(HOST);
    const places = {
      "10.0.0.11:8080": `127.0.0.1:${nodes[0]?.port}`,
      "10.0.0.12:8080": `127.0.0.1:${nodes[1]?.port}`,
    };
    const port = await startNginx("two-nodes/nginx.conf", places, made);
    const tunnel = await openTlsTunnel(port, made.cert, HOST);
    const front = createNode((nodes[0] as (typeof nodes)[number]).program, tunnel);
    for (const [name, phone] of Object.entries(PEOPLE)) await signIn(site, front, name, phone);
    const crowd = startCrowd(site, front, PEOPLE);
    await crowd.reach(2);

    // A restart as a roll-out does it: nobody sees as much as an error page.
    const [first, second] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
    assert.equal((await first.program.end("SIGTERM")).code, 0);
    await crowd.reach(crowd.done() + 2);
    const firstAgain = await site.start(first.port, { data: "data-a" });
    await crowd.reach(crowd.done() + 2);
    assert.deepEqual(crowd.troubles, []);

    // And the plug: at no good moment, in the middle of whatever is going on.
    await firstAgain.kill();
    await crowd.reach(crowd.done() + 3);
    await site.start(first.port, { data: "data-a" });
    // As long as the proxy leaves a node alone that did not answer.
    await sleep(2_500);
    await second.kill();
    await crowd.reach(crowd.done() + 3);
    await crowd.stop();
    assert.deepEqual(crowd.lost, []);
    const verified = await site.command(["audit", "verify"]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  });
});

describe("two releases on one database", { skip: noPostgres }, () => {
  test("L10: the next release migrates while this one serves: both go on, and nobody goes back", async () => {
    const site = await createShared();
    const old = await site.start(undefined, { data: "data-old" });
    for (const [name, phone] of Object.entries(PEOPLE)) await signIn(site, old, name, phone);
    const crowd = startCrowd(site, old, { ada: PEOPLE.ada, grace: PEOPLE.grace });
    await crowd.reach(2);

    const port = await freePort();
    const script = fileURLToPath(new URL("../kit/next-release.ts", import.meta.url));
    const file = site.write(port, { data: "data-next" });
    const program = startProgram(["serve", "--config", file], { script });
    await until(program, async () => (program.stdout().includes("answers as") ? true : undefined), 40_000);
    const next = createNode(program, port);
    const crowdThere = startCrowd(site, next, { mary: PEOPLE.mary });
    await crowd.reach(crowd.done() + 3);
    await crowdThere.reach(2);
    await Promise.all([crowd.stop(), crowdThere.stop()]);
    for (const one of [crowd, crowdThere]) {
      assert.deepEqual(one.lost, []);
      assert.deepEqual(one.troubles, []);
    }
    // Who is signed in at one release is signed in at the other.
    assert.equal((await signIn(site, next, "ada", PEOPLE.ada)).claims.acr, "twilio_sms");

    await old.program.end("SIGTERM");
    const back = await site.command(["serve"]);
    assert.equal(back.code, 1);
    assert.match(back.stderr, /newer version of this server \(it has the schema step 0099-next-release\)/);
  });
});
