/**
 * People as the servers say, and a short memory of them. A sign-in reads the entry once; what follows within
 * `fresh_seconds` (page after page, code, tokens) is answered from memory, so a sign-in is two or three operations however
 * many entries there are, and whatever changes in the directory is seen that much later at most.
 */
import { EqualityFilter, type Filter, FilterParser, OrFilter, PresenceFilter } from "ldapts";
import { usernameFault, usernameKey } from "../../../core/username.ts";
import type { Clock, EpochMs, Subject } from "../../../core/words.ts";
import { type Attributes, toAttributes, values } from "./attributes.ts";
import { idFilter, idIn, type Person, toPerson, wantedAttributes } from "./entry.ts";
import { both, nameFilter } from "./filter.ts";
import type { toAdd } from "./phone-values.ts";
import type { LdapConfig } from "./schema.ts";
import type { Servers } from "./servers.ts";

/** How long a check of a password goes by the entry that was found just before it. */
const SAME_ACT = 5_000;
const MOST_KEPT = 10_000;
/** People read in one operation by `look`. */
const AT_ONCE = 50;

export type People = ReturnType<typeof createPeople>;

export interface PeopleDeps {
  readonly config: LdapConfig;
  readonly servers: Servers;
  readonly now: Clock;
  readonly complain: (text: string) => void;
}

export function createPeople({ config, servers, now, complain }: PeopleDeps) {
  const attributes = wantedAttributes(config);
  const byName = nameFilter(config.filter);
  const everybody = FilterParser.parseString(config.people);
  const kept = new Map<Subject, Person>();
  const named = new Map<string, { readonly id: Subject | undefined; readonly at: EpochMs }>();
  const underWay = new Map<Subject, Promise<Person | undefined>>();
  const suffix = usernameKey(config.username_suffix ?? "");
  const freshFor = config.fresh_seconds * 1000;

  function keep(person: Person): Person {
    const { id } = person.user;
    kept.delete(id);
    kept.set(id, person);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value ?? "");
    return person;
  }

  /** Entries as people; `sizeLimit` is the server's to keep, and ours to look at. */
  const search = (filter: Filter, sizeLimit: number): Promise<readonly Attributes[]> =>
    servers.asReader(async (link) => {
      const found = await link.search(config.base, {
        scope: config.scope,
        filter,
        attributes,
        explicitBufferAttributes: ["objectGUID"],
        sizeLimit,
        timeLimit: Math.ceil(config.operation_seconds),
        derefAliases: "never",
      });
      return found.slice(0, sizeLimit).map(toAttributes);
    });

  async function readById(subject: Subject): Promise<Person | undefined> {
    const id = idIn(subject, config);
    const filter = id === undefined ? undefined : idFilter(config.id, id);
    if (filter === undefined) return undefined;
    const [entry, second] = await search(both(everybody, filter), 2);
    const person = entry === undefined ? undefined : toPerson(entry, config, now());
    if (second !== undefined || person?.user.id !== subject) {
      kept.delete(subject);
      return undefined;
    }
    return keep(person);
  }

  /** What the directory is asked for: without the suffix. undefined: nobody can have this name here. */
  function askedFor(username: string): string | undefined {
    const key = usernameKey(username);
    if (usernameFault(username.trim()) !== undefined || !key.endsWith(suffix)) return undefined;
    const name = key.slice(0, key.length - suffix.length);
    return name === "" ? undefined : name;
  }

  async function readByName(username: string): Promise<Person | undefined> {
    const person = await searchByName(username);
    // That nobody was found is remembered as well: a name that nobody has must not cost one search more (P11).
    remember(named, usernameKey(username), { id: person?.user.id, at: now() });
    return person;
  }

  async function searchByName(username: string): Promise<Person | undefined> {
    const name = askedFor(username);
    // Asked for all the same, in a form nobody has: the same work for every name.
    const found = await search(byName.of(name ?? "\u{10ffff}"), 2);
    if (name === undefined) return undefined;
    // A server may find more than what is the same name to us: without accents, or with spaces folded.
    const same = found.filter((entry) =>
      byName.attributes.some((attribute) =>
        values(entry, attribute).some((value) => usernameKey(value) === name),
      ),
    );
    if (same.length > 1) {
      complain(
        `directory ${config.name}: two entries have one username (${same.map(({ dn }) => dn).join("; ")}); neither can sign in until one is renamed`,
      );
      return undefined;
    }
    const [entry] = same;
    if (entry === undefined) return undefined;
    const person = toPerson(entry, config, now());
    if (person !== undefined) return keep(person);
    complain(
      `directory ${config.name}: ${entry.dn} has no ${config.id} or no ${config.username} that ${config.bind_dn ?? "everybody"} may read`,
    );
    return undefined;
  }

  return {
    config,
    servers,
    search,
    everybody,
    attributes,
    toPerson: (entry: Attributes) => toPerson(entry, config, now()),

    /** As read at most `fresh_seconds` ago. */
    async byId(subject: Subject): Promise<Person | undefined> {
      const known = kept.get(subject);
      if (known !== undefined && now() - known.readAt < freshFor && now() >= known.readAt) return known;
      const before = underWay.get(subject);
      if (before !== undefined) return before;
      const reading = readById(subject).finally(() => underWay.delete(subject));
      underWay.set(subject, reading);
      return reading;
    },
    byName: readByName,
    /** The one that was found by this name a moment ago, else as it is now. */
    async foundBy(username: string): Promise<Person | undefined> {
      // Nobody's name, of which there is nothing to find: the comparison alone is wanted (core/directories.ts).
      if (usernameFault(username.trim()) !== undefined) return undefined;
      const known = named.get(usernameKey(username));
      if (known === undefined || now() - known.at >= SAME_ACT) return readByName(username);
      if (known.id === undefined) return undefined;
      return kept.get(known.id) ?? readByName(username);
    },
    seen: (subject: Subject) => kept.get(subject),
    forget: (subject: Subject) => void kept.delete(subject),
    /** Anew, many in one operation. Whoever is not found is forgotten. */
    async look(subjects: readonly Subject[]): Promise<void> {
      const ids = subjects.flatMap((subject) => {
        const filter = idFilter(config.id, idIn(subject, config) ?? " ");
        return filter === undefined ? [] : [{ subject, filter }];
      });
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = ids.slice(from, from + AT_ONCE);
        const entries = await search(
          both(everybody, new OrFilter({ filters: some.map(({ filter }) => filter) })),
          AT_ONCE,
        );
        for (const { subject } of some) kept.delete(subject);
        for (const entry of entries) {
          const person = toPerson(entry, config, now());
          if (person !== undefined) keep(person);
        }
      }
    },
    /** One modify of a person's entry, after which its phones are `phones`: nobody has to read it anew. */
    async modifyPhones(person: Person, { changes, after }: ReturnType<typeof toAdd>): Promise<void> {
      kept.delete(person.user.id);
      await servers.asReader((link) => link.modify(person.dn, changes));
      keep({ ...person, phones: after, modifiedAt: now() });
    },
    /** How many people have a number that counts, up to `most`. */
    async countPhones(most: number): Promise<number> {
      const { attribute, flag } = config.phone;
      const has = flag ? new EqualityFilter({ attribute, value: "TRUE" }) : new PresenceFilter({ attribute });
      return (await search(both(everybody, has), most)).length;
    },
  };
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST_KEPT) map.delete(map.keys().next().value ?? "");
}
