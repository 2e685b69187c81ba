/**
 * Several directories as one, in the order of the configuration. Rules say which names are looked for where; ids say by
 * their beginning whose they are. Where the rules leave several for a name, all are asked at the same moment and all
 * compare a password, so that nobody can tell by the time who is known where (P11). Opened by compose; with one
 * directory in SQL alone it is not there at all.
 */
import type {
  Directory,
  DirectoryWriter,
  PasswordCheck,
  PeoplePage,
  PeopleQuery,
  User,
} from "./directory.ts";
import type { Secret } from "./secret.ts";
import { usernameKey } from "./username.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

/** One of them. */
export interface Placed {
  readonly name: string;
  /** Globs with `*`, compared as usernames are; an empty list takes no name. */
  readonly names: readonly string[];
  /** What ids of its people begin with; "": ids that begin with nobody's. */
  readonly prefix: string;
  readonly directory: Directory;
}

/** A name nobody can have: its password is compared all the same. */
const NOBODY = "\0";
const MOST_HOMES = 10_000;
/** How long a check of a password goes by who was found just before it. */
const SAME_ACT = 5_000;

export interface DirectoriesDeps {
  readonly placed: readonly Placed[];
  readonly now: Clock;
  readonly complain: (text: string) => void;
}

export function createDirectories({
  placed,
  now,
  complain,
}: DirectoriesDeps): Directory & { readonly write: DirectoryWriter } {
  const rules = placed.map(({ names }) => names.map(toRule));
  const byPrefix = [...placed].sort((a, b) => b.prefix.length - a.prefix.length);

  const candidates = (username: string): readonly Placed[] => {
    const key = usernameKey(username);
    const found = placed.filter((_, index) => rules[index]?.some((rule) => rule.test(key)));
    // A name no rule knows is asked for somewhere all the same: it must not be told apart by how fast it is refused.
    return found.length > 0 ? found : placed.slice(-1);
  };

  /** Directories that may have this id, the surest first. */
  const owners = (id: Subject): readonly Placed[] => {
    const longest = byPrefix.find(({ prefix }) => id.startsWith(prefix))?.prefix;
    return longest === undefined ? [] : placed.filter(({ prefix }) => prefix === longest);
  };

  /** Where ids that may be of several have been found. */
  const homes = new Map<Subject, Placed>();
  const homeOf = (id: Subject): Placed | undefined => {
    const found = owners(id);
    return found.length > 1 ? homes.get(id) : found[0];
  };

  /** Whose this person is, in the order of the list. */
  async function owner(id: Subject): Promise<{ place: Placed; user: User } | undefined> {
    const found = owners(id);
    for (const place of found) {
      const user = await place.directory.get(id);
      if (user === undefined) continue;
      if (found.length > 1) {
        if (homes.size >= MOST_HOMES) homes.clear();
        homes.set(id, place);
      }
      return { place, user };
    }
    return undefined;
  }

  /** A directory must not give its people the ids of another one's. */
  async function isOwn(place: Placed, user: User): Promise<boolean> {
    const [first, ...others] = owners(user.id);
    if (first === place && others.length === 0) return true;
    const found = await owner(user.id);
    if (found === undefined || found.place === place) return true;
    complain(
      `directory ${place.name}: ${user.username} has the id of somebody in ${found.place.name} and cannot sign in; give ${place.name} a subject_prefix`,
    );
    return false;
  }

  async function findAll(username: string): Promise<readonly (User | undefined)[]> {
    const asked = candidates(username);
    const answers = await Promise.allSettled(asked.map(({ directory }) => directory.find(username)));
    const users: (User | undefined)[] = [];
    for (const [index, one] of answers.entries()) {
      const place = asked[index];
      if (one.status === "rejected") {
        // Behind one that knows the name, a directory that is down keeps nobody out.
        if (users.some((user) => user !== undefined)) users.push(undefined);
        else throw one.reason;
      } else
        users.push(
          one.value !== undefined && place !== undefined && (await isOwn(place, one.value))
            ? one.value
            : undefined,
        );
    }
    return users;
  }

  /** Which of the candidates knew the name a moment ago; -1: none. Good for one check of a password. */
  const found = new Map<string, { readonly index: number; readonly at: EpochMs }>();

  async function find(username: string): Promise<User | undefined> {
    const users = await findAll(username);
    const index = users.findIndex((user) => user !== undefined);
    const key = usernameKey(username);
    found.delete(key);
    found.set(key, { index, at: now() });
    if (found.size > MOST_HOMES) found.delete(found.keys().next().value ?? "");
    return users[index];
  }

  async function indexOf(username: string): Promise<number> {
    const key = usernameKey(username);
    const known = found.get(key);
    found.delete(key);
    if (known !== undefined && now() - known.at < SAME_ACT) return known.index;
    return (await findAll(username)).findIndex((user) => user !== undefined);
  }

  async function checkPassword(username: string, password: Secret): Promise<PasswordCheck> {
    const asked = candidates(username);
    const at = await indexOf(username);
    // Of two people of one name the first in order is meant; the other one's password is not even guessed at.
    const checks = await Promise.allSettled(
      asked.map(({ directory }, index) =>
        directory.checkPassword(index === at ? username : NOBODY, password),
      ),
    );
    const decided = checks[at < 0 ? checks.length - 1 : at];
    if (decided === undefined) return { kind: "unknown" };
    if (decided.status === "rejected") throw decided.reason;
    return at < 0 ? { kind: "unknown" } : decided.value;
  }

  async function list(query: PeopleQuery): Promise<PeoplePage> {
    let [index, after] = cursorOf(query.after, placed.length);
    let skip = query.skip ?? 0;
    const users: User[] = [];
    let next: string | undefined;
    while (index < placed.length) {
      const { directory } = placed[index] as Placed;
      const total = skip > 0 ? await totalOf(directory, query) : 0;
      if (skip > 0 && skip >= total) skip -= total;
      else {
        const page = await directory.list({
          ...query,
          limit: query.limit - users.length,
          after,
          skip,
          total: false,
        });
        skip = 0;
        users.push(...page.users);
        if (page.next !== undefined) {
          next = cursor(index, page.next);
          break;
        }
      }
      index += 1;
      after = undefined;
      if (users.length >= query.limit) {
        if (index < placed.length) next = cursor(index, undefined);
        break;
      }
    }
    if (query.total !== true) return { users, next };
    const totals = await Promise.all(placed.map(({ directory }) => totalOf(directory, query)));
    return { users, next, total: totals.reduce((sum, one) => sum + one, 0) };
  }

  return {
    get: async (id) => (await owner(id))?.user,
    find,
    checkPassword,
    list,
    write: createWriter(placed, owner),
    keptElsewhere: (id) => homeOf(id)?.directory.phones?.(id) !== undefined,
    mayReset: (id) => homeOf(id)?.directory.mayReset?.(id) === true,
    /** Of an id that may be of several it is known once it was found. */
    phones: (id) => homeOf(id)?.directory.phones?.(id),
    check: async () =>
      (await Promise.all(placed.map(async ({ directory }) => (await directory.check?.()) ?? []))).flat(),
    async look(ids) {
      const looks = placed.map(async (place) => {
        const own = ids.filter((id) => owners(id).includes(place));
        if (own.length > 0) await place.directory.look?.(own);
      });
      await Promise.all(looks);
    },
  };
}

