/** What a server does on a clock behind its requests, and how often. Started by compose; each chore is a room's own act. */
import type { Keyring } from "../core/keyring.ts";
import type { Storage } from "../core/records.ts";
import type { Settings } from "../core/settings.ts";
import type { Background } from "./background.ts";

/** How often a node looks for keys that another one has made or rotated, and for messages nobody sent. */
const KEYS_EVERY = 5_000;
const OUTBOX_EVERY = 5_000;
/** How soon a node serves the settings that another one has changed. */
const SETTINGS_EVERY = 1_000;
/** How long an event of the audit may be taken away without being missed. */
const SEAL_EVERY = 5_000;
/** What a process has counted is added to the shared rows; and how soon it sees that others guess too much. */
const COUNTS_EVERY = 1_000;
const BRAKE_EVERY = 5_000;
/** Ten questions at most each time. */
const PRICES_EVERY = 10_000;
const BOOTSTRAP_EVERY = 5_000;
const SWEEP_EVERY = 60_000;
const SWEEP_AT_ONCE = 200;
const RETENTION_EVERY = 600_000;

type Sweeps = { readonly sweep: () => Promise<unknown> };

export interface Chores {
  readonly keyring: Keyring;
  readonly onSigningKeys: (count: number) => void;
  readonly settings: Pick<Settings, "refresh">;
  readonly bounds: {
    readonly flush: () => Promise<unknown>;
    readonly tidy: () => Promise<unknown>;
    readonly lookAtBound: () => Promise<unknown>;
    readonly prices: { readonly look: () => Promise<unknown> };
    readonly brake: { readonly look: () => Promise<unknown> };
  };
  readonly outboxes: readonly Sweeps[];
  readonly bootstrapFile: { readonly tidy: () => Promise<unknown> };
  readonly auditSeals: { readonly seal: () => Promise<unknown> };
  readonly storage: Pick<Storage, "sweep">;
  readonly erasure: { readonly sweep: () => Promise<void> };
  readonly auditErasure: { readonly retain: () => Promise<boolean> };
}

export function startChores({ every }: Background, chores: Chores): void {
  const { keyring, storage, bounds } = chores;
  let signing = keyring.signing();
  every(KEYS_EVERY, async () => {
    await keyring.refresh();
    // Whoever has rotated, another node or this one, the keyring answers other arrays from then on.
    if (keyring.signing() === signing) return;
    signing = keyring.signing();
    chores.onSigningKeys(signing.length);
  });
  every(SETTINGS_EVERY, () => chores.settings.refresh());
  every(COUNTS_EVERY, () => bounds.flush());
  every(BRAKE_EVERY, () => bounds.brake.look());
  for (const outbox of chores.outboxes) every(OUTBOX_EVERY, () => outbox.sweep());
  every(PRICES_EVERY, () => bounds.prices.look());
  every(BOOTSTRAP_EVERY, () => chores.bootstrapFile.tidy());
  every(SEAL_EVERY, () => chores.auditSeals.seal());
  every(SWEEP_EVERY, async () => {
    await bounds.tidy();
    await bounds.lookAtBound();
    // In small acts, so that nobody waits behind them; until there is nothing left.
    while ((await storage.sweep(SWEEP_AT_ONCE)) === SWEEP_AT_ONCE) await new Promise(setImmediate);
  });
  every(RETENTION_EVERY, async () => {
    await chores.erasure.sweep();
    while (await chores.auditErasure.retain()) await new Promise(setImmediate);
  });
}
