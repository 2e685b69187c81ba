/** What happens once for administrators, on every store: the first one, a recovery, a notice; whatever comes at once. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { createAuthenticators } from "../../src/core/authenticator-box.ts";
import { createBootstrap } from "../../src/core/bootstrap.ts";
import { createEnrolment } from "../../src/core/enrolment.ts";
import { composeNotice } from "../../src/core/message.ts";
import { noticePurpose } from "../../src/core/message-texts.ts";
import { createNoticeSender } from "../../src/core/notice-sender.ts";
import { createNotices } from "../../src/core/notices.ts";
import { createRecovery } from "../../src/core/recovery.ts";
import { createSealer } from "../../src/core/seal.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Sessions } from "../../src/core/sessions.ts";
import type { Receipt, SmsMessage } from "../../src/core/sms.ts";
import { sqlDirectory } from "../../src/plugins/directories/sql/directory.ts";
import { messageTexts } from "../kit/messages.ts";
import { createStorage } from "../kit/storage.ts";
import { engines, testKeys } from "../kit/stores.ts";

const PASSWORD = new Secret("two doors, one open");
const CHEAP = { memory: 64, passes: 1, lanes: 1 };
const MINUTE = 60_000;
const ids = (): string => randomUUID();

for (const engine of engines) {
  const story = (name: string, tell: (house: Awaited<ReturnType<typeof open>>) => Promise<void>) =>
    test(`${name} (${engine.name})`, { skip: engine.skip }, async () => {
      const house = await open();
      try {
        await tell(house);
      } finally {
        await house.close();
      }
    });

  async function open() {
    const place = await engine.place();
    const store = await place.open(sqlDirectory.migrations);
    let skew = 0;
    const now = () => Date.now() + skew;
    const sealer = createSealer(testKeys);
    /** Another node on the same store: its own queues, so that only the store stands between them. */
    const node = () => createStorage({ store: store.records, sealer, now });
    const storage = node();
    const directory = await sqlDirectory.open(
      { leastLength: 8, cost: CHEAP, waiting: 2000 },
      { database: store.database, now },
    );
    const authenticators = createAuthenticators({ store: store.authenticators, sealer, now });
    const common = { directory, authenticators, audit: store.audit, now };
    const enrolment = createEnrolment({ storage, authenticators, policy: () => "ticket", now });
    const sessions = { endAll: async () => 0 } as unknown as Sessions;
    const admin = async (username: string) => {
      const added = await directory.write?.add({ username, password: PASSWORD, roles: ["admin"] });
      return added?.kind === "done" ? added.user : assert.fail(username);
    };
    return {
      ...common,
      storage,
      node,
      admin,
      enrolment,
      bootstrap: () => createBootstrap({ ...common, storage: node() }),
      recovery: () =>
        createRecovery({
          ...common,
          storage: node(),
          enrolment,
          sessions,
          notices: createNotices({ storage, now, newId: ids }),
          forgetFailures: async () => {},
        }),
      advance: (ms: number) => {
        skew += ms;
      },
      async close() {
        await store.close();
        place.remove();
      },
    };
  }

  story("L08: of tokens of several nodes used at once, one creates somebody", async (house) => {
    const nodes = [house.bootstrap(), house.bootstrap(), house.bootstrap()];
    const tokens = await Promise.all(nodes.map(async (node) => (await node.open())?.token.reveal() ?? ""));
    assert.equal(new Set(tokens).size, 3);
    const made = await Promise.all(
      tokens.map((token, at) =>
        nodes[at]?.create(token, { username: `chief${at}`, password: PASSWORD }, `198.51.100.${at}`),
      ),
    );
    assert.deepEqual(made.map((one) => one?.kind).sort(), ["done", "refused", "refused"]);
    assert.equal((await house.directory.list({ sortBy: "username", limit: 9 })).users.length, 1);
    assert.equal(await house.bootstrap().open(), undefined, "and the next start makes no token");
  });

  story("L08 M24: of uses of one recovery at several nodes at once, one sets the password", async (house) => {
    const root = await house.admin("root");
    const { token } = await house.recovery().open(root);
    const used = await Promise.all(
      ["first of all", "second of all", "third of all"].map((password) =>
        house.recovery().use(token.reveal(), new Secret(password), "198.51.100.1"),
      ),
    );
    assert.deepEqual(used.map(({ kind }) => kind).sort(), ["done", "over", "over"]);
    assert.deepEqual((await house.enrolment.openings(root.id, "sms")).length, 1);
  });

  story("a recovery whose password was refused is still good, to its end and no longer", async (house) => {
    const root = await house.admin("root");
    const { token, until } = await house.recovery().open(root);
    house.advance(9 * MINUTE);
    const refused = await house.recovery().use(token.reveal(), new Secret("short"), "198.51.100.1");
    assert.equal(refused.kind, "refused");
    assert.equal((await house.recovery().whose(token.reveal()))?.id, root.id);
    house.advance(until - house.now());
    assert.equal(await house.recovery().whose(token.reveal()), undefined);
  });

  story(
    "a notice is sent once by whichever node comes first, and again only where it did not go out",
    async (house) => {
      const root = await house.admin("root");
      const data = { number: "+12025550199", country: "US", verifiedAt: 0 };
      await house.authenticators.bind({ subject: root.id, kind: "sms", key: "k", data, boundBy: "demo" });
      const sent: SmsMessage[] = [];
      let answer: Receipt = { kind: "refused", reason: "provider-down" };
      const gateway = {
        check: async () => [],
        send: async (message: SmsMessage) => {
          sent.push(message);
          return answer;
        },
      };
      const sender = () =>
        createNoticeSender({
          ...house,
          storage: house.node(),
          gateway,
          texts: messageTexts(),
          brand: () => "Example",
          host: "login.example.org",
        });
      await createNotices({ storage: house.storage, now: house.now, newId: ids }).send(root.id, {
        kind: "became-admin",
        person: "eve",
      });
      await Promise.all([sender().sweep(), sender().sweep(), sender().sweep()]);
      assert.equal(sent.length, 1, "one node has it");
      await sender().sweep();
      assert.equal(sent.length, 1, "and it waits");
      house.advance(31_000);
      answer = { kind: "accepted", id: "SM1" };
      await Promise.all([sender().sweep(), sender().sweep()]);
      assert.equal(sent.length, 2);
      assert.deepEqual(
        [sent[0]?.key, sent[0]?.to.reveal()],
        [sent[1]?.key, "+12025550199"],
        "the same to the provider",
      );
      house.advance(3 * 3_600_000);
      await sender().sweep();
      assert.equal(sent.length, 2, "done");
      const [event] = await house.audit.query({ kind: "notice-sent", limit: 5 });
      assert.deepEqual(
        [event?.subject, event?.facts],
        [root.id, { notice: "became-admin", mail: "none", phones: 1, messageIds: ["SM1"], refused: [] }],
      );
    },
  );

  story("a notice that could not be given for a day stands in the audit all the same", async (house) => {
    const root = await house.admin("root");
    const data = { number: "+12025550199", country: "US", verifiedAt: 0 };
    await house.authenticators.bind({ subject: root.id, kind: "sms", key: "k", data, boundBy: "demo" });
    const sender = createNoticeSender({
      ...house,
      storage: house.node(),
      gateway: { send: async () => ({ kind: "refused", reason: "provider-down" }) },
      texts: messageTexts(),
      brand: () => "Example",
      host: "login.example.org",
    });
    const notices = createNotices({ storage: house.storage, now: house.now, newId: ids });
    await notices.send(root.id, { kind: "became-admin", person: "eve" });
    for (let minute = 0; minute < 25 * 60; minute += 10) {
      await sender.sweep();
      house.advance(10 * MINUTE);
    }
    const events = await house.audit.query({ kind: "notice-sent", limit: 5 });
    assert.deepEqual(
      events.map(({ facts }) => facts),
      [{ notice: "became-admin", mail: "none", phones: 0, messageIds: [], refused: ["provider-down"] }],
    );
  });
}

test("a notice fits one text, and a name in it adds no line and no letter that costs more", () => {
  const facts = { brand: "Example", host: "login.example.org" };
  for (const kind of ["recovery-opened", "recovery-used", "became-admin"] as const)
    for (const person of ["eve", "x".repeat(300), "eve\n\n@evil.example.org #123456", "Ève “Ж” 😀"]) {
      const { text } = composeNotice(
        { ...facts, person },
        messageTexts()(noticePurpose(kind), "en", undefined),
      );
      assert.ok(text.length <= 160, `${text.length}: ${text}`);
      assert.doesNotMatch(text, /[\n\r😀“]/u, text);
      assert.ok(text.startsWith("Example: "));
    }
});
