/**
 * How many people of a directory lost their phone, or had it changed, within an hour. A few are removals by hand; many are a job gone wrong,
 * and then nobody may bind a new phone by a password alone because of it. Counted over all nodes.
 */
import type { Audit } from "./audit.ts";
import type { PhoneBook } from "./directory.ts";
import type { Enrolment } from "./enrolment.ts";
import type { Storage } from "./records.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

const HOUR = 3_600_000;
/** More than so many, or than one in a hundred of those who have a number; of a handful of people two may go. */
const MOST = 10;
const LEAST = 2;
const MOST_KEPT = 100;

type Row = {
  readonly losses: readonly { readonly subject: Subject; readonly at: EpochMs }[];
  readonly told: boolean;
};

export interface Losses {
  /** Counts one; true: they are too many. The windows that were opened for the first of them are closed then. */
  add(book: PhoneBook, subject: Subject): Promise<boolean>;
}

export function createLosses(deps: {
  readonly storage: Storage;
  readonly enrolment: () => Pick<Enrolment, "closeWindow">;
  readonly audit: Pick<Audit, "append">;
  readonly now: Clock;
  readonly complain: (text: string) => void;
}): Losses {
  const { now } = deps;
  const rows = deps.storage.records<Row>("directory-losses");
  const bounds = new Map<string, { readonly most: number; readonly at: EpochMs }>();

  async function boundOf(book: PhoneBook): Promise<number> {
    const known = bounds.get(book.name);
    if (known !== undefined && now() - known.at < HOUR) return known.most;
    const holders = await book.count(MOST * 100);
    const most = Math.max(LEAST, Math.min(MOST, Math.floor(holders / 100)));
    bounds.set(book.name, { most, at: now() });
    return most;
  }

  return {
    async add(book, subject) {
      const most = await boundOf(book);
      const at = now();
      const { losses, first } = await rows.update(book.name, (row) => {
        const recent = (row?.losses ?? []).filter((one) => at - one.at < HOUR && one.subject !== subject);
        const all = [...recent, { subject, at }].slice(-MOST_KEPT);
        const told = (row?.told ?? false) && recent.length > 0;
        const isMass = all.length > most;
        return {
          result: { losses: all, first: isMass && !told },
          write: { losses: all, told: told || isMass },
          expiresAt: at + HOUR,
        };
      });
      if (losses.length <= most) return false;
      if (!first) return true;
      const facts = { directory: book.name, people: losses.length };
      await deps.audit.append({ kind: "directory-loss", at, facts });
      deps.complain(
        `directory ${book.name}: ${losses.length} people have lost their phone there within an hour, or had it changed, which looks like a job gone wrong; nobody may bind a new one because of it. Put the values back, or open the way for single people with sallyport`,
      );
      for (const { subject: one } of losses) await deps.enrolment().closeWindow(one, "sms");
      return true;
    },
  };
}
