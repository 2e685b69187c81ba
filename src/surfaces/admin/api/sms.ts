/** Reads of the spend ledger, of the guard's decisions and of the test numbers. */
import type { DecisionStore } from "../../../core/guard.ts";
import type { Settings } from "../../../core/settings.ts";
import { dayOf, MICRO, type SpendStore, spent } from "../../../core/spend.ts";
import { isActive } from "../../../core/test-numbers.ts";
import type { Clock } from "../../../core/words.ts";
import * as contract from "../contract/sms.ts";
import { type Handler, handle, refuse } from "./call.ts";
import type { Cursors } from "./lists.ts";

export interface SmsDeps {
  readonly store: { readonly spend: SpendStore; readonly decisions: DecisionStore };
  readonly settings: Settings;
  readonly cursors: Cursors;
  readonly now: Clock;
}

const LIST = "sms decisions";
const DAY = 86_400_000;

export function smsHandlers({ store, settings, cursors, now }: SmsDeps): readonly Handler[] {
  return [
    handle(contract.getSpend, async ({ query }) => {
      const from = query.from ?? `${dayOf(now()).slice(0, 7)}-01`;
      const to = query.to ?? dayOf(now());
      const rows = (await store.spend.read(from, to)).map((row) => ({
        ...row,
        estimate: row.estimate / MICRO,
        actual: row.actual / MICRO,
        total: spent(row) / MICRO,
      }));
      return { body: { from, to, total: rows.reduce((sum, { total }) => sum + total, 0), rows } };
    }),
    handle(contract.getSmsDecisions, async ({ query }) => {
      const { cursor, since, limit } = query;
      const place = cursor === undefined ? undefined : cursors.open(LIST, cursor);
      if (cursor !== undefined && place === undefined)
        return refuse(400, "cursor", "cursor: is not one that this list has given out");
      const found = await store.decisions.list({
        since: since === undefined ? now() - DAY : Date.parse(since),
        before: place === undefined ? undefined : Number(place),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1)?.seq;
      const decisions = page.map((one) => ({ ...one, at: new Date(one.at).toISOString() }));
      const more = found.length > limit && last !== undefined;
      return { body: { decisions, ...(more ? { next: cursors.seal(LIST, String(last)) } : {}) } };
    }),
    handle(contract.getTestNumbers, async () => ({
      body: settings.document().testNumbers.map(({ code: _code, ...one }) => ({
        ...one,
        active: isActive({ ...one, code: "" }, now()),
      })),
    })),
  ];
}
