/**
 * surfaces/admin/tui: `sallyport tui`, the console of an administrator. Started by main with the way to a server that the
 * command line has found. Everything it shows and does it asks of the admin API; it holds no secret longer than a form is
 * open, writes nothing but the file that an editor works on, and lets nothing through that a terminal would act on.
 */
import type { ApiAnswer } from "../client/api.ts";
import { done, type Outcome } from "../client/trouble.ts";

/** What one operation is asked with. */
export interface Asked {
  /** Values of the path. */
  readonly values?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
}

/** The admin API by the ids of its operations. */
export interface Api {
  readonly host: string;
  /** Whether the server has this operation: an older one may not. */
  has(id: string): boolean;
  call(id: string, asked?: Asked): Promise<Outcome<ApiAnswer>>;
}

/** An entry of a list, before it is known what it holds. */
export type Entry = Readonly<Record<string, unknown>>;

interface Page {
  readonly entries: readonly Entry[];
  readonly next: string | undefined;
  readonly total: number | undefined;
}

const PAGE = "50";

/** One page of a list of the API. */
export async function pageOf(
  api: Api,
  id: string,
  asked: Asked,
  cursor: string | undefined,
): Promise<Outcome<Page>> {
  const query = { limit: PAGE, ...asked.query, ...(cursor === undefined ? {} : { cursor }) };
  const answer = await api.call(id, { ...asked, query });
  if (answer.kind !== "done") return answer;
  const { entries, next, totalEntriesCount } = answer.value.body as {
    entries?: readonly Entry[];
    next?: string;
    totalEntriesCount?: number;
  };
  return done({ entries: entries ?? [], next, total: totalEntriesCount });
}
