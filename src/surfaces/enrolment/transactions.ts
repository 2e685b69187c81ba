/**
 * One enrolment of one person by one client, from the number to the code: the step that the sign-in pages bind a phone by,
 * without its pages. So the numbers that are taken, the budgets, the guard, the tries, the events, the notices and the one
 * place that says by whose authority something is bound are the same, and none of them can be gone round here. What is
 * open is a sealed record; a form's turn is claimed before the step runs, so of any number of calls at once one counts.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Audit } from "../../core/audit.ts";
import type { Authenticators } from "../../core/authenticators.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { User } from "../../core/directory.ts";
import type { Effects, Form, Login, Outcome, Step, StepPage } from "../../core/mechanism.ts";
import type { Records, Storage } from "../../core/records.ts";
import type { Clock, EpochMs, FactorKind, Json, Subject } from "../../core/words.ts";
import type { Caller } from "./caller.ts";

export type Transaction = {
  /** Of the audit, the code and the budgets, as a login's. */
  readonly id: string;
  /** Hash of what the client was told to name it by. */
  readonly key: string;
  readonly subject: Subject;
  readonly client: string;
  /** No person stood behind the token that began it. */
  readonly alone: boolean;
  /** Kinds that the person had shown within the last minutes when it began. */
  readonly fresh: readonly FactorKind[];
  readonly username: string;
  readonly locale: string;
  readonly turn: number;
  readonly endsAt: EpochMs;
  /** The step's own. */
  readonly state: Json;
  /** The phone, once it is bound: there is a name to be given, and nothing else. */
  readonly bound?: string | undefined;
};

/** A transaction whose turn is taken, and what it is committed over. */
export interface Claimed {
  readonly transaction: Transaction;
  readonly version: number | "absent";
  /** What stands there while a new one is tried, and stays where it comes to nothing. */
  readonly before?: Transaction | undefined;
}

export interface TransactionDeps {
  readonly storage: Storage;
  readonly audit: Audit;
  readonly authenticators: Pick<Authenticators, "list">;
  readonly delivery: Pick<Delivery, "deliver">;
  /** Binds a phone for a person who is there, or for one for whom the application alone speaks. */
  readonly steps: { readonly own: Step; readonly alone: Step };
  readonly clientName: (id: string) => string;
  readonly now: Clock;
}

/** Milliseconds; no code lives longer. */
const LIFE = 600_000;

const hashOf = (key: string): string => createHash("sha256").update(key).digest("base64url");
const keyOf = (subject: Subject, client: string): string => `${subject}|${client}`;

/** What is open, in a group for each person. */
export const openEnrolments = (storage: Storage): Records<Transaction> =>
  storage.records<Transaction>("enrolment-transaction");

export function createTransactions(deps: TransactionDeps) {
  const { storage, audit, now } = deps;
  const rows = openEnrolments(storage);

  const stepOf = ({ alone }: Transaction): Step => (alone ? deps.steps.alone : deps.steps.own);
  const loginOf = (one: Transaction, address: string): Login<Json> => ({
    id: one.id,
    state: one.state,
    subject: one.subject,
    username: one.username,
    pinned: true,
    client: { id: one.client, name: deps.clientName(one.client) },
    locale: one.locale,
    endsAt: one.endsAt,
    visitor: { browser: "", address, marks: [] },
    turn: one.turn,
    fresh: one.fresh,
  });
  const turned = (one: Transaction): Transaction => ({ ...one, turn: one.turn + 1 });
  const write = (one: Transaction, expect: number | "absent") =>
    rows.write(keyOf(one.subject, one.client), one, one.endsAt, { group: one.subject, expect });

  return {
    /** A new one, whatever was open before; in no store yet, and without a name. */
    async begin(
      { client, shown, address }: Caller,
      user: User,
      { fresh, locale }: Pick<Transaction, "fresh" | "locale">,
    ): Promise<Claimed | { readonly stopped: string }> {
      const blank: Transaction = {
        id: randomBytes(16).toString("base64url"),
        key: "",
        subject: user.id,
        client,
        alone: shown === undefined,
        fresh,
        username: user.username,
        locale,
        turn: 0,
        endsAt: now() + LIFE,
        state: null,
      };
      const found = await rows.read(keyOf(user.id, client));
      const prepared = await stepOf(blank).prepare(loginOf(blank, address));
      if (prepared.kind === "stop") return { stopped: prepared.reason };
      return {
        transaction: { ...blank, state: prepared.state },
        version: found?.version ?? "absent",
        before: found?.value,
      };
    },

    /** The open one of this person and client; `key`: only if it is the one that the client means. */
    async find(caller: Caller, subject: Subject, key?: string): Promise<Claimed | undefined> {
      const found = await rows.read(keyOf(subject, caller.client));
      if (found === undefined || now() >= found.value.endsAt) return undefined;
      const { value: transaction, version } = found;
      // Whoever began it as a person goes on as that person.
      if (transaction.alone !== (caller.shown === undefined)) return undefined;
      // Hashes of 256 random bits: how far two of them agree says nothing of what would agree further.
      if (key !== undefined && hashOf(key) !== transaction.key) return undefined;
      return { transaction, version };
    },

    /** Takes the turn; undefined: another call was faster. */
    async claim({ transaction, version, before }: Claimed): Promise<Claimed | undefined> {
      const claimed = turned(transaction);
      const stays = before && turned(before);
      const row = write(stays ?? claimed, version);
      return (await storage.commit([row]))
        ? { transaction: claimed, version: row.version, before: stays }
        : undefined;
    },

    /** Names it anew: whoever was told the old name is told nothing more. */
    named(one: Transaction): { readonly key: string; readonly transaction: Transaction } {
      const key = randomBytes(32).toString("base64url");
      return { key, transaction: { ...one, key: hashOf(key) } };
    },

    submit: (one: Transaction, form: Form, address: string): Promise<Outcome<Json>> =>
      stepOf(one).authenticate(loginOf(one, address), form),

    /** Commits what a step has made of it, with what the audit says, and sends. false: another call was faster. */
    async settle(one: Transaction, expect: Claimed["version"], effects: Effects): Promise<boolean> {
      const { writes = [], events = [], deliver } = effects;
      const done = await storage.commit([write(one, expect), ...writes], events);
      if (!done) for (const event of events) await audit.append(event);
      if (done && deliver !== undefined) await deps.delivery.deliver(deliver);
      return done;
    },

    view: async (one: Transaction, address: string): Promise<StepPage> =>
      (await stepOf(one).view(loginOf(one, address))).page,

    end: ({ subject, client }: Transaction): Promise<void> => rows.remove(keyOf(subject, client)),
  };
}

export type Transactions = ReturnType<typeof createTransactions>;
