/** The heart of the server over a real SQLite file, with a clock that a test can move. */

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { createAuthenticators } from "../../src/core/authenticator-box.ts";
import { createCodes } from "../../src/core/codes.ts";
import { createKeyring } from "../../src/core/keyring.ts";
import { createSealer } from "../../src/core/seal.ts";
import { Secret } from "../../src/core/secret.ts";
import { limitsSchema } from "../../src/core/settings.ts";
import { sqlStore } from "../../src/plugins/stores/sql/store.ts";
import { createStorage } from "./storage.ts";

export const MINUTE = 60_000;
const START = Date.UTC(2027, 0, 1);
export type TestCore = Awaited<ReturnType<typeof createCore>>;

export async function createCore() {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-core-"));
  let time = START;
  const now = () => time;
  const store = await sqlStore.open({ type: "sqlite", file: join(folder, "test.db") }, { now });
  const keyring = createKeyring({
    store: store.keys,
    masterKey: new Secret(randomBytes(32).toString("base64")),
    now,
  });
  await keyring.load();
  const sealer = createSealer(keyring);
  const storage = createStorage({ store: store.records, sealer, now });
  const limits = limitsSchema.parse({});
  const codes = createCodes({
    storage,
    keys: keyring,
    limits: () => limits,
    now,
    newId: () => randomBytes(16).toString("base64url"),
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    now,
    store,
    keyring,
    sealer,
    storage,
    limits,
    codes,
    authenticators: createAuthenticators({ store: store.authenticators, sealer, now }),
    advance: (ms: number) => {
      time += ms;
    },
  };
}
