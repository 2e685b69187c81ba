/**
 * Slows the guessing of passwords without letting a stranger lock anybody out. Called by whatever is about to compare a
 * password, before it does (P13); compares nothing itself. A slot counts as a failure until it is settled as right, so
 * a crash can only cost the person a try. A try during a wait is neither compared nor counted.
 *
 * Counters belong to the account (the subject, or the username's key where nobody has it: unknown names behave the same,
 * P11), whatever name was typed (P12). Three lanes, each with its own waits (`throttle-lanes.ts`):
 * - `device`: a browser in which this account signed in before. Strangers cannot fill it. 5 free failures, then 5 s
 *   doubling to 15 min; after 50 the browser counts as a stranger.
 * - `place`: the network a stranger comes from. 5 free failures, then 5 s doubling to 15 min.
 * - `strangers`: all strangers together. 10 free, then 2 s doubling to 60 s; from 100 on 15 min, from 200 on 1 h.
 * A right password clears its own device or place, and takes that place's failures (not other people's) from the
 * strangers' count (NIST SP 800-63B-4 §3.2.2).
 * Zones, over all accounts: an IPv4 address or a /64 may fail 100 times an hour, a /48 1000 times; beyond that, tries
 * are let in at that rate. Right passwords cost nothing, known devices are exempt.
 *
 * The odds. However many addresses guess at one account: 100 guesses in an hour and a half, 200 in 27 h, then 24 a day,
 * at any pace less than 9300 a year, and signing in does not give the guessers new ones. NIST's 100 is a bound on consecutive failures
 * after which the authenticator is disabled. For passwords that would be a switch with which anybody turns anybody off
 * (P14, ASVS 6.1.1), so after 100 strangers are slowed to NIST's longest delay instead: known devices go on as if
 * nothing had happened, and a person on a new device waits for at most 15 min, later an hour, unless a guesser takes
 * that very slot. Who wants the letter of NIST gives `strangers` a stage { after: 100, first: MEMORY, cap: MEMORY }: then
 * only known devices and `forget` remain until there was a week without a try (at most 5300 guesses a year).
 * Spraying: one address gets at most 2500 guesses a day over all accounts.
 */
import { type Along, type Claim, pause, ROUNDS } from "./claim.ts";
import { Breakage } from "./errors.ts";
import { networksOf } from "./network.ts";
import type { Change, Records } from "./records.ts";
import {
  type Count,
  counted,
  DEFAULT_THROTTLE_LIMITS,
  pruned,
  remaining,
  rowEnd,
  type Stage,
  type ThrottleLimits,
  type ThrottleRow,
  uncounted,
} from "./throttle-lanes.ts";
import { createZones } from "./throttle-zones.ts";
import { createTurns } from "./turns.ts";
import { usernameKey } from "./username.ts";
import type { Clock, Seconds, Subject } from "./words.ts";

/** Who tries, as the caller knows it. */
export interface Try {
  /** The account, if somebody has the username. */
  readonly subject: Subject | undefined;
  readonly username: string;
  /** The client's network address in canonical form. */
  readonly address: string;
  /** Names the browser if it is a known device of this very account; the caller has verified its mark. */
  readonly device: string | undefined;
}

/** `not-compared`: no password was looked at; the try is given back. */
export type TryOutcome = "right" | "wrong" | "not-compared";

export type Slot =
  | {
      readonly kind: "go";
      settle(outcome: TryOutcome): Promise<void>;
      /** Settles it as right in a commit of the caller's, instead of one of its own. */
      right(): Promise<Along>;
    }
  | { readonly kind: "wait"; readonly seconds: Seconds };

export interface Throttle {
  /** Takes a slot or says how long to wait. Settle it once; a slot never settled stays a failure. */
  reserve(who: Try): Promise<Slot>;
  /**
   * The same, and takes the turn of a form in the commit of the slot. Who has to wait may have committed nothing; `lost`:
   * another form has had the turn, and nothing was counted.
   */
  reserveBy(claim: Claim, who: Try): Promise<Slot | { readonly kind: "lost" }>;
  /** How long this try would have to wait now; takes no slot. For whoever explains a sign-in. */
  look(who: Try): Promise<{ readonly seconds: Seconds; readonly failures: number }>;
  /** Forgets all failures of an account: an administrator's act. */
  forget(subject: Subject): Promise<void>;
}

export interface ThrottleDeps {
  /** Of one kind, for this alone. Rows hold networks and counts; their names are keyed below (storage.ts). */
  readonly records: Records<ThrottleRow>;
  readonly now: Clock;
  readonly limits?: ThrottleLimits | undefined;
}

interface Lane {
  readonly name: string;
  readonly stages: readonly Stage[];
}

/** What a slot changed in one lane, to be able to give it back. */
interface Taken extends Lane {
  readonly slot: Count;
  readonly before: number;
}

type Taking =
  | { readonly kind: "wait"; readonly seconds: Seconds }
  | { readonly kind: "taken"; readonly lanes: readonly Taken[]; readonly stranger: boolean };

const STRANGERS = "strangers";
/** Bounds on what one row keeps; the strangers' lane still counts whoever falls out. */
const MOST_LANES = { place: 16, device: 8 };

