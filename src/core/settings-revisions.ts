/**
 * Settings over a SettingsStore: sealed revisions, one line for all nodes. A change is made of the newest revision,
 * judged whole, audited, and added by a conditional insert: of two changes at once one is refused or made anew on top
 * of the other, and a refused one leaves everything as it was. Opened by compose; knows no plug-in.
 */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { Audit } from "./audit.ts";
import { Breakage } from "./errors.ts";
import type { Sealer } from "./seal.ts";
import {
  type Changed,
  type ChangeRequest,
  documentSchema,
  type Fault,
  type Settings,
  type SettingsDocument,
  type SettingsStore,
} from "./settings.ts";
import { changedNames } from "./settings-tree.ts";
import type { Clock, EpochMs } from "./words.ts";

export interface SettingsDeps {
  readonly store: SettingsStore;
  readonly sealer: Pick<Sealer, "seal" | "open">;
  readonly audit: Audit;
  readonly now: Clock;
  /** What the document's own schema cannot know; none: the document can be served. */
  readonly judge: (document: SettingsDocument) => readonly Fault[];
}

/** Tries against other nodes that change the settings at the same time. */
const ROUNDS = 20;
const label = (revision: number): string => `settings\0${revision}`;

/** Reads the newest revision, or makes the first of `first`. Throws Breakage `configuration-invalid` for a faulty one. */
export async function openSettings(deps: SettingsDeps, first: () => SettingsDocument): Promise<Settings> {
  const { store, sealer, audit, now, judge } = deps;
  let current: { readonly revision: number; readonly document: SettingsDocument } | undefined;
  const listeners: Parameters<Settings["watch"]>[0][] = [];

  function serve(revision: number, document: SettingsDocument): void {
    // Two that learned of revisions at once: the later one stays.
    if (current !== undefined && current.revision >= revision) return;
    current = { revision, document };
    for (const listener of listeners) listener(document, revision);
  }

  async function read(revision: number): Promise<SettingsDocument | undefined> {
    const row = await store.read(revision);
    if (row === undefined) return undefined;
    const text = Buffer.from(sealer.open(label(revision), row.sealed)).toString();
    // An older version's document gets the defaults of what it did not know.
    const parsed = documentSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    // Said by a node of the release before while nodes are replaced; it serves on with what it has.
    const [fault] = faultsOf(parsed.error);
    throw new Breakage(
      "store-damaged",
      `Settings revision ${revision} holds what this version does not know (${fault?.path}: ${fault?.message}); start the version that made it.`,
    );
  }

  async function refresh(): Promise<boolean> {
    const revision = await store.newest();
    if (revision === 0 || revision === current?.revision) return false;
    const document = await read(revision);
    if (document === undefined) throw new Breakage("store-damaged", `Settings revision ${revision} is gone.`);
    serve(revision, document);
    return true;
  }

  const held = () => {
    if (current === undefined) throw new Breakage("store-damaged", "The settings have not been read yet.");
    return current;
  };

  async function add(document: SettingsDocument, revision: number, by: string, what: string) {
    const sealed = sealer.seal(label(revision), Buffer.from(JSON.stringify(document)));
    return store.add({ revision, at: now(), by, what, sealed });
  }

  async function change({
    change: act,
    by,
    address,
    what,
    ifRevision,
    dryRun,
  }: ChangeRequest): Promise<Changed> {
    for (let round = 0; round < ROUNDS; round += 1) {
      await refresh();
      const { revision, document } = held();
      if (ifRevision !== undefined && ifRevision !== revision) return { kind: "lost", revision };
      const made = act(structuredClone(document) as SettingsDocument);
      if (made === "lost") return { kind: "lost", revision };
      if (isFaults(made)) return { kind: "faulty", faults: made };
      const checked = documentSchema.safeParse({ ...made, ended: endedTokens(document, made, now()) });
      if (!checked.success) return { kind: "faulty", faults: faultsOf(checked.error) };
      const faults = judge(checked.data);
      if (faults.length > 0) return { kind: "faulty", faults };
      if (isDeepStrictEqual(checked.data, document)) return { kind: "same", revision, document };
      if (dryRun === true) return { kind: "changed", revision, document: checked.data };
      const next = revision + 1;
      // Before it takes effect; where the row then meets a faster one, the audit holds the attempt (promise 8).
      const names = changedNames(document, checked.data);
      await audit.append({
        kind: "settings-changed",
        at: now(),
        address,
        facts: { by, what, names: [...names], revision: next },
      });
      if (!(await add(checked.data, next, by, what))) continue;
      serve(next, checked.data);
      return { kind: "changed", revision: next, document: checked.data };
    }
    throw new Breakage("store-conflict", "The settings change too fast to be changed.", { retryAfter: 1 });
  }

  if (!(await refresh())) {
    const document = first();
    const faults = judge(document);
    if (faults.length > 0)
      throw new Breakage(
        "configuration-invalid",
        faults.map(({ path, message }) => `${path}: ${message}`).join("\n"),
      );
    // Of two nodes that start first at once one makes it, and the other reads what that one has made.
    await add(document, 1, "sallyport.yaml", "first start");
    await refresh();
  }

  return {
    get revision() {
      return held().revision;
    },
    document: () => held().document,
    change,
    at: async (revision) => (revision === held().revision ? held().document : read(revision)),
    history: (limit, before = Number.MAX_SAFE_INTEGER) => store.list(limit, before),
    refresh,
    watch: (listener) => void listeners.push(listener),
  };
}

/** Seconds until every node has learned of a change, and may have given out tokens that it ends. */
const LEARNED = 2;
/** Seconds after which no token is left that could come back: the life of a refresh token. */
const LONGEST_TOKEN = 15 * 86_400;

/** Tokens of a client that is disabled or taken away do not come back with it: they have ended up to this second. */
function endedTokens(before: SettingsDocument, after: SettingsDocument, at: EpochMs): Record<string, number> {
  const second = Math.floor(at / 1000);
  const gone = before.clients
    .filter(({ disabled }) => !disabled)
    .filter(({ client_id }) => {
      const next = after.clients.find((client) => client.client_id === client_id);
      return next === undefined || next.disabled;
    });
  if (gone.length === 0) return before.ended;
  const kept = Object.entries(before.ended).filter(([, until]) => until > second - LONGEST_TOKEN);
  return Object.fromEntries([
    ...kept,
    ...gone.map(({ client_id }) => [client_id, second + LEARNED] as const),
  ]);
}

const isFaults = (made: SettingsDocument | readonly Fault[]): made is readonly Fault[] => Array.isArray(made);

/** zod's issues as faults; a list's place is written `clients[2].redirect_uris[0]`. */
export function faultsOf(error: z.ZodError): readonly Fault[] {
  return error.issues.flatMap((issue) => {
    const at = (extra: readonly PropertyKey[] = []) =>
      [...issue.path, ...extra].reduce<string>(
        (path, part) =>
          typeof part === "number"
            ? `${path}[${part}]`
            : path === ""
              ? String(part)
              : `${path}.${String(part)}`,
        "",
      );
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
        path: at([key]),
        message: "is not a known setting; check the spelling or remove it",
      }));
    const missing = issue.code === "invalid_type" && /received undefined/.test(issue.message);
    return [{ path: at(), message: missing ? "is missing" : issue.message }];
  });
}
