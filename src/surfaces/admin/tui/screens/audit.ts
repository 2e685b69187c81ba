/** The audit: what happened, to whom, by whom; and from any event to everything of the same login. */
import { done, type Outcome, usage } from "../../client/trouble.ts";
import { type Entry, pageOf } from "../api.ts";
import type { Desk, View } from "../desk.ts";
import { line, type Tone } from "../lines.ts";
import { type Asked, createList, type Loaded } from "../list.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine, when } from "../words.ts";

/** What a list is bound to: one person, or one login. */
export interface AuditOf {
  readonly subject?: string;
  readonly login?: string;
  /** How it is called. */
  readonly of: string;
}

/** Names that are asked for at once. */
const MOST_NAMED = 25;
const FIELDS = ["kind", "user", "by", "client", "login", "from", "to"];
const HINT = "user=ada  kind=code-wrong  by=  client=  from=2027-01-31; Enter looks";

/** `user=ada kind=signed-in`: pairs; a single word is a kind where it looks like one, else a username. */
export function auditQuery(search: string): Outcome<Readonly<Record<string, string>>> {
  const query: Record<string, string> = {};
  for (const word of search.split(/\s+/).filter((one) => one !== "")) {
    const at = word.indexOf("=");
    const [name, value] =
      at > 0
        ? [word.slice(0, at), word.slice(at + 1)]
        : [/^[a-z]+-[a-z-]+$/.test(word) ? "kind" : "user", word];
    if (!FIELDS.includes(name)) return usage(`${name} is none of ${FIELDS.join(", ")}.`);
    if (value === "") continue;
    const day = /^\d{4}-\d{2}-\d{2}$/.test(value) && (name === "from" || name === "to");
    query[name] = day ? `${value}T00:00:00Z` : value;
  }
  return done(query);
}

/** `personView`: the screen of somebody whom an entry is about; none where this is opened from there. */
export function audit(
  desk: Desk,
  bound?: AuditOf,
  personView?: (desk: Desk, inum: string, name: string) => View,
): View {
  const { api } = desk;
  /** Usernames by inum, as far as they were asked for. */
  const names = new Map<string, string>();

  /** Whom the entries are about, for eyes: an inum says nothing at 3 a.m. Who is gone keeps the inum. */
  async function nameThem(entries: readonly Entry[]): Promise<void> {
    const subjects = [...new Set(entries.map(({ subject }) => subject))];
    const unknown = subjects.filter((one): one is string => typeof one === "string" && !names.has(one));
    await Promise.all(
      unknown.slice(0, MOST_NAMED).map(async (inum) => {
        const answer = await api.call("get-user-by-inum", { values: { inum } });
        if (answer.kind === "done") names.set(inum, clean((answer.value.body as Entry).userId));
      }),
    );
  }

  async function load({ search, cursor }: Asked): Promise<Outcome<Loaded>> {
    const parsed = auditQuery(search);
    if (parsed.kind !== "done") return parsed;
    const { user, ...rest } = parsed.value;
    const query: Record<string, string> = { ...rest };
    if (bound?.subject !== undefined) query.subject = bound.subject;
    if (bound?.login !== undefined) query.login = bound.login;
    if (user !== undefined) {
      const inum = await inumOf(desk, user);
      if (inum.kind !== "done") return inum;
      query.subject = inum.value;
    }
    const page = await pageOf(api, "get-audit", { query }, cursor);
    if (page.kind !== "done") return page;
    await nameThem(page.value.entries);
    return done({ ...page.value, rows: page.value.entries.map(rowOf) });
  }

  function rowOf(one: Entry): Row {
    const subject = typeof one.subject === "string" ? one.subject : undefined;
    const name = subject === undefined ? undefined : (names.get(subject) ?? clean(subject));
    // Who did it stands last: what was done says more where there is little room.
    const facts = Object.entries((one.facts ?? {}) as Record<string, unknown>).sort(
      ([a], [b]) => Number(a === "by") - Number(b === "by"),
    );
    const login = typeof one.login === "string" ? one.login : undefined;
    const kind = clean(one.kind);
    const all: [string, string, Tone?][] = [
      ["at", `${when(one.at)} UTC`],
      ["kind", kind, toneOf(kind) ?? "strong"],
      ["about", name ?? ""],
      ["inum", clean(one.subject)],
      ["login", clean(one.login)],
      ["client", clean(one.client)],
      ["from", clean(one.address)],
      ["event", clean(one.seq)],
      ...facts.map(([name, value]): [string, string] => [clean(name), clean(value)]),
    ];
    return {
      id: String(one.seq),
      cells: [
        when(one.at).slice(5),
        kind,
        name ?? "",
        facts.map(([name, value]) => `${clean(name)}=${clean(value)}`).join(" "),
        clean(one.address),
        clean(one.client),
      ],
      tone: toneOf(kind),
      facts: all,
      open: () =>
        desk.show(
          `Event ${clean(one.seq)}`,
          all.map(([name, value, tone]) => line(` ${name.padEnd(14)}${value === "" ? "–" : value}`, tone)),
        ),
      acts: [
        ...(login === undefined || bound?.login === login
          ? []
          : [{ key: "t", label: "trace this login", run: () => desk.open(trace(desk, login, personView)) }]),
        ...(subject === undefined || name === undefined || personView === undefined
          ? []
          : [{ key: "p", label: `look at ${name}`, run: () => desk.open(personView(desk, subject, name)) }]),
      ],
    };
  }

  return createList(
    {
      title: bound === undefined ? "Audit" : bound.of,
      columns: [
        { title: "AT (UTC)", width: 14 },
        { title: "KIND", width: 21 },
        { title: "ABOUT", width: 10, grow: 1 },
        { title: "FACTS", width: 24, grow: 4 },
        { title: "FROM", width: 15 },
        { title: "CLIENT", width: 10, grow: 1 },
      ],
      empty: "Nothing has happened.",
      search: { hint: HINT },
      command(search) {
        if (bound?.login !== undefined) return commandLine("trace", bound.login);
        const parsed = auditQuery(search);
        const query = parsed.kind === "done" ? parsed.value : {};
        const user = query.user ?? (bound?.subject === undefined ? undefined : bound.of);
        return commandLine(
          "audit",
          ["--user", user],
          ["--kind", query.kind],
          ["--by", query.by],
          ["--client", query.client],
          ["--from", query.from],
          ["--to", query.to],
        );
      },
      load,
    },
    desk,
  );
}

/** Everything of one login. The one place that knows how it is found: by the audit. */
const trace = (desk: Desk, login: string, personView: Parameters<typeof audit>[2]): View =>
  audit(desk, { login, of: `login ${clean(login).slice(0, 12)}` }, personView);

const toneOf = (kind: string): Tone | undefined => {
  if (/wrong|failed|undelivered|refused|disabled|stopped|problem|brake-on|limit/.test(kind)) return "bad";
  return kind === "signed-in" ? "ok" : undefined;
};

async function inumOf({ api }: Desk, name: string): Promise<Outcome<string>> {
  const page = await pageOf(api, "get-user", { query: { pattern: name } }, undefined);
  if (page.kind !== "done") return page;
  const found = page.value.entries.find(({ userId }) => String(userId).toLowerCase() === name.toLowerCase());
  return found === undefined ? usage(`There is no user ${name}.`) : done(String(found.inum));
}
