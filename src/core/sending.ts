/**
 * Whether one more text or call may go out. Asked by the factor that sends, after the password and before anything is
 * sent; it sends nothing and knows no code. All budgets of a send are drawn in one commit, all or none, so that they hold
 * over nodes and restarts; a crash after it has cost the person one send.
 *
 * What nearly every send draws on (country, server) a process draws in blocks of at most a hundredth of the budget, and
 * hands out from memory until the five minutes are over in which they were drawn; what is left goes back with the next
 * block. A process that dies has spent its block: never more than the budget goes out, and at most a hundredth a node less.
 *
 * Unanswered sends are what is counted for an owner: a right code clears the lane it came from (`proven`), so a person who
 * signs in thirty times a day is never told to wait, and somebody who floods a phone is after five.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Breakage } from "./errors.ts";
import type { Storage, Versioned, Write } from "./records.ts";
import { type Draw, drawsOf, type SendFacts } from "./sending-draws.ts";
import type { SendingSettings, SendScope } from "./sending-settings.ts";
import { added, isEmpty, left, slotOf, trimmed, WINDOW_LIFE, type Window } from "./sending-windows.ts";
import { createTurns } from "./turns.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

/** Why a send was refused, beyond budgets: the emergency switch, the month's money, the guard, an address abroad. */
export type SendRefusal = SendScope | "stopped" | "spend" | "guard" | "elsewhere";

export interface SendRequest extends SendFacts {
  readonly login: string;
  readonly client: string;
}

export type Reserved =
  | { readonly kind: "go" }
  /** `until`: from when on it is worth asking again, where that can be said. */
  | { readonly kind: "refused"; readonly why: SendRefusal; readonly until?: EpochMs | undefined };

/** A login whose code nobody has typed yet. */
export type OpenSend = SendFacts & {
  /** To this number; those to numbers that the login was tried with before are `earlier`. */
  readonly sends: number;
  readonly earlier?: readonly Pick<OpenSend, "e164" | "country" | "sends">[] | undefined;
  readonly at: EpochMs;
};

export interface Sending {
  reserve(request: SendRequest): Promise<Reserved>;
  /** The code of this login was right: what to commit with that, and what was open. */
  proven(
    subject: Subject,
    login: string,
    fresh: boolean,
  ): Promise<{ readonly writes: readonly Write[]; readonly open: OpenSend | undefined }>;
  /** The login ended with another factor; answers what was open. */
  abandoned(subject: Subject, login: string): Promise<OpenSend | undefined>;
}

export interface SendingDeps {
  readonly storage: Storage;
  readonly settings: () => SendingSettings;
  readonly now: Clock;
  /** What is asked before any budget, in order; each says why not. */
  readonly gates?: readonly ((request: SendRequest) => Promise<SendRefusal | undefined>)[] | undefined;
  /** One more has gone through. */
  readonly onSend?: ((request: SendRequest) => void) | undefined;
}

type Row = {
  readonly windows: { readonly [name: string]: Window };
  readonly open?: { readonly [login: string]: OpenSend };
};
/** What a process has drawn of a shared budget and not handed out; good within its slot. */
interface Block {
  readonly slot: number;
  readonly at: EpochMs;
  left: number;
}

/** A row that one send draws on, as it is to be. */
interface Changed {
  readonly found: Versioned<Row> | undefined;
  readonly windows: Record<string, Window>;
  open: Row["open"];
}

const ROUNDS = 100;
const LONGEST_WAIT_MS = 50;
const MOST_OPEN = 8;
/** A login's codes are over by then. */
const OPEN_LIFE = 3_600_000;
const EMPTY: Row = { windows: {} };
const accountRow = (subject: Subject) => `account ${subject}`;
const laneOf = (name: string): string => name.split(" ")[name.startsWith("phone ") ? 1 : 0] ?? "";

