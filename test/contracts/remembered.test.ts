/** Rows of remembered devices over the engines: one use at a time, an end that holds against a use under way. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { User } from "../../src/core/directory.ts";
import type { LoginRecord } from "../../src/core/login.ts";
import { composeMechanism, type Visitor } from "../../src/core/mechanism.ts";
import { createRememberedDevices } from "../../src/core/remembered.ts";
import { rememberedSchema } from "../../src/core/remembered-settings.ts";
import { createStandIns, hashOfSecret } from "../../src/core/stand-in.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const mechanism = composeMechanism({ acr: "twilio_sms", level: 40, requires: ["password", "sms"] });
const mechanisms = [mechanism];
const attained = { acr: "twilio_sms", level: 40, factors: ["password", "sms"], amr: [], authTime: 0 };
const key = { id: "1", bytes: new Uint8Array(32).fill(7) };

overEngines("remembered devices", ({ store }) => {
  const now = () => Date.now();
  const sealer = testSealer();
  const node = () => {
    const storage = createStorage({ store: store().records, sealer, now, audit: store().audit });
    const standIns = createStandIns({
      storage,
      directory: {
        get: async (id) =>
          ({ id, username: id, status: "active", roles: [], claims: {}, version: 1 }) as unknown as User,
      },
      authenticators: { list: async () => [] },
      policy: () => rememberedSchema.parse({ ask: "unknown-device", most: 3 }),
      keys: { secrets: () => [key] },
      countryOf: undefined,
      now,
    });
    return { storage, standIns, devices: createRememberedDevices({ storage, now }) };
  };
  const loginOf = (subject: string, more: Partial<LoginRecord> = {}): LoginRecord =>
    ({
      id: `login ${crypto.randomUUID()}`,
      acr: "twilio_sms",
      subject,
      mayStandIn: true,
      startedAt: now() - 1000,
      proofs: [{ factor: "password", method: "pwd", at: now() }],
      client: { id: "spa", name: "Spa" },
      ...more,
    }) as LoginRecord;
  const visitor = (devices: Visitor["devices"] = []): Visitor => ({
    browser: "b",
    address: "192.0.2.1",
    marks: [],
    devices,
  });

  async function remembered(subject: string) {
    const { storage, standIns } = node();
    const shown = loginOf(subject, {
      remember: true,
      proofs: [
        { factor: "password", method: "pwd", at: now() },
        { factor: "sms", method: "sms", at: now() },
      ],
    });
    const made = (await standIns.remember(shown, attained, mechanisms, visitor())) ?? assert.fail();
    assert.ok(await storage.commit(made.effects.writes ?? [], made.effects.events));
    const given = standIns.secretOf(made.record) ?? assert.fail();
    assert.deepEqual(standIns.secretOf(made.record), given, "asked again, it is the same");
    return { id: given.id, hash: hashOfSecret(given.secret) };
  }

  it("of two uses at the same moment one is committed, whichever node it is at", async () => {
    const device = await remembered("ada");
    const uses = await Promise.all(
      [node(), node()].map(async ({ storage, standIns }) => {
        const used = (await standIns.use(loginOf("ada"), mechanisms, visitor([device]))) ?? assert.fail();
        assert.equal(used.attained?.acr, "remembered_device");
        return { storage, used };
      }),
    );
    const done = await Promise.all(
      uses.map(({ storage, used }) => storage.commit(used.effects.writes ?? [], used.effects.events)),
    );
    assert.deepEqual([...done].sort(), [false, true]);
  });

  it("a device that is ended while it is used is ended: the use is not committed, and the row does not come back", async () => {
    const device = await remembered("grace");
    const { storage, standIns, devices } = node();
    const used = (await standIns.use(loginOf("grace"), mechanisms, visitor([device]))) ?? assert.fail();
    assert.equal(await node().devices.end("grace", device.id, "test", "meanwhile"), true);
    assert.equal(await storage.commit(used.effects.writes ?? [], used.effects.events), false);
    assert.deepEqual(await devices.list("grace"), []);
  });

  it("one more than allowed takes the place of the one used longest ago; ending all ends all, of this person alone", async () => {
    for (let n = 0; n < 4; n += 1) await remembered("mary");
    await remembered("joan");
    const { devices } = node();
    assert.equal((await devices.list("mary")).length, 3);
    assert.equal(await devices.endAll("mary", "test", "all"), 3);
    assert.equal((await devices.list("mary")).length, 0);
    assert.equal((await devices.list("joan")).length, 1);
    assert.equal(await devices.endAll("mary", "test", "again"), 0);
  });
});
