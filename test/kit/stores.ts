/** The stores that contract suites run over, each opened as `serve` opens it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Keys, NamedKey } from "../../src/core/keys.ts";
import { createSealer, type Sealer } from "../../src/core/seal.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Migration } from "../../src/kits/sql/database.ts";
import { type SqlStore, type SqlStoreConfig, sqlStore } from "../../src/plugins/stores/sql/store.ts";
import { noPostgres, startPostgres } from "./postgres.ts";

/** An engine on which a test file gets one store of its own. */
export interface Engine {
  readonly name: "SQLite" | "PostgreSQL";
  /** For `describe(…, { skip })`. */
  readonly skip: string | false;
  /** Where a fresh store can be opened, from this process or a child. */
  place(): Promise<Place>;
}

export interface Place {
  readonly config: SqlStoreConfig;
  /** The configuration as JSON, for a child process; read it with `fromText`. */
  readonly text: string;
  open(migrations?: readonly Migration[]): Promise<SqlStore>;
  remove(): void;
}

/** Both SQL engines. */
export const engines: readonly Engine[] = [
  {
    name: "SQLite",
    skip: false,
    async place() {
      const folder = temporaryFolder();
      const file = path.join(folder, "store.db");
      return toPlace({ type: "sqlite", file }, () => rmSync(folder, { recursive: true, force: true }));
    },
  },
  {
    name: "PostgreSQL",
    skip: noPostgres,
    async place() {
      const { url } = await startPostgres();
      return toPlace({ type: "postgres", url: new Secret(url), pool: 5 }, () => {});
    },
  },
];

/** A folder under the system's temporary one. */
export const temporaryFolder = (): string => mkdtempSync(path.join(tmpdir(), "sallyport-test-"));

/** Opens the store that another process described. */
export function fromText(text: string): Promise<SqlStore> {
  const raw = JSON.parse(text) as { type: "sqlite"; file: string } | { type: "postgres"; url: string };
  const config: SqlStoreConfig =
    raw.type === "sqlite" ? raw : { type: "postgres", url: new Secret(raw.url), pool: 5 };
  return sqlStore.open(config, { now: Date.now });
}

/** Keys that are the same in every process of a test. */
export const testKeys: Pick<Keys, "secrets"> = (() => {
  const key = (purpose: string): readonly NamedKey[] => [
    { id: `${purpose}-1`, bytes: Buffer.alloc(32, purpose) },
  ];
  const made = new Map(
    ["cookie", "code", "seal", "lookup", "csrf", "callback", "audit"].map((purpose) => [
      purpose,
      key(purpose),
    ]),
  );
  return { secrets: (purpose) => made.get(purpose) as readonly NamedKey[] };
})();

/** A sealer over `testKeys`. */
export const testSealer = (): Sealer => createSealer(testKeys);

function toPlace(config: SqlStoreConfig, remove: () => void): Place {
  const text = JSON.stringify(config.type === "sqlite" ? config : { ...config, url: config.url.reveal() });
  return { config, text, remove, open: (migrations) => sqlStore.open(config, { now: Date.now, migrations }) };
}