/** Makes the throttle. On a right password it costs two writes of one row and a read. */
export function createThrottle(deps: ThrottleDeps): Throttle {
  const { records, now, limits = DEFAULT_THROTTLE_LIMITS } = deps;
  const zones = createZones({ records, now, perHour: limits.zone });
  const turns = createTurns({ perKey: 1_000, overall: 10_000 });

  const take = (stored: ThrottleRow = {}, who: Try, place: string): Change<ThrottleRow, Taking> => {
    const at = now();
    const row = pruned(stored, MOST_LANES, at);
    const own = `device ${who.device}`;
    const known = who.device !== undefined && (row[own]?.failures ?? 0) < limits.deviceTrust;
    const lanes: readonly Lane[] = known
      ? [{ name: own, stages: limits.device }]
      : [
          { name: `place ${place}`, stages: limits.place },
          { name: STRANGERS, stages: limits.strangers },
        ];
    const wait = Math.max(...lanes.map(({ name, stages }) => remaining(stages, row[name], at)));
    if (wait > 0) return { result: { kind: "wait", seconds: Math.ceil(wait / 1000) } };
    const taken = lanes.map((lane) => ({
      ...lane,
      slot: counted(lane.stages, row[lane.name], at),
      before: row[lane.name]?.openAt ?? 0,
    }));
    const slots = Object.fromEntries(taken.map(({ name, slot }) => [name, slot]));
    const write = pruned({ ...row, ...slots }, MOST_LANES, at);
    return {
      result: { kind: "taken", lanes: taken, stranger: !known },
      write,
      expiresAt: rowEnd(write),
    };
  };

  const giveBack = (
    row: ThrottleRow = {},
    lanes: readonly Taken[],
    forgive: boolean,
    device: string,
  ): Change<ThrottleRow, undefined> => {
    const next: Record<string, Count> = { ...row };
    const own = lanes.find(({ name }) => name !== STRANGERS);
    const times = forgive && own !== undefined ? (row[own.name]?.failures ?? 1) : 1;
    for (const { name, slot, before } of lanes) {
      const left = uncounted(row[name], times, slot, before);
      if (left === undefined) delete next[name];
      else next[name] = left;
    }
    if (forgive) delete next[device];
    return Object.keys(next).length === 0
      ? { result: undefined, remove: true }
      : { result: undefined, write: next, expiresAt: rowEnd(next) };
  };

  /** Takes the slot in the commit that takes the turn of a form: a second click is no second try. */
  async function takeBy(
    claim: Claim,
    account: string,
    who: Try,
  ): Promise<Taking | { readonly kind: "lost" }> {
    const { place } = networksOf(who.address);
    for (let round = 0; round < ROUNDS; round += 1) {
      // Nearly nobody has failed: what this process does not remember is not there, until the commit says otherwise.
      const found = round === 0 ? records.recall(account) : await records.read(account);
      const change = take(found?.value, who, place);
      if (!("write" in change)) {
        // Only what was read tells anybody to wait.
        if (round === 0) continue;
        return change.result;
      }
      const expect = found?.version ?? "absent";
      const done = await claim.commit([records.write(account, change.write, change.expiresAt, { expect })]);
      if (done === "done") return change.result;
      if (done === "lost") return { kind: "lost" };
      await pause(round);
    }
    throw new Breakage("store-conflict", "Too many tries of one account at once.", { retryAfter: 1 });
  }

  const accountOf = (who: Try): string =>
    who.subject === undefined ? `name ${usernameKey(who.username)}` : person(who.subject);

  return {
    async look(who) {
      const { zones: names, place } = networksOf(who.address);
      const row = await records.get(accountOf(who));
      // The very rule that takes a slot, of which only the answer is wanted.
      const { result } = take(row, who, place);
      const zone = result.kind === "taken" && result.stranger ? await zones.look(names) : 0;
      const failures = Math.max(0, ...Object.values(row ?? {}).map((lane) => lane.failures));
      return { seconds: result.kind === "wait" ? result.seconds : zone, failures };
    },
    async reserve(who) {
      const { place } = networksOf(who.address);
      return slotOf(who, await records.update(accountOf(who), (row) => take(row, who, place)));
    },
    async reserveBy(claim, who) {
      const account = accountOf(who);
      const taking = await turns.take(account, () => takeBy(claim, account, who));
      return taking.kind === "lost" ? taking : slotOf(who, taking);
    },
    forget: (subject) => records.remove(person(subject)),
  };

  async function slotOf(who: Try, taking: Taking): Promise<Slot> {
    if (taking.kind === "wait") return taking;
    const account = accountOf(who);
    const networks = networksOf(who.address);
    const restore = (forgive: boolean) =>
      records.update(account, (row) => giveBack(row, taking.lanes, forgive, `device ${who.device}`));
    const zone = taking.stranger ? await zones.reserve(networks.zones) : undefined;
    if (zone?.kind === "wait") {
      await restore(false);
      return zone;
    }
    let settled = false;
    return {
      kind: "go",
      async settle(outcome) {
        if (settled) return;
        settled = true;
        await zone?.settle(outcome === "wrong");
        if (outcome !== "wrong") await restore(outcome === "right");
      },
      async right() {
        settled = true;
        await zone?.settle(false);
        return {
          async writes(again) {
            const found = (again ? undefined : records.recall(account)) ?? (await records.read(account));
            const change = giveBack(found?.value, taking.lanes, true, `device ${who.device}`);
            const expect = found?.version ?? "absent";
            if ("write" in change)
              return [records.write(account, change.write, change.expiresAt, { expect })];
            return found === undefined ? [] : [records.write(account, null, 0, { expect: found.version })];
          },
          done: () => {},
          dropped: () => restore(true),
        };
      },
    };
  }
}

const person = (subject: Subject): string => `person ${subject}`;
