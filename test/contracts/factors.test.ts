/** An app's code and a recovery code count once on every engine, over nodes, and no counter is passed by (M11, O22, O24). */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, it } from "node:test";
import { TOTP } from "otpauth";
import { createAuthenticators } from "../../src/core/authenticator-box.ts";
import type { RecoveryData, TotpData } from "../../src/core/authenticators.ts";
import type { Binding } from "../../src/core/binding.ts";
import { createFailures } from "../../src/core/code-failures.ts";
import { createFactorTries } from "../../src/core/factor-tries.ts";
import { createKeyring } from "../../src/core/keyring.ts";
import type { Factor, Login } from "../../src/core/mechanism.ts";
import { createSealer } from "../../src/core/seal.ts";
import { Secret } from "../../src/core/secret.ts";
import { limitsSchema } from "../../src/core/settings.ts";
import { createRecoveryCodeFactor } from "../../src/plugins/factors/recovery-code/recovery-code.ts";
import { createTotpFactor } from "../../src/plugins/factors/totp/totp.ts";
import { overEngines } from "../kit/over-engines.ts";
import { createStorage } from "../kit/storage.ts";

const NOW = Date.UTC(2027, 0, 1);
const now = () => NOW;
const limits = limitsSchema.parse({ pauseAfter: 50 });
const binding = {} as Binding;
const SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const code = (steps = 0) => new TOTP({ secret: SECRET }).generate({ timestamp: NOW + steps * 30_000 });
const login = (subject: string): Login => ({
  id: randomBytes(8).toString("hex"),
  turn: 0,
  fresh: ["password"],
  state: null,
  subject,
  username: subject,
  pinned: false,
  client: { id: "c", name: "C" },
  locale: "en",
  endsAt: NOW + 600_000,
  visitor: { browser: "b", address: "192.0.2.1", marks: [] },
});

overEngines("factors that are guessed at", ({ store }) => {
  const masterKey = new Secret(randomBytes(32).toString("base64"));
  const told: string[] = [];
  let nodes: readonly { totp: Factor; recovery: Factor }[] = [];
  let authenticators: ReturnType<typeof createAuthenticators>;
  const hash = (subject: string, one: string) => `${subject} ${one}`;

  before(async () => {
    const keyring = createKeyring({ store: store().keys, masterKey, now });
    await keyring.load();
    const sealer = createSealer(keyring);
    authenticators = createAuthenticators({ store: store().authenticators, sealer, now });
    // Each node has a memory of its own.
    nodes = [1, 2].map(() => {
      const storage = createStorage({ store: store().records, sealer, now });
      const notices = {
        send: async () => {},
        sendOnce: async (to: string) => told.push(to) > 0,
      };
      const tries = createFactorTries({
        failures: createFailures(storage, () => limits, now),
        notices,
        noticeAfter: () => 3,
        now,
      });
      return {
        totp: createTotpFactor({ authenticators, tries, binding, brand: () => "S", now }),
        recovery: createRecoveryCodeFactor({ authenticators, tries, binding, notices, hash, now }),
      };
    });
  });
  const nodeOf = (index: number) => nodes[index % 2] ?? assert.fail("no node");
  const withApp = (subject: string) => {
    const data: TotpData = { secret: SECRET, label: "", lastStep: 0 };
    return authenticators.bind({ subject, kind: "totp", key: subject, data, boundBy: "test" });
  };
  const proved = (outcomes: readonly { kind: string }[]) =>
    outcomes.filter(({ kind }) => kind === "proved").length;

  it("M11: one code of an app, brought many times at once to two nodes, is taken once", async () => {
    await withApp("ann");
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        nodeOf(index).totp.challenge.authenticate(login("ann"), { code: code() }),
      ),
    );
    assert.equal(proved(outcomes), 1);
  });

  it("O24: neither the step that was taken nor one before it; one step away, never two", async () => {
    await withApp("bea");
    const bring = (one: string) => nodeOf(0).totp.challenge.authenticate(login("bea"), { code: one });
    assert.equal((await bring(code(2))).kind, "retry");
    assert.equal((await bring(code(-2))).kind, "retry");
    assert.equal((await bring(code(-1))).kind, "proved");
    assert.equal((await bring(code(0))).kind, "proved");
    assert.equal((await bring(code(-1))).kind, "retry");
    assert.equal((await bring(code(0))).kind, "retry");
    assert.equal((await bring(code(1))).kind, "proved");
  });

  it("M11: one recovery code, brought many times at once to two nodes, is taken once, and no other is lost", async () => {
    const codes = ["2222222222222222", "3333333333333333", "4444444444444444"];
    const data: RecoveryData = { hashes: codes.map((one) => hash("cyd", one)) };
    await authenticators.bind({ subject: "cyd", kind: "recovery-code", key: "k", data, boundBy: "test" });
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        nodeOf(index).recovery.challenge.authenticate(login("cyd"), {
          code: codes[index % 4 === 3 ? 1 : 0] ?? "",
        }),
      ),
    );
    assert.equal(proved(outcomes), 2, "each of the two that were brought");
    const [left] = await authenticators.list("cyd", "recovery-code");
    assert.ok(left !== undefined);
    assert.deepEqual((left.data as RecoveryData).hashes, [hash("cyd", codes[2] ?? "")]);
  });

  it("O06: wrong codes are counted once each, over nodes; the last disables the factor, and the person is told", async () => {
    await withApp("dan");
    const outcomes: { kind: string; reason?: string }[] = [];
    for (let times = 0; times < limits.disableAfter; times += 1)
      outcomes.push(
        await nodeOf(times).totp.challenge.authenticate(login("dan"), { code: code(5 + (times % 2)) }),
      );
    assert.equal(proved(outcomes), 0);
    assert.equal(outcomes.at(-1)?.reason, "factor-disabled");
    assert.equal((await nodeOf(1).totp.challenge.authenticate(login("dan"), { code: code() })).kind, "stop");
    assert.ok(told.includes("dan"));
  });
});
