/**
 * What a login enters next: the step its mechanism asks for, what has to be bound behind that, or its end. Called by the
 * walk alone, which commits what comes of it.
 */
import type { Authenticator } from "./authenticators.ts";
import { Breakage } from "./errors.ts";
import { type Attained, attain, satisfies } from "./gate.ts";
import type { LoginRecord } from "./login.ts";
import type {
  Effects,
  Factor,
  Login,
  Mechanism,
  Prepared,
  Step,
  StopReason,
  Task,
  Visitor,
} from "./mechanism.ts";
import type { StandIns } from "./stand-in.ts";
import type { BeforeDeps, createBefore } from "./walk-before.ts";
import { endingScript } from "./walk-shown.ts";
import type { createWays } from "./walk-ways.ts";
import type { FactorKind, Json, Subject } from "./words.ts";

/** A record to be stored and what goes with it. */
export type Entered = { readonly record: LoginRecord; readonly effects: Effects };

export interface EnteringDeps
  extends ReturnType<typeof createBefore>,
    Pick<BeforeDeps, "demands">,
    Pick<ReturnType<typeof createWays>, "waysFrom"> {
  readonly factors: ReadonlyMap<string, Factor>;
  readonly mechanisms: (revision: number) => readonly Mechanism[] | Promise<readonly Mechanism[]>;
  readonly factorOf: (kind: FactorKind, revision: number) => Factor | Promise<Factor | undefined>;
  readonly stepOf: (task: Task, revision: number) => Step | undefined | Promise<Step | undefined>;
  readonly viewOf: (record: LoginRecord, visitor: Visitor) => Login<Json>;
  /** All that is bound to a person, read once when a step is entered. */
  readonly boundTo?: ((subject: Subject) => Promise<readonly Authenticator[]>) | undefined;
  /** Remembered devices; without them every sign-in asks. */
  readonly standIns?: Pick<StandIns, "days" | "use" | "remember"> | undefined;
}

/** A login that cannot go on. */
export const stop = (record: LoginRecord, reason: StopReason): LoginRecord => ({
  ...record,
  state: null,
  ended: { kind: "stopped", reason },
});