/** New people go to the first directory that takes any; changes go to whoever keeps the person. */
function createWriter(
  placed: readonly Placed[],
  owner: (id: Subject) => Promise<{ place: Placed } | undefined>,
): DirectoryWriter {
  type Act<K extends Exclude<keyof DirectoryWriter, "add" | "changeOwn">> = DirectoryWriter[K];
  const at = async (id: Subject) => {
    const found = await owner(id);
    return found === undefined ? "unknown-user" : (found.place.directory.write ?? "kept-elsewhere");
  };
  const act = <K extends Exclude<keyof DirectoryWriter, "add" | "changeOwn">>(name: K): Act<K> =>
    (async (id: Subject, ...rest: readonly unknown[]) => {
      const write = await at(id);
      if (typeof write === "string") return { kind: write };
      return (write[name] as (id: Subject, ...rest: readonly unknown[]) => Promise<unknown>)(id, ...rest);
    }) as unknown as Act<K>;
  return {
    async add(user) {
      for (const { directory } of placed) {
        const added = await directory.write?.add(user);
        if (added !== undefined && added.kind !== "kept-elsewhere") return added;
      }
      return { kind: "kept-elsewhere" };
    },
    change: act("change"),
    setPassword: act("setPassword"),
    async changeOwn(id, present, next) {
      const write = await at(id);
      if (typeof write === "string") return { kind: write };
      return (await write.changeOwn?.(id, present, next)) ?? { kind: "kept-elsewhere" };
    },
    rename: act("rename"),
    setStatus: act("setStatus"),
    setClaims: act("setClaims"),
    setRoles: act("setRoles"),
    remove: act("remove"),
  };
}

const totalOf = async (directory: Directory, query: PeopleQuery): Promise<number> =>
  (await directory.list({ ...query, limit: 1, after: undefined, skip: 0, total: true })).total ?? 0;

/** `*` is anything; everything else is itself. */
function toRule(glob: string): RegExp {
  const parts = usernameKey(glob.replaceAll("*", "\u{e000}")).split("\u{e000}");
  return new RegExp(
    `^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join(".*")}$`,
    "su",
  );
}

const cursor = (index: number, after: string | undefined): string =>
  Buffer.from(JSON.stringify([index, after ?? null])).toString("base64url");

function cursorOf(text: string | undefined, count: number): [number, string | undefined] {
  if (text === undefined) return [0, undefined];
  try {
    const [index, after] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    if (Number.isInteger(index) && (index as number) >= 0 && (index as number) < count)
      return [index as number, typeof after === "string" ? after : undefined];
  } catch {
    // What follows says the same of both.
  }
  throw new RangeError("the cursor is none of this list's");
}
