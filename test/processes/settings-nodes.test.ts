/** Settings that change under running servers: every node follows, no sign-in is lost, and no crash leaves half a change. */
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { startCluster } from "../kit/postgres-cluster.ts";
import { createSite, type Node } from "../kit/serve.ts";
import { signIn, wish } from "../kit/sign-in.ts";
import { addPeople, apiCall, machineToken, siteClients } from "../kit/site-admin.ts";

const SMS = "6122281b-b55d-4dd0-8115-b098eeeee2b7";
const onPostgres = (url: string) => ({
  store: { type: "postgres", url },
  master_key: randomBytes(32).toString("base64"),
});
const common = {
  clients: siteClients,
  acrs: { enabled: ["simple_password_auth", "twilio_sms"], default: "twilio_sms" },
};
const levels = async (node: Node) =>
  (await node.call("GET", "/.well-known/openid-configuration")).json().auth_level_mapping as Record<
    string,
    string[]
  >;

describe("two nodes on one PostgreSQL", { skip: noPostgres }, () => {
  test("a change through one is served by the other within 2 s, and no sign-in is lost while everything changes", async (t) => {
    const site = await createSite({ config: { ...common, ...onPostgres((await startPostgres()).url) } });
    const left = await site.start();
    const right = await site.start(undefined, { data: "data-right" });
    const token = await machineToken(left);
    const api = async (method: string, path: string, body?: unknown) => {
      const answer = await apiCall(left, token, method, path, body);
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`);
      return answer;
    };
    const change = (path: string, value: unknown) =>
      api("PATCH", `/config/scripts/${SMS}`, [{ op: "replace", path, value }]);

    const waits: number[] = [];
    for (const level of [41, 42, 43, 44, 45]) {
      await change("/level", level);
      const changed = performance.now();
      assert.deepEqual((await levels(left))[level], ["twilio_sms"], "this node serves it with its answer");
      while ((await levels(right))[level] === undefined) {
        assert.ok(performance.now() - changed < 5000, "the other node has not followed within 5 s");
        await sleep(20);
      }
      waits.push(Math.round(performance.now() - changed));
    }
    t.diagnostic(`the other node followed after ${waits.join(", ")} ms`);
    // Two seconds are promised; the rest is what a busy machine may take from both processes.
    assert.ok(Math.max(...waits) <= 4000, waits.join());
    assert.ok(waits.filter((ms) => ms <= 2000).length >= 3, waits.join());

    const log = () => readFileSync(join(site.folder, "data-right", "logs", "server.log"), "utf8");
    await api("PUT", "/logging", { httpLoggingEnabled: true });
    for (let tries = 0; !/path=\/jwks/.test(log()) && tries < 100; tries += 1) {
      await right.call("GET", "/jwks");
      await sleep(50);
    }
    assert.match(log(), /Answered method=GET path=\/jwks status=200/, "what is logged follows too");
    await api("PUT", "/logging", { httpLoggingEnabled: false });

    const PEOPLE = 10;
    const EACH = 4;
    const numbers = await addPeople(site, PEOPLE);
    const waiting = numbers.map((number, index) => ({ name: `p${index}`, number }));
    let signedIn = 0;
    const lane = async () => {
      for (let person = waiting.pop(); person !== undefined; person = waiting.pop())
        for (let round = 0; round < EACH; round += 1) {
          const node = (signedIn + round) % 2 === 0 ? left : right;
          const { claims } = await signIn(site, node, person.name, person.number, {
            parameters: { acr_values: "twilio_sms" },
          });
          assert.equal(claims.acr, "twilio_sms");
          signedIn += 1;
        }
    };
    let loaded = true;
    const load = Promise.all([lane(), lane(), lane(), lane()]).finally(() => {
      loaded = false;
    });
    let changes = 0;
    const acts = [
      () => api("PUT", "/acrs", { defaultAcr: "simple_password_auth" }),
      () => change("/description", `changed ${changes}`),
      () =>
        api("POST", "/openid/clients", { inum: `c${changes}`, redirectUris: ["https://rp.example.test/cb"] }),
      () => api("PUT", "/acrs", { defaultAcr: "twilio_sms" }),
      () => change("/level", 40 + (changes % 7)),
      () =>
        api("PATCH", "/openid/clients/spa", [{ op: "add", path: "/clientName", value: `Spa ${changes}` }]),
      () => api("PUT", "/config/settings", { brand: `Brand ${changes}` }),
    ];
    while (loaded) {
      await acts[changes % acts.length]?.();
      changes += 1;
      await sleep(30);
    }
    await load;
    t.diagnostic(`${signedIn} sign-ins over both nodes, ${changes} changes meanwhile`);
    assert.equal(signedIn, PEOPLE * EACH);
    assert.ok(changes >= 20, `only ${changes} changes`);
    for (const node of [left, right]) assert.doesNotMatch(node.program.stderr(), /failed|Error|Breakage/);
  });

  test("S16: while the store is away the API answers 503, the old settings serve on, and then all is as before", async () => {
    const cluster = await startCluster();
    try {
      const site = await createSite({ config: { ...common, ...onPostgres(cluster.url("postgres")) } });
      const node = await site.start();
      const token = await machineToken(node);
      const put = () => apiCall(node, token, "PUT", "/config/settings", { brand: "Changed" });
      const before = await levels(node);
      await cluster.kill();
      for (const answer of [await put(), await apiCall(node, token, "GET", "/acrs")]) {
        assert.equal(answer.status, 503, answer.body);
        assert.equal(answer.json().code, "503");
      }
      assert.deepEqual(await levels(node), before, "discovery goes on");
      assert.equal((await node.call("GET", "/jwks")).status, 200);
      assert.equal((await node.call("GET", wish().url)).status >= 500, true, "and no sign-in begins");
      // Each thing that looks at the store says once that it is away, however often it looks.
      await sleep(3500);
      const complaints = node.program
        .stderr()
        .split("\n")
        .filter((line) => /Breakage/.test(line));
      assert.ok(complaints.length >= 1 && complaints.length <= 7, complaints.join("\n"));
      await cluster.restart();
      for (let tries = 0; (await put()).status !== 200 && tries < 100; tries += 1) await sleep(50);
      assert.equal((await apiCall(node, token, "GET", "/config/settings")).json().brand, "Changed");
      await node.kill();
    } finally {
      await cluster.stop();
    }
  });
});

const ENGINES = [
  { name: "SQLite", skip: false, config: async () => ({}) },
  { name: "PostgreSQL", skip: noPostgres, config: async () => onPostgres((await startPostgres()).url) },
] as const;
const KILLS = 20;

describe("kill -9 in the middle of changes", { concurrency: true }, () => {
  for (const engine of ENGINES)
    test(`S20: on ${engine.name}: either the old revision or the new one, whole, after each of ${KILLS} crashes`, {
      skip: engine.skip,
    }, async (t) => {
      const site = await createSite({ config: { ...common, ...(await engine.config()) } });
      let node = await site.start();
      const token = await machineToken(node);
      let sent = 0;
      let cut = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        let acknowledged = { brand: 0, revision: 0 };
        let dead = false;
        let begun = () => {};
        const first = new Promise<void>((resolve) => {
          begun = resolve;
        });
        const here = node;
        const settings = async () => {
          while (!dead) {
            const number = ++sent;
            const body = { brand: `B${number}`, limits: { sessionIdle: 600 + number } };
            const answer = apiCall(here, token, "PUT", "/config/settings", body);
            // Some die in their first change, some when changes follow each other closely.
            if (kill % 3 === 0) begun();
            const { status, json } = await answer;
            assert.equal(status, 200);
            begun();
            acknowledged = { brand: number, revision: Number(json().revision) };
          }
        };
        const acrs = async () => {
          for (let turn = 0; !dead; turn += 1) {
            const defaultAcr = turn % 2 === 0 ? "simple_password_auth" : "twilio_sms";
            assert.equal((await apiCall(here, token, "PUT", "/acrs", { defaultAcr })).status, 200);
          }
        };
        const lanes = [settings(), acrs()].map((lane) =>
          lane.catch((problem: unknown) => {
            if (!dead) throw problem;
            cut += 1;
          }),
        );
        await first;
        await sleep(randomInt(60));
        dead = true;
        await node.kill();
        await Promise.all(lanes);

        node = await site.start(node.port);
        const read = await apiCall(node, token, "GET", "/config/settings");
        assert.equal(read.status, 200, read.body);
        const { brand, limits, revision, defaultAcr } = read.json() as {
          brand: string;
          limits: { sessionIdle: number };
          revision: number;
          defaultAcr: string;
        };
        const number = Number(brand.slice(1));
        if (brand.startsWith("B")) assert.equal(limits.sessionIdle, 600 + number, "one change, whole");
        assert.ok(revision >= acknowledged.revision, "what was acknowledged is there");
        if (acknowledged.brand > 0)
          assert.ok(number >= acknowledged.brand, `${brand} after B${acknowledged.brand}`);
        assert.ok(["simple_password_auth", "twilio_sms"].includes(defaultAcr));
        const history = (await apiCall(node, token, "GET", "/config/settings/history?limit=200")).json();
        const entries = history.entries as { revision: number }[];
        assert.deepEqual(
          entries.map((entry) => entry.revision),
          entries.map((_, index) => revision - index),
          "the history has no gap and nothing beyond",
        );
        const oldest = await apiCall(
          node,
          token,
          "GET",
          `/config/settings/history/${Math.max(1, revision - 1)}`,
        );
        assert.equal(oldest.status, 200, "the revision before can be read");
      }
      await node.kill();
      await site.look(async ({ settings, audit }) => {
        const events = await audit.query({ kind: "settings-changed", limit: 100_000 });
        const told = new Set(events.map(({ facts }) => facts?.revision));
        for (let revision = 2; revision <= settings.revision; revision += 1)
          assert.ok(told.has(revision), `the audit has revision ${revision}`);
        for (const { facts, address } of events) {
          assert.equal(facts?.by, "client machine");
          assert.equal(address, "127.0.0.1");
          assert.notEqual(String(facts?.names), "");
        }
        t.diagnostic(`${settings.revision} revisions, ${events.length} attempts, ${cut} changes cut off`);
        assert.ok(cut >= KILLS / 2, `only ${cut} changes were cut off`);
      });
    });
});