export function createEntering(deps: EnteringDeps) {
  const { factorOf, stepOf, viewOf, guarded, afterwards, freshOf } = deps;

  /** Enters whatever has to be done next. Answers the record to be stored and what goes with it. */
  const enter = (record: LoginRecord, visitor: Visitor): Promise<Entered> =>
    enterNext(record, visitor).catch((problem: unknown) => {
      endingScript(problem);
      return { record: stop(record, "script-failed"), effects: {} };
    });

  async function enterNext(given: LoginRecord, visitor: Visitor): Promise<Entered> {
    const record = anew(given);
    const mechanisms = await deps.mechanisms(record.revision);
    const mechanism = mechanisms.find(({ acr }) => acr === record.acr);
    if (mechanism === undefined)
      throw new Breakage("step-broken", `acr ${record.acr} is not enabled (any more)`);
    const attained = attain(record.proofs, mechanisms);
    const stood =
      // A password that has to be changed is changed behind a factor that is shown, not behind a device (P16).
      visitor.devices === undefined || record.mustChange === true || satisfies(attained, mechanism)
        ? undefined
        : await deps.standIns?.use(record, mechanisms, visitor);
    if (stood !== undefined) {
      const { record: after, attained: told, effects } = stood;
      // Whoever owes a factor is not let past by a device: they are asked, and bind it.
      const next =
        told === undefined || (await deps.demands?.isDue(record.subject ?? "", mechanisms)) === true
          ? await ask({ ...after, stoodIn: undefined }, mechanism, mechanisms, visitor)
          : { record: ended(after, told), effects: {} };
      return { record: next.record, effects: together(effects, next.effects) };
    }
    const raised = satisfies(attained, mechanism) ? await twoSteps(record, attained, mechanisms) : undefined;
    if (raised === "none") return { record: stop(record, "no-factor"), effects: {} };
    if (raised !== undefined)
      return ask(
        { ...record, asked: record.asked ?? record.acr, acr: raised.acr },
        raised,
        mechanisms,
        visitor,
      );
    if (record.subject !== undefined && satisfies(attained, mechanism) && attained !== undefined) {
      const more = await afterwards(record, mechanisms);
      if (more !== undefined) {
        const offered: LoginRecord = more.extra === "offer" ? { ...record, offered: true } : record;
        const found = await guarded(offered, { factor: more.factor, act: "enrol" }, mechanisms);
        const direct = found.task.act === "enrol";
        // An offer asks for nothing before it: whoever would have to show more is not bothered.
        if (direct || more.extra === "enrol") {
          const extra = direct ? more.extra : undefined;
          const { demanded } = more;
          const next = await enterTask({ ...found.record, extra, demanded }, found.task, visitor);
          if (next.record.ended === undefined || more.extra === "enrol") return next;
        }
      }
      const kept =
        record.remember === true
          ? await deps.standIns?.remember(record, attained, mechanisms, visitor)
          : undefined;
      return { record: ended(kept?.record ?? record, attained), effects: kept?.effects ?? {} };
    }
    return ask(record, mechanism, mechanisms, visitor);
  }

  /** The record of a login that is proven. */
  function ended(record: LoginRecord, attained: Attained): LoginRecord {
    const { subject = "", proofs, startedAt } = record;
    const firstFactorHere = proofs.some((proof) => proof.at >= startedAt);
    // What a step has kept (a secret to be bound, codes that were shown) is over with the login.
    return { ...record, state: null, ended: { kind: "proven", attained, subject, proofs, firstFactorHere } };
  }

  /**
   * Where the person has switched two steps on, a password alone is never the end: how they go on. `none`: they have
   * nothing to go on by, and are not let in without.
   */
  async function twoSteps(
    { subject, revision }: LoginRecord,
    attained: Attained | undefined,
    mechanisms: readonly Mechanism[],
  ): Promise<Mechanism | "none" | undefined> {
    if (subject === undefined || attained === undefined || deps.demands === undefined) return undefined;
    if (attained.factors.some((kind) => kind !== "password")) return undefined;
    if (!(await deps.demands.twoStep.isOn(subject))) return undefined;
    const prefers = await deps.demands.prefers(subject);
    const reached: Mechanism[] = [];
    for (const one of mechanisms) {
      if (one.requires.every((kind) => kind === "password")) continue;
      const held = await Promise.all(
        one.requires.map(async (kind) => (await factorOf(kind, revision))?.held(subject, one.phoneAttribute)),
      );
      if (held.every(Boolean)) reached.push(one);
    }
    // Codes on paper last: they are for the day on which the rest is lost.
    const rank = ({ requires, level }: Mechanism) =>
      requires.includes("recovery-code")
        ? -1
        : prefers !== undefined && requires.includes(prefers)
          ? 1e9
          : level;
    return reached.sort((one, other) => rank(other) - rank(one))[0] ?? "none";
  }

  /** The same login by the factor that the policy wants asked for first, where that lowers nothing. */
  async function preferring(
    record: LoginRecord,
    task: Task,
    mechanisms: readonly Mechanism[],
  ): Promise<Mechanism | undefined> {
    const { subject, essential, asked, enrol } = record;
    if (subject === undefined || essential === true || asked !== undefined || enrol !== undefined)
      return undefined;
    if (task.factor === "password" || deps.demands === undefined) return undefined;
    const prefers = await deps.demands.prefers(subject);
    if (prefers === undefined || prefers === task.factor) return undefined;
    const ways = await deps.waysFrom({ ...record, task }, mechanisms);
    return ways.find(({ mechanism }) => mechanism?.requires.includes(prefers))?.mechanism;
  }

  /** Enters the step that the mechanism asks for next. */
  async function ask(
    record: LoginRecord,
    mechanism: Mechanism,
    mechanisms: readonly Mechanism[],
    visitor: Visitor,
  ): Promise<Entered> {
    const { held, holds, facts, bound } = await factsOf(record, mechanism);
    const next = await mechanism.next({ ...facts, held });
    // Whoever is known and has no key yet binds one, once they have shown what they have.
    const lacks = record.subject !== undefined && next?.act === "challenge" && !held.includes(next.factor);
    const task: Task | undefined =
      lacks && deps.factors.get(next.factor)?.invite !== undefined
        ? { factor: next.factor, act: "enrol" }
        : next;
    if (task === undefined) return { record: stop(record, "no-factor"), effects: {} };
    const other = await preferring({ ...record, holds }, task, mechanisms);
    if (other !== undefined)
      return ask({ ...record, asked: record.acr, acr: other.acr }, other, mechanisms, visitor);
    const found = await guarded({ ...record, holds }, task, mechanisms);
    return enterTask(found.record, found.task, visitor, mechanism.phoneAttribute, bound);
  }

  async function enterTask(
    record: LoginRecord,
    task: Task,
    visitor: Visitor,
    phoneAttribute = record.phoneAttribute,
    bound?: readonly Authenticator[],
  ): Promise<Entered> {
    const step = await stepOf(task, record.revision);
    if (step === undefined) return { record: stop(record, "no-factor"), effects: {} };
    const fresh = freshOf(record);
    const rememberDays = record.mayStandIn && (await rememberDaysOf({ ...record, task }, visitor));
    const entered = {
      ...record,
      task,
      fresh,
      rememberDays,
      ...(phoneAttribute === undefined ? {} : { phoneAttribute }),
    };
    const prepared: Prepared<Json> = await step.prepare(viewOf({ ...entered, state: null }, visitor), bound);
    if (prepared.kind === "stop") return { record: stop(record, prepared.reason), effects: {} };
    return {
      record: { ...entered, state: prepared.state, notice: prepared.notice ?? record.notice },
      effects: prepared,
    };
  }

  /** For how many days this browser may be remembered at the step of this login. */
  async function rememberDaysOf(record: LoginRecord, visitor: Visitor): Promise<number | undefined> {
    const mechanism = (await deps.mechanisms(record.revision)).find(({ acr }) => acr === record.acr);
    return mechanism && deps.standIns?.days(record, mechanism, visitor);
  }

  /** Reads what is bound once, for the factors of the acr, for the other ways and for the step that is entered. */
  async function factsOf(record: LoginRecord, mechanism: Mechanism) {
    const { subject } = record;
    const facts = { proved: record.proofs.map(({ factor }) => factor), fresh: freshOf(record) };
    if (subject === undefined) return { facts, held: [] as readonly FactorKind[] };
    const bound = await deps.boundTo?.(subject);
    const held: FactorKind[] = [];
    for (const kind of mechanism.requires) {
      const factor = await factorOf(kind, record.revision);
      if (await factor?.held(subject, mechanism.phoneAttribute, bound)) held.push(kind);
    }
    const holds = bound && [...new Set([...held, ...bound.map(({ kind }) => kind)])];
    return { facts, held, holds, bound };
  }

  return { enter, enterTask };
}

/** Without what was said of the step before. Seldom there, and a copy of all the rest costs. */
function anew(given: LoginRecord): LoginRecord {
  if (given.extra === undefined && given.stepUp === undefined && given.demanded === undefined) return given;
  const { extra: _done, stepUp: _shown, demanded: _owed, ...record } = given;
  return record;
}

/** What goes with one act and another; the first sends nothing. */
const together = (one: Effects, other: Effects): Effects => ({
  ...other,
  writes: [...(one.writes ?? []), ...(other.writes ?? [])],
  events: [...(one.events ?? []), ...(other.events ?? [])],
});