/** What is left of a budget. `until`: from when on there is something again. */
export interface BudgetLeft {
  readonly scope: SendScope;
  readonly left: number;
  readonly until: EpochMs | undefined;
  readonly hour: number;
  readonly day: number;
}

/**
 * What one more send would draw on, as the rows have it; draws nothing. What nodes have drawn in blocks and not handed out
 * counts as sent here: of a shared budget at most a hundredth a node.
 */
export function lookAtBudgets(
  { storage, now, settings }: Pick<SendingDeps, "storage" | "now" | "settings">,
  facts: SendFacts,
): Promise<readonly BudgetLeft[]> {
  const rows = storage.records<Row>("sends");
  return Promise.all(
    drawsOf(facts, settings()).map(async ({ scope, row, name, budget }) => {
      const free = left((await rows.get(row))?.windows[name], budget, now());
      return { scope, left: free.left, until: free.left < 1 ? free.until : undefined, ...budget };
    }),
  );
}

export function createSending(deps: SendingDeps): Sending {
  const { storage, now, settings } = deps;
  const rows = storage.records<Row>("sends");
  const blocks = new Map<string, Block>();
  const turns = createTurns({ perKey: 1_000, overall: 10_000 });
  const blockName = ({ row, name }: Draw) => `${row}\0${name}`;

  /** Hands one out of a block, where there is one. */
  function fromBlock(draw: Draw): Block | undefined {
    const block = draw.shared ? blocks.get(blockName(draw)) : undefined;
    if (block === undefined || block.left === 0 || block.slot !== slotOf(now())) return undefined;
    block.left -= 1;
    return block;
  }

  type Attempt =
    | { readonly kind: "go" | "again" }
    | { readonly kind: "refused"; readonly why: SendScope; readonly until: EpochMs };

  async function attempt(draws: readonly Draw[], request: SendRequest, fresh: boolean): Promise<Attempt> {
    const at = now();
    const account = accountRow(request.subject);
    const taken: Block[] = [];
    const giveBack = () => {
      for (const block of taken) block.left += 1;
    };
    const made: { readonly name: string; readonly block: Block }[] = [];
    const changed = new Map<string, Changed>();
    for (const draw of draws) {
      const block = fromBlock(draw);
      if (block !== undefined) {
        taken.push(block);
        continue;
      }
      let entry = changed.get(draw.row);
      if (entry === undefined) {
        const known = fresh ? undefined : rows.recall(draw.row);
        // A row of one's own is there where a code was not typed, and that is seldom: the commit says whether it is.
        const isOwn = draw.row === account;
        const found = known ?? (isOwn && !fresh ? undefined : await rows.read(draw.row));
        const { windows, open } = found?.value ?? EMPTY;
        entry = { found, windows: Object.assign(named<Window>(), windows), open };
        changed.set(draw.row, entry);
      }
      const old = draw.shared ? blocks.get(blockName(draw)) : undefined;
      // What an earlier block has left was never sent.
      const window =
        old === undefined ? entry.windows[draw.name] : added(entry.windows[draw.name], -old.left, old.at, at);
      const free = left(window, draw.budget, at);
      if (free.left < 1) {
        giveBack();
        return { kind: "refused", why: draw.scope, until: free.until };
      }
      const wanted = draw.shared ? Math.max(1, Math.floor(draw.budget.hour / 100)) : 1;
      const count = Math.min(wanted, free.left);
      if (draw.shared) made.push({ name: blockName(draw), block: { slot: slotOf(at), at, left: count - 1 } });
      entry.windows[draw.name] = added(window, count, at, at);
    }
    const own = changed.get(account);
    if (own !== undefined) own.open = withOpen(own.open, request, at);
    const writes: Write[] = [];
    for (const [key, { found, windows, open }] of changed) {
      const row: Row = { windows: alive(windows, at), ...(open === undefined ? {} : { open }) };
      writes.push(rows.write(key, row, at + WINDOW_LIFE, { expect: found?.version ?? "absent" }));
    }
    if (await storage.commit(writes)) {
      for (const { name, block } of made) blocks.set(name, block);
      return { kind: "go" };
    }
    giveBack();
    return { kind: "again" };
  }

  async function reserve(request: SendRequest): Promise<Reserved> {
    if (settings().stopped) return { kind: "refused", why: "stopped" };
    for (const gate of deps.gates ?? []) {
      const why = await gate(request);
      if (why !== undefined) return { kind: "refused", why };
    }
    const draws = drawsOf(request, settings());
    for (let round = 0; round < ROUNDS; round += 1) {
      const result = await attempt(draws, request, round > 0);
      if (result.kind === "go") {
        deps.onSend?.(request);
        return { kind: "go" };
      }
      // What was remembered may be outdated: only what was read refuses anybody.
      if (result.kind === "refused" && round > 0) return result;
      if (round > 0) await sleep(randomInt(1, Math.min(2 ** round, LONGEST_WAIT_MS) + 2));
    }
    throw new Breakage("store-conflict", "Too many sends at once.", { retryAfter: 1 });
  }

  return {
    // Within this process those of one block of numbers one after the other; with other processes the commits decide.
    reserve: (request) => turns.take(request.e164.slice(0, -4), () => reserve(request)),

    async proven(subject, login, fresh) {
      const key = accountRow(subject);
      const known = fresh ? undefined : rows.recall(key);
      // What another node has written since, nobody here remembers.
      const found = known?.value.open?.[login] === undefined ? await rows.read(key) : known;
      const open = found?.value.open?.[login];
      if (found === undefined || open === undefined) return { writes: [], open };
      const { [login]: _done, ...others } = found.value.open ?? {};
      const kept = Object.entries(found.value.windows).filter(
        ([name]) => open.lane === "stranger" || laneOf(name) !== open.lane,
      );
      const isOver = kept.length === 0 && Object.keys(others).length === 0;
      const row: Row | null = isOver ? null : { windows: Object.fromEntries(kept), open: others };
      return {
        writes: [rows.write(key, row, now() + WINDOW_LIFE, { expect: found.version })],
        open,
      };
    },

    abandoned: (subject, login) =>
      rows.update<OpenSend | undefined>(accountRow(subject), (current) => {
        const { [login]: open, ...others } = current?.open ?? {};
        if (current === undefined || open === undefined) return { result: undefined };
        return { result: open, write: { ...current, open: others }, expiresAt: now() + WINDOW_LIFE };
      }),
  };
}

