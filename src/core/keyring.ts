/**
 * The keys of this deployment, loaded: made on first start, sealed under the master key, rotated with overlap.
 * Compose loads it once and refreshes it on a timer; everything that signs, seals or derives asks it at every use.
 * It never writes a key in clear anywhere and never deletes one.
 */
import { Breakage } from "./errors.ts";
import { createMasterBox } from "./key-box.ts";
import { generate, toJwk } from "./key-material.ts";
import type { KeyPurpose, KeyRow, KeyStore, Keys, NamedKey, StoredPurpose } from "./keys.ts";
import type { Secret } from "./secret.ts";
import type { Clock, EpochMs, Seconds } from "./words.ts";

export interface KeyringDeps {
  readonly store: KeyStore;
  /** 32 bytes in base64. */
  readonly masterKey: Secret;
  readonly now: Clock;
  /** Called after `refresh` or `rotate` found that what `signing` or `secrets` answer has changed. */
  readonly onChange?: (() => void) | undefined;
}

export interface Rotation {
  /** How long the old key stays after the new one has taken over. */
  readonly overlap: Seconds;
  /** How long the new key is published before it is used, so that other nodes and relying parties know it by then. */
  readonly lead?: Seconds | undefined;
}

export interface Keyring extends Keys {
  /** Makes what is missing and reads all keys. Throws Breakage `key-unavailable` if the master key does not fit. */
  load(): Promise<void>;
  rotate(purpose: KeyPurpose, rotation: Rotation): Promise<void>;
  /** Reads the keys again; answers whether anything has changed. */
  refresh(): Promise<boolean>;
}

const SIGNING = ["signing-es256", "signing-rs256"] as const;
const PURPOSES: readonly StoredPurpose[] = [
  ...SIGNING,
  "cookie",
  "code",
  "seal",
  "lookup",
  "csrf",
  "callback",
  "audit",
];
const DEFAULT_LEAD: Seconds = 60;

interface Loaded extends KeyRow {
  readonly named: NamedKey;
  readonly jwk: Readonly<Record<string, unknown>> | undefined;
}

/** What is answered until `until`, when a key takes over or ends. The arrays keep their identity meanwhile. */
interface View {
  readonly until: EpochMs;
  readonly print: string;
  readonly signing: readonly Readonly<Record<string, unknown>>[];
  readonly secrets: ReadonlyMap<StoredPurpose, readonly NamedKey[]>;
}

/** Makes an empty keyring; `load` fills it. Throws Breakage `key-unavailable` for a master key of another length. */
export function createKeyring({ store, masterKey, now, onChange }: KeyringDeps): Keyring {
  const box = createMasterBox(masterKey);
  let keys: readonly Loaded[] = [];
  let view: View | undefined;
  let announced: string | undefined;

  async function read(): Promise<void> {
    const known = new Map(keys.map((key) => [key.id, key]));
    const rows = await store.all();
    keys = rows.map((row) => ({ ...(known.get(row.id) ?? unseal(row)), ...row }));
    view &&= { ...view, until: 0 };
  }

  function unseal(row: KeyRow): Loaded {
    const bytes = box.open(row);
    const isSigning = row.purpose === "signing-rs256" || row.purpose === "signing-es256";
    return { ...row, named: { id: row.id, bytes }, jwk: isSigning ? toJwk(row.purpose, bytes) : undefined };
  }

  async function make(purpose: StoredPurpose, number: number, activeFrom: EpochMs): Promise<KeyRow> {
    // The id is the number in its line: two nodes that make the same key at once collide, and one set remains.
    const row = { id: `${purpose}-${number}`, purpose, createdAt: now(), activeFrom, expiresAt: null };
    return { ...row, material: box.seal(row, await generate(purpose)) };
  }

  function current(): View {
    if (view !== undefined && now() < view.until) return view;
    const next = toView(keys, now());
    view = view?.print === next.print ? { ...view, until: next.until } : next;
    return view;
  }

  async function refresh(): Promise<boolean> {
    await read();
    const { print } = current();
    const changed = print !== announced;
    announced = print;
    if (changed) onChange?.();
    return changed;
  }

  return {
    async load() {
      await read();
      const missing = PURPOSES.filter((purpose) => !keys.some((key) => key.purpose === purpose));
      const made = await Promise.all(missing.map((purpose) => make(purpose, 1, now())));
      for (const row of made) await store.addUnlessPresent(row);
      if (made.length > 0) await read();
      announced = current().print;
    },
    async rotate(purpose, { overlap, lead = DEFAULT_LEAD }) {
      await read();
      const line = keys.filter((key) => key.purpose === purpose);
      const activeFrom = now() + lead * 1000;
      await store.rotate(await make(purpose, line.length + 1, activeFrom), activeFrom + overlap * 1000);
      await refresh();
    },
    refresh,
    signing: () => current().signing,
    secrets(purpose) {
      const found = current().secrets.get(purpose);
      if (found === undefined)
        throw new Breakage("key-unavailable", `There is no key for ${purpose}; load the keys first.`);
      return found;
    },
  };
}

function toView(keys: readonly Loaded[], now: EpochMs): View {
  const lines = new Map<StoredPurpose, readonly Loaded[]>();
  for (const purpose of PURPOSES) {
    const line = inUse(keys, purpose, now);
    if (line.length > 0) lines.set(purpose, line);
  }
  const turns = keys.flatMap(({ activeFrom, expiresAt }) => [activeFrom, expiresAt ?? 0]);
  return {
    until: Math.min(...turns.filter((turn) => turn > now), Number.POSITIVE_INFINITY),
    print: [...lines.values()].flatMap((line) => line.map(({ id }) => id)).join(),
    signing: SIGNING.flatMap((purpose) => lines.get(purpose) ?? []).flatMap(({ jwk }) =>
      jwk === undefined ? [] : [jwk],
    ),
    secrets: new Map([...lines].map(([purpose, line]) => [purpose, line.map(({ named }) => named)])),
  };
}

/** The keys of a purpose that are known now: the one in use first, then the others, newest first. */
function inUse(keys: readonly Loaded[], purpose: StoredPurpose, now: EpochMs): readonly Loaded[] {
  const forGood = purpose === "seal" || purpose === "lookup" || purpose === "audit";
  const line = keys
    .filter((key) => key.purpose === purpose && (forGood || key.expiresAt === null || key.expiresAt > now))
    .sort((a, b) => b.activeFrom - a.activeFrom || (a.id < b.id ? 1 : -1));
  // On a node whose clock is behind even the first key may lie ahead: then the oldest is used.
  const chosen = line.find(({ activeFrom }) => activeFrom <= now) ?? line.at(-1);
  return chosen === undefined ? [] : [chosen, ...line.filter((key) => key !== chosen)];
}
