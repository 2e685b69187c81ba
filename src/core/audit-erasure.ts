/**
 * Takes out of the audit what names a person, and leaves what happened: the kind, the time, the random id of the person,
 * the login, the client and the plain facts. What is left gets a signature over the digest that the seal has of the
 * whole, so `verify` still knows that the event was there and that the server itself, and nobody else, has done this
 * (docs/decisions/0022). Called by compose, for a person and for events that have had their time.
 *
 * An event that has been erased cannot be looked at as it was: neither key nor backup of this server brings it back.
 */
import type { Audit, AuditLedger, AuditRow } from "./audit.ts";
import { digestOf, throughOf } from "./audit-seals.ts";
import { type AuditSigner, ERASED } from "./audit-signature.ts";
import type { Retention } from "./retention.ts";
import type { Clock, Json, Subject } from "./words.ts";

/** Facts that name a person, reach one, or are free text in which somebody may have done so. */
const PERSONAL = new Set([
  "askedFrom",
  "mail",
  "messageId",
  "messageIds",
  "owner",
  "phone",
  "phones",
  "reason",
  "sid",
  "username",
]);
const AT_ONCE = 200;
const DAY = 86_400_000;

export interface AuditErasure {
  /** Erases what is under a seal of a person; answers how many events. `pseudonym` takes the place of their name. */
  person(who: {
    readonly subject: Subject;
    readonly name?: string | undefined;
    readonly pseudonym: string;
  }): Promise<number>;
  /** One small step of what the settings say of old events; true: there is more to do. */
  retain(): Promise<boolean>;
}

export function createAuditErasure(deps: {
  readonly ledger: AuditLedger;
  readonly signer: AuditSigner;
  readonly audit: Pick<Audit, "append">;
  readonly retention: () => Retention;
  readonly now: Clock;
}): AuditErasure {
  const { ledger, signer, audit, retention, now } = deps;
  /** Events before it have been looked at by this process. */
  let looked = 0;
  /** The seal after the last one that was trimmed. */
  let nextSeal = 0;

  /** Undefined: nothing in it names anybody, or it was erased before. */
  function left(row: AuditRow, name?: string, pseudonym?: string): AuditRow | undefined {
    if (row.signature?.startsWith(ERASED) === true) return undefined;
    const facts = row.facts === null ? null : (JSON.parse(row.facts) as Record<string, Json>);
    const kept =
      facts === null
        ? null
        : Object.fromEntries(
            Object.entries(facts)
              .filter(([fact]) => !PERSONAL.has(fact))
              .map(([fact, value]) => [fact, fact === "by" && value === name ? (pseudonym ?? null) : value]),
          );
    const next = { ...row, address: null, facts: kept === null ? null : JSON.stringify(kept) };
    if (row.address === null && next.facts === row.facts) return undefined;
    return { ...next, signature: signer.erased(next, digestOf(row)) };
  }

  const sealed = async () => (await ledger.newestSeal())?.through ?? 0;
  const some = (rows: readonly (AuditRow | undefined)[]) => rows.filter((row) => row !== undefined);

  async function takePersonal(days: number): Promise<boolean> {
    if (days === 0) return false;
    const end = now() - days * DAY;
    const rows = await ledger.rows(looked, await sealed(), AT_ONCE);
    const fresh = rows.findIndex(({ at }) => at >= end);
    const old = fresh < 0 ? rows : rows.slice(0, fresh);
    // Its own rows are what says that others were taken out.
    const gone = some(old.map((row) => (row.kind === "audit-trimmed" ? undefined : left(row))));
    if (gone.length > 0) await ledger.erase(gone);
    looked = old.at(-1)?.seq ?? looked;
    return old.length === AT_ONCE;
  }

  async function takeOut(days: number): Promise<boolean> {
    if (days === 0) return false;
    const [trim] = (await ledger.trims(AT_ONCE)).filter(signer.isSound);
    const before = throughOf(trim);
    if ((await ledger.trim(before, AT_ONCE)) === AT_ONCE) return true;
    // Once a day: each time leaves an event.
    if (trim !== undefined && now() - trim.at < DAY) return false;
    const end = now() - days * DAY;
    let last: { number: number; through: number } | undefined;
    for (;;) {
      const found = await ledger.seals(nextSeal, 20);
      const old = found.filter(({ at }) => at < end);
      last = old.at(-1) ?? last;
      nextSeal = (last?.number ?? nextSeal - 1) + 1;
      if (old.length < 20) break;
    }
    if (last === undefined || last.through <= before) return false;
    const facts = { through: last.through, seal: last.number, days };
    await audit.append({ kind: "audit-trimmed", at: now(), facts });
    return true;
  }

  return {
    async person({ subject, name, pseudonym }) {
      const end = await sealed();
      let count = 0;
      let after = 0;
      for (;;) {
        const rows = (await ledger.about({ subject, name }, after, AT_ONCE)).filter(({ seq }) => seq <= end);
        const gone = some(rows.map((row) => left(row, name, pseudonym)));
        if (gone.length > 0 && (await ledger.erase(gone))) count += gone.length;
        const newest = rows.at(-1);
        if (newest === undefined) return count;
        after = newest.seq;
      }
    },
    async retain() {
      const { auditDays, personalDays } = retention();
      const more = await takePersonal(personalDays);
      return (await takeOut(auditDays)) || more;
    },
  };
}
