/** Opens the directories of the boot file, in its order. Without a list there is the one in SQL, as it is. */
import { z } from "zod";
import { catalog } from "../catalog.ts";
import { type BootConfig, sentences } from "../config.ts";
import { createDirectories, type Placed } from "../core/directories.ts";
import type { Directory } from "../core/directory.ts";
import type { Clock } from "../core/words.ts";
import type { SqlDirectory } from "../plugins/directories/sql/directory.ts";

const sqlEntry = z.strictObject({
  type: z.literal("sql"),
  /** Rules for which names are looked for here, `*` for anything. */
  names: z.array(z.string().min(1).max(200)).min(1).default(["*"]),
});

type Entries = NonNullable<BootConfig["directories"]>;

/** What the list of directories comes to. */
export interface Directories {
  readonly directory: Directory & Pick<SqlDirectory, "hashingStats" | "write">;
  /** Each that can be away, and whether it answers. */
  states(): readonly { readonly name: string; readonly up: boolean }[];
  /** Something an operator has to mend. */
  complain(text: string): void;
  /** Who hears what an operator has to mend; before that it is kept. */
  hear(listener: (text: string) => void): void;
  close(): void;
}

export async function openDirectories(
  { directories }: Pick<BootConfig, "directories">,
  sql: SqlDirectory,
  now: Clock,
): Promise<Directories> {
  const said: string[] = [];
  let listener: ((text: string) => void) | undefined;
  const complain = onceIn(600_000, now, (text) =>
    listener === undefined ? said.push(text) : listener(text),
  );
  const hear = (next: typeof listener) => {
    listener = next;
    for (const text of said.splice(0)) listener?.(text);
  };
  if (directories === undefined) return { directory: sql, states: () => [], complain, hear, close() {} };
  for (const warning of directoryWarnings({ directories })) complain(warning);
  const placed: Placed[] = [];
  const remote: Awaited<ReturnType<typeof catalog.directories.ldap.open>>[] = [];
  for (const entry of directories)
    if (entry.type === "sql")
      placed.push({ name: "sql", prefix: "", directory: sql, names: sqlEntry.parse(entry).names });
    else {
      const opened = await catalog.directories.ldap.open(catalog.directories.ldap.schema.parse(entry), {
        now,
        complain,
      });
      remote.push(opened);
      placed.push({ ...opened, directory: opened });
    }
  return {
    directory: { ...createDirectories({ placed, now, complain }), hashingStats: sql.hashingStats },
    states: () => remote.map(({ name, isUp }) => ({ name, up: isUp() })),
    complain,
    hear,
    close() {
      for (const { close } of remote) close();
    },
  };
}

/** Every fault of the list, a sentence each. */
export function directoryFaults({ directories }: Pick<BootConfig, "directories">): readonly string[] {
  if (directories === undefined) return [];
  if (directories.length === 0)
    return ["directories: is empty; name one, or leave it out for the one in SQL"];
  const faults = directories.flatMap((entry, index) => {
    const schema: z.ZodType = entry.type === "ldap" ? catalog.directories.ldap.schema : sqlEntry;
    const parsed = schema.safeParse(entry);
    return parsed.success ? [] : sentences(parsed.error, `directories[${index}]`);
  });
  if (directories.filter(({ type }) => type === "sql").length > 1)
    faults.push("directories: sql stands there twice; there is one");
  if (faults.length > 0) return faults;
  const ldap = ldapOf(directories);
  for (const name of twice(ldap.map((one) => one.name)))
    faults.push(`directories: the name ${name} stands there twice`);
  for (const prefix of twice(ldap.map((one) => one.subject_prefix)))
    faults.push(
      `directories: subject_prefix ${JSON.stringify(prefix)} stands there twice; people of both would be one`,
    );
  return faults;
}

/** What weakens the list without being wrong. */
function directoryWarnings({ directories }: Pick<BootConfig, "directories">): readonly string[] {
  if (directories === undefined || directoryFaults({ directories }).length > 0) return [];
  const ldap = ldapOf(directories);
  return [
    ...ldap
      .filter(({ decoy_dn: decoy }) => decoy === undefined)
      .map(
        ({ name }) =>
          `directory ${name} has no decoy_dn: a name that nobody has is refused faster than a wrong password, and can be told by that`,
      ),
    ...(directories.some(({ type }) => type === "sql") ||
    ldap.some(({ roles }) => (roles?.admin.length ?? 0) > 0)
      ? []
      : ["no directory can have an administrator: put { type: sql } into directories, or name roles of one"]),
  ];
}

const ldapOf = (directories: Entries) =>
  directories
    .filter(({ type }) => type === "ldap")
    .map((entry) => catalog.directories.ldap.schema.parse(entry));

const twice = (all: readonly string[]): readonly string[] => [
  ...new Set(all.filter((one, index) => all.indexOf(one) !== index)),
];

/** The same text once in so many milliseconds: a broken entry is met again and again. */
function onceIn(ms: number, now: Clock, say: (text: string) => unknown): (text: string) => void {
  const told = new Map<string, number>();
  return (text) => {
    if (now() - (told.get(text) ?? Number.NEGATIVE_INFINITY) < ms) return;
    if (told.size > 1000) told.clear();
    told.set(text, now());
    say(text);
  };
}