/** A row of a block of numbers or of a person who changes phones must not grow: what is over goes. */
function alive(windows: Readonly<Record<string, Window>>, at: EpochMs): Row["windows"] {
  const left = named<Window>();
  for (const name of Object.keys(windows)) {
    const window = trimmed(windows[name] as Window, at);
    if (!isEmpty(window)) left[name] = window;
  }
  return left;
}

function withOpen(before: Row["open"], request: SendRequest, at: EpochMs): NonNullable<Row["open"]> {
  const { login, subject, e164, country, address, lane } = request;
  const known = before?.[login];
  const isSame = known?.e164 === e164;
  const earlier =
    known === undefined || isSame
      ? known?.earlier
      : [...(known.earlier ?? []), { e164: known.e164, country: known.country, sends: known.sends }];
  const sends = isSame ? known.sends + 1 : 1;
  const open: OpenSend = { subject, e164, country, address, lane, sends, earlier, at };
  const next = named<OpenSend>();
  if (before === undefined) {
    next[login] = open;
    return next;
  }
  const others = Object.entries(before)
    .filter(([id, one]) => id !== login && Math.abs(at - one.at) < OPEN_LIFE)
    .sort(([, a], [, b]) => b.at - a.at)
    .slice(0, MOST_OPEN - 1);
  for (const [id, one] of others) next[id] = one;
  next[login] = open;
  return next;
}

/** For names that come once and never again: an object of the common kind would get a shape of its own for each. */
const named = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;
