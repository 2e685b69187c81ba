/** The guard's decisions and the spend ledger in SQL. Decisions hold no number but its last two digits. */
import type { Decision, DecisionStore } from "../../../core/guard.ts";
import type { Channel, SpendRow, SpendStore } from "../../../core/spend.ts";
import { ask, type Database, statement } from "../../../kits/sql/database.ts";

type DecisionRow = {
  readonly seq: number;
  readonly at: number;
  readonly decision: string;
};

const addDecision = statement("insert into sms_decisions (at, decision) values ($1, $2)");
const listDecisions = statement<DecisionRow>(
  "select seq, at, decision from sms_decisions where at >= $1 and seq < $2 order by seq desc limit $3",
);
const forgetOld = statement("delete from sms_decisions where at < $1");
const forgetMany = statement(
  "delete from sms_decisions where seq <= (select max(seq) from sms_decisions) - $1",
);

/** Makes the store of decisions; the table must be there. */
export function createSqlDecisions(database: Database): DecisionStore {
  return {
    async add(decisions) {
      await database.transact(function* () {
        for (const { at, ...rest } of decisions) yield* ask(addDecision, at, JSON.stringify(rest));
        return { keep: undefined };
      });
    },
    async list({ since, before = Number.MAX_SAFE_INTEGER, limit }) {
      const { rows } = await database.run(listDecisions, since, before, limit);
      return rows.map(({ seq, at, decision }) => ({
        ...(JSON.parse(decision) as Omit<Decision, "at">),
        seq: Number(seq),
        at: Number(at),
      }));
    },
    async forget(before, most) {
      await database.run(forgetOld, before);
      await database.run(forgetMany, most);
    },
  };
}

const addSpend = statement(
  `insert into sms_spend (day, country, client, channel, count, estimate, settled, actual)
   values ($1, $2, $3, $4, $5, $6, $7, $8)
   on conflict (day, country, client, channel) do update set count = sms_spend.count + excluded.count,
   estimate = sms_spend.estimate + excluded.estimate, settled = sms_spend.settled + excluded.settled,
   actual = sms_spend.actual + excluded.actual`,
);
const readSpend = statement<SpendRow>(
  `select day, country, client, channel, count, estimate, settled, actual from sms_spend
   where day >= $1 and day <= $2 order by day, country, client, channel`,
);
const totalSpend = statement<{ total: number | string | null }>(
  "select sum(estimate - settled + actual) as total from sms_spend where day >= $1 and day <= $2",
);

/** Makes the store of what was spent; the table must be there. */
export function createSqlSpend(database: Database): SpendStore {
  return {
    async add(rows) {
      const key = ({ day, country, client, channel }: SpendRow) => [day, country, client, channel].join("\0");
      const order = [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
      await database.transact(function* () {
        for (const row of order)
          yield* ask(
            addSpend,
            row.day,
            row.country,
            row.client,
            row.channel,
            row.count,
            row.estimate,
            row.settled,
            row.actual,
          );
        return { keep: undefined };
      });
    },
    async read(from, to) {
      const { rows } = await database.run(readSpend, from, to);
      return rows.map((row) => ({
        ...row,
        channel: row.channel as Channel,
        count: Number(row.count),
        estimate: Number(row.estimate),
        settled: Number(row.settled),
        actual: Number(row.actual),
      }));
    },
    async total(from, to) {
      const { rows } = await database.run(totalSpend, from, to);
      return Number(rows[0]?.total ?? 0);
    },
  };
}
