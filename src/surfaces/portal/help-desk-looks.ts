/**
 * How often one agent has looked for somebody, found or not, and whose page is open to them for an hour. One row for each
 * agent, of a bounded size: nothing here grows with the number of people.
 */
import type { Storage } from "../../core/records.ts";
import type { Clock, EpochMs, Subject } from "../../core/words.ts";

type Looks = {
  /** The hour and the day that are counted, and how many were. */
  readonly hour: number;
  readonly inHour: number;
  readonly day: number;
  readonly inDay: number;
  readonly open: readonly (readonly [subject: Subject, until: EpochMs])[];
};

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** As many in a day as in so many hours. */
const HOURS_A_DAY = 8;
const MOST_OPEN = 200;

export function createLooks(deps: {
  readonly storage: Storage;
  readonly searchesPerHour: () => number;
  readonly now: Clock;
}) {
  const { now } = deps;
  const rows = deps.storage.records<Looks>("desk-looks");
  const none = (): Looks => ({
    hour: Math.floor(now() / HOUR),
    inHour: 0,
    day: Math.floor(now() / DAY),
    inDay: 0,
    open: [],
  });
  const current = (row: Looks | undefined): Looks => {
    const fresh = none();
    if (row === undefined) return fresh;
    return {
      hour: fresh.hour,
      inHour: row.hour === fresh.hour ? row.inHour : 0,
      day: fresh.day,
      inDay: row.day === fresh.day ? row.inDay : 0,
      open: row.open.filter(([, until]) => until > now()),
    };
  };

  return {
    /** Counts one; false: it is one too many. */
    take: (agent: Subject): Promise<boolean> =>
      rows.update(agent, (row) => {
        const looks = current(row);
        const most = deps.searchesPerHour();
        if (looks.inHour >= most || looks.inDay >= most * HOURS_A_DAY) return { result: false };
        const write = { ...looks, inHour: looks.inHour + 1, inDay: looks.inDay + 1 };
        return { result: true, write, expiresAt: now() + 2 * DAY };
      }),
    open: (agent: Subject, people: readonly Subject[]): Promise<void> =>
      rows.update(agent, (row) => {
        const looks = current(row);
        const until = now() + HOUR;
        const others = looks.open.filter(([subject]) => !people.includes(subject));
        const open = [...others, ...people.map((subject) => [subject, until] as const)].slice(-MOST_OPEN);
        return { result: undefined, write: { ...looks, open }, expiresAt: now() + 2 * DAY };
      }),
    isOpen: async (agent: Subject, person: Subject): Promise<boolean> =>
      current(await rows.get(agent)).open.some(([subject]) => subject === person),
  };
}
