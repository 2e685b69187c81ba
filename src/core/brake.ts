/**
 * The server-wide brake on guessing: one code tried at each of a million stolen passwords never meets an account's counter.
 * Over ten minutes at least so many wrong codes, and more than such a share of all, make new codes longer and double the
 * waits, on every node, until half an hour was quiet. Told of every comparison by codes.ts, asked by whoever reads limits;
 * it refuses nobody. Its counts are those of tallies.ts, with their error of a few seconds.
 */
import type { Audit } from "./audit.ts";
import type { Storage } from "./records.ts";
import type { Limits } from "./settings.ts";
import type { Tallies } from "./tallies.ts";
import type { Clock, EpochMs } from "./words.ts";

export interface Brake {
  /** A code was compared. */
  told(wrong: boolean): void;
  /** The limits as they are in force now. */
  tightened(limits: Limits): Limits;
  /** Looks at the counts of all nodes; called every few seconds. */
  look(): Promise<void>;
  readonly since: EpochMs | undefined;
}

export interface BrakeDeps {
  readonly tallies: Tallies;
  readonly storage: Storage;
  readonly limits: () => Limits;
  readonly audit: Audit;
  readonly now: Clock;
  /** Told once, by the node that found out. */
  readonly onAlarm: (text: string) => void;
}

type Row = { readonly since: EpochMs; readonly until: EpochMs };

const MINUTE = 60_000;
const WINDOW = 10;
const DIGITS = 8;
const KIND = "codes";
const NAME = "all";
const KEEP = 86_400_000;

/** Whether so many wrong codes of so many pull the brake. */
export const pulls = (compared: number, wrong: number, limits: Limits): boolean =>
  wrong >= limits.brakeFailures && wrong * 100 > compared * limits.brakeShare;

export function createBrake(deps: BrakeDeps): Brake {
  const { tallies, limits, audit, now, onAlarm } = deps;
  const rows = deps.storage.records<Row>("brake");
  let known: Row | undefined;
  const isOn = () => known !== undefined && now() < known.until;

  async function counts() {
    const slots = await tallies.read(KIND, NAME, Math.floor(now() / MINUTE) - WINDOW + 1);
    const sum = (of: (slot: { a: number; b: number }) => number) =>
      slots.reduce((total, slot) => total + of(slot), 0);
    return { compared: sum(({ a }) => a), wrong: sum(({ b }) => b) };
  }

  async function pull(compared: number, wrong: number): Promise<void> {
    const at = now();
    const until = at + limits().brakeQuiet * MINUTE;
    const { row, begun } = await rows.update("server", (current) => {
      const on = current !== undefined && at < current.until;
      const write = { since: on ? current.since : at, until };
      return { result: { row: write, begun: !on }, write, expiresAt: until + KEEP };
    });
    known = row;
    if (!begun) return;
    await audit.append({ kind: "brake-on", at, facts: { compared, wrong } });
    onAlarm(
      `${wrong} of ${compared} codes typed in the last ten minutes were wrong: somebody may be guessing at many accounts. New codes have ${DIGITS} digits and waits are doubled until ${limits().brakeQuiet} minutes are quiet.`,
    );
  }

  /** The first node that finds it over says so. */
  async function release(): Promise<void> {
    const mine = await rows.update("server", (current) =>
      current === undefined || now() < current.until
        ? { result: false }
        : { result: true, remove: true as const },
    );
    known = await rows.get("server");
    if (mine) await audit.append({ kind: "brake-off", at: now() });
  }

  return {
    told: (wrong) => tallies.add(KIND, NAME, Math.floor(now() / MINUTE), 1, wrong ? 1 : 0),
    tightened: (plain) =>
      isOn()
        ? {
            ...plain,
            codeDigits: Math.max(DIGITS, plain.codeDigits),
            resendAfter: plain.resendAfter.map((seconds) => seconds * 2),
            pauses: plain.pauses.map((minutes) => minutes * 2),
          }
        : plain,
    async look() {
      const { compared, wrong } = await counts();
      if (pulls(compared, wrong, limits())) return pull(compared, wrong);
      known = await rows.get("server");
      if (known !== undefined && now() >= known.until) await release();
    },
    get since() {
      return isOn() ? known?.since : undefined;
    },
  };
}
