/** Applications are told that a session has ended: once, by one of several nodes, again while they are away, for a day. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { AuditEvent } from "../../src/core/audit.ts";
import { type ClientSettings, clientSchema } from "../../src/core/settings.ts";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { createLogoutDelivery } from "../../src/surfaces/oidc/logout-delivery.ts";
import { createLogoutQueue } from "../../src/surfaces/oidc/logout-queue.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const keys = { signing: () => [{ ...privateKey.export({ format: "jwk" }), kid: "one", alg: "RS256" }] };
const client = (client_id: string): ClientSettings =>
  clientSchema.parse({
    client_id,
    redirect_uris: ["https://rp.example.test/callback"],
    backchannel_logout_uri: `https://${client_id}.example.test/logout`,
  });

overEngines("telling applications that a session has ended", ({ store }) => {
  /** Two nodes over one store, their applications and their clock. */
  function site(opened: SqlStore, ...ids: readonly string[]) {
    let at = Date.now();
    const now = () => at;
    const clients = ids.map(client);
    const posts: string[] = [];
    const events: AuditEvent[] = [];
    const away = new Set<string>();
    const node = () => {
      const storage = createStorage({ store: opened.records, sealer: testSealer(), now });
      const delivery = createLogoutDelivery({
        storage,
        clients: () => clients,
        keys,
        issuer: "https://login.example.test",
        audit: { append: async (event) => void events.push(event) },
        async post(url) {
          const { hostname } = new URL(url);
          const id = hostname.split(".")[0] ?? "";
          posts.push(id);
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (away.has(id)) throw new Error("ECONNREFUSED");
          return 200;
        },
        now,
      });
      const queue = createLogoutQueue({ storage, clients: () => clients, now });
      const end = (...told: readonly string[]) =>
        storage.commit(queue.writes("ada", Object.fromEntries(told.map((id) => [id, `sid-${id}`]))));
      return { ...delivery, end };
    };
    const later = (seconds: number) => {
      at += seconds * 1000;
    };
    const count = (id: string) => posts.filter((one) => one === id).length;
    return { nodes: [node(), node(), node()] as const, posts, events, away, later, count };
  }

  test("of three nodes that look at once, one tells each application", async () => {
    const { nodes, posts } = site(store(), "one", "two");
    for (let n = 0; n < 10; n += 1) await nodes[0].end("one", "two", "unknown-client");
    await Promise.all(nodes.map((node) => node.sweep()));
    await nodes[1].sweep();
    assert.deepEqual([posts.length, posts.filter((id) => id === "one").length], [20, 10]);
  });

  test("an application that is away is asked again, later each time, and delays no other one", async () => {
    const { nodes, away, later, count } = site(store(), "gone", "here");
    const [first, second] = nodes;
    away.add("gone");
    for (let n = 0; n < 5; n += 1) await first.end("gone", "here");
    await first.sweep();
    assert.equal(count("here"), 5, "the other one has heard everything");
    assert.equal(count("gone"), 1, "and nobody knocks five times at a closed door");
    await second.sweep();
    const soon = count("gone");
    later(11);
    await second.sweep();
    assert.ok(count("gone") > soon);
    away.clear();
    later(3 * 60);
    for (let n = 0; n < 3; n += 1) await first.sweep();
    const all = count("gone");
    later(3_600);
    await first.sweep();
    assert.equal(count("gone"), all, "it has heard, and is left alone");
    assert.equal(count("here"), 5);
  });

  test("after a day it is given up, and the audit says so", async () => {
    const { nodes, away, later, events } = site(store(), "never");
    const [node] = nodes;
    away.add("never");
    await node.end("never");
    for (let n = 0; n < 60 && events.length === 0; n += 1) {
      await node.sweep();
      later(1_800);
    }
    assert.deepEqual(
      events.map(({ kind, client: told, subject }) => [kind, told, subject]),
      [["logout-undelivered", "never", "ada"]],
    );
    assert.equal(events[0]?.facts?.reason, "ECONNREFUSED");
  });

  test("a node that dies while it tells is followed by another one", async () => {
    const { nodes, later, count } = site(store(), "slow");
    const storage = createStorage({ store: store().records, sealer: testSealer(), now: Date.now });
    await nodes[0].end("slow");
    // Claimed, and never heard of again.
    const rows = storage.records<{ id: string; notBefore: number }>("logout");
    const [row] = await rows.list("fresh", 1);
    const claimed = { ...row, notBefore: Date.now() + 30_000 } as never;
    await rows.put(row?.id ?? "", claimed, Date.now() + 86_400_000, "waiting slow");
    await nodes[1].sweep();
    assert.equal(count("slow"), 0);
    later(31);
    await nodes[1].sweep();
    assert.equal(count("slow"), 1);
  });
});
