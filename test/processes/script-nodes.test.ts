/** Scripts over processes: every node follows, a crash of a node leaves no script behind, and the store keeps the error. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { noPostgres, startPostgres } from "../kit/postgres.ts";
import { createSite, type Node, PASSWORD } from "../kit/serve.ts";
import { wish } from "../kit/sign-in.ts";
import { apiCall, machineToken, siteClients } from "../kit/site-admin.ts";
import { textOf } from "../kit/visitor.ts";

const script = (heading: string, act = 'return { kind: "proved" };') => `
export const factor = {
  kind: "asked",
  method: "pin",
  held: () => true,
  challenge: { view: () => ({ heading: "${heading}", label: "Answer" }), authenticate: () => { ${act} } },
};
export const mechanism = { requires: ["password", "asked"] };`;

const questionAt = async (node: Node) => {
  const visitor = node.visitor();
  const page = await visitor.get(wish({ acr_values: "asked" }).url);
  return { visitor, page: await visitor.submit(page, { username: "ada", password: PASSWORD }) };
};

/** Processes of this machine whose parent is this one. */
const childrenOf = (pid: number): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
        return Number(parent) === pid ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // One that has ended and that nobody has asked about is there in name alone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

const ENGINES = [
  { name: "SQLite", skip: false, config: async () => ({}), nodes: 1 },
  {
    name: "PostgreSQL",
    skip: noPostgres,
    config: async () => ({
      store: { type: "postgres", url: (await startPostgres()).url },
      master_key: randomBytes(32).toString("base64"),
    }),
    nodes: 2,
  },
] as const;

for (const engine of ENGINES)
  describe(`scripts on ${engine.name}`, { skip: engine.skip }, () => {
    test(`S20: ${engine.nodes} node(s): a revision taken at one is run by all, and its error is seen at each`, async () => {
      const site = await createSite({ config: { clients: siteClients, ...(await engine.config()) } });
      assert.equal((await site.command(["user", "add", "ada"], PASSWORD)).code, 0);
      const left = await site.start();
      const right = engine.nodes === 2 ? await site.start(undefined, { data: "data-right" }) : left;
      const token = await machineToken(left);
      const api = async (method: string, path: string, body?: unknown, node = left) => {
        const answer = await apiCall(node, token, method, path, body);
        assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`);
        return answer.json();
      };
      const added = await api("POST", "/config/scripts", {
        name: "asked",
        level: 20,
        enabled: true,
        script: script("Version one"),
      });
      const shows = async (node: Node, heading: string) => {
        for (let tries = 0; tries < 200; tries += 1) {
          const { page } = await questionAt(node).catch(() => ({ page: undefined }));
          if (page !== undefined && textOf(page.body).includes(heading)) return;
          await sleep(50);
        }
        assert.fail(`${heading} was not served`);
      };
      await shows(left, "Version one");
      await shows(right, "Version one");
      await api("PUT", "/config/scripts", {
        inum: added.inum,
        script: script("Version two", "throw new Error('here')"),
      });
      await shows(right, "Version two");
      const { visitor, page } = await questionAt(right);
      const end = await visitor.submit(page, { answer: "1" });
      assert.match(textOf(end.body), /This way of signing in is out of order/);
      const seen = (await api("GET", "/config/scripts/name/asked", undefined, left)) as {
        scriptError: { stackTrace: string };
      };
      assert.match(seen.scriptError.stackTrace, /line 6, column \d+: here/);

      const children = childrenOf(right.program.pid);
      assert.ok(children.length > 0, "the script has a process");
      await right.kill();
      for (let tries = 0; tries < 200 && children.some(isThere); tries += 1) await sleep(50);
      assert.deepEqual(children.filter(isThere), [], "no script outlives its server");
    });
  });
