/**
 * The walk: the one engine that leads a login from step to step. It owns the login's record, decides what comes next,
 * and lets nothing out that the gate has not derived from proofs. Called by surfaces/oidc; it never sees a request, and
 * no step calls another step.
 *
 *   begin → page ──submit──▶ claim turn ▶ step.authenticate ▶ commit ▶ send ──▶ page | proven | stopped
 *
 * A turn is claimed by compare-and-set before the step runs, so two submits of one page count once and a crash in
 * between costs the person a reload. An exception in a step leaves the login where it was: it fails closed.
 */
import type { Audit, AuditEvent, AuditKind } from "./audit.ts";
import type { Delivery } from "./delivery.ts";
import { Breakage } from "./errors.ts";
import { attain, satisfies, usableProofs } from "./gate.ts";
import type { LoginEnd, LoginRecord, LoginStart, Standing, Turn } from "./login.ts";
import type {
  Effects,
  Events,
  Factor,
  Form,
  Login,
  Mechanism,
  Notice,
  Outcome,
  Prepared,
  Step,
  StopReason,
  Task,
  Visitor,
} from "./mechanism.ts";
import type { Records, Storage, Write } from "./records.ts";
import type { Limits } from "./settings.ts";
import type { Clock, FactorKind, Json, Proof } from "./words.ts";

export interface Walk {
  begin(start: LoginStart): Promise<Turn>;
  /** Reads only. */
  show(id: string, visitor: Visitor): Promise<Turn>;
  /** Reads only, and makes no page. */
  stand(id: string, visitor: Visitor): Promise<Standing>;
  /** `turn` is the number the form carried; one that is not current shows the current page instead. */
  submit(id: string, turn: number, form: Form, visitor: Visitor): Promise<Standing>;
}

export interface WalkDeps {
  readonly storage: Storage;
  /** The mechanisms of the revision of the settings that a login began on. */
  readonly mechanisms: (revision: number) => Promise<readonly Mechanism[]>;
  readonly factors: ReadonlyMap<string, Factor>;
  /** Factors of scripts of one's own, of the same revision. */
  readonly ownFactors?: ((revision: number) => Promise<ReadonlyMap<string, Factor>>) | undefined;
  readonly delivery: Pick<Delivery, "deliver">;
  readonly audit: Audit;
  readonly limits: () => Limits;
  readonly now: Clock;
  /** A login has ended with these proofs. */
  readonly onProven?: ((login: LoginRecord) => void) | undefined;
}

/** Records outlive their login, so that a late page can offer a new start. */
const KEEP = 3_600_000;

export function createWalk(deps: WalkDeps): Walk {
  const logins: Records<LoginRecord> = deps.storage.records("login");
  const { now } = deps;

  const factorOf = async (kind: FactorKind, revision: number): Promise<Factor | undefined> =>
    deps.factors.get(kind) ?? (await deps.ownFactors?.(revision))?.get(kind);

  const stepOf = async (task: Task, revision: number): Promise<Step | undefined> => {
    const factor = await factorOf(task.factor, revision);
    return task.act === "challenge" ? factor?.challenge : factor?.enrol;
  };

  /** A script of one's own has failed: its login is at its end, and no other one is (S16). */
  const endingScript = (problem: unknown): void => {
    if (!(problem instanceof Breakage && problem.code === "script-failed")) throw problem;
  };

  /**
   * A mechanism that is no weaker than what was asked for, without the factor that is being asked for, and of which the
   * person has all the rest already: where a code does not come, there may be another way that lowers nothing. Also while
   * a phone is being bound: whoever holds something better need not have one.
   */
  async function otherMechanism(record: LoginRecord): Promise<Mechanism | undefined> {
    const { subject, acr, task, left = [] } = record;
    if (subject === undefined || record.essential === true) return undefined;
    const mechanisms = await deps.mechanisms(record.revision);
    const wanted = mechanisms.find((one) => one.acr === acr);
    if (wanted === undefined) return undefined;
    const proved = record.proofs.map(({ factor }) => factor);
    for (const other of mechanisms) {
      const { level, requires } = other;
      if (other.acr === acr || left.includes(other.acr) || requires.includes(task.factor)) continue;
      // A script of one's own is run for its own acr alone: whatever it does, nobody else's page waits for it.
      if (!requires.every((kind) => deps.factors.has(kind))) continue;
      if (!satisfies({ acr: other.acr, level, factors: requires, amr: [], authTime: 0 }, wanted)) continue;
      const missing = requires.filter((kind) => !proved.includes(kind));
      const held = await Promise.all(
        missing.map(
          async (kind) => (await deps.factors.get(kind)?.held(subject, other.phoneAttribute)) === true,
        ),
      );
      if (held.every(Boolean)) return other;
    }
    return undefined;
  }

  const viewOf = (record: LoginRecord, visitor: Visitor): Login<Json> => ({
    id: record.id,
    state: record.state,
    subject: record.subject,
    username: record.username,
    pinned: record.pinned,
    client: record.client,
    locale: record.locale,
    endsAt: record.endsAt,
    visitor,
    ...(record.phoneAttribute === undefined ? {} : { phoneAttribute: record.phoneAttribute }),
  });

  type Entered = { readonly record: LoginRecord; readonly effects: Effects };

  /** Enters whatever has to be done next. Answers the record to be stored and what goes with it. */
  const enter = (record: LoginRecord, visitor: Visitor): Promise<Entered> =>
    enterNext(record, visitor).catch((problem: unknown) => {
      endingScript(problem);
      return { record: stop(record, "script-failed"), effects: {} };
    });

  async function enterNext(record: LoginRecord, visitor: Visitor): Promise<Entered> {
    const mechanisms = await deps.mechanisms(record.revision);
    const mechanism = mechanisms.find(({ acr }) => acr === record.acr);
    if (mechanism === undefined)
      throw new Breakage("step-broken", `acr ${record.acr} is not enabled (any more)`);
    const attained = attain(record.proofs, mechanisms);
    if (record.subject !== undefined && satisfies(attained, mechanism) && attained !== undefined) {
      const { subject, proofs } = record;
      const firstFactorHere = proofs.some((proof) => proof.at >= record.startedAt);
      return {
        record: { ...record, ended: { kind: "proven", attained, subject, proofs, firstFactorHere } },
        effects: {},
      };
    }
    const task = await mechanism.next(await factsOf(record, mechanism));
    const step = task && (await stepOf(task, record.revision));
    if (task === undefined || step === undefined) return { record: stop(record, "no-factor"), effects: {} };
    const { phoneAttribute } = mechanism;
    const entered = { ...record, task, ...(phoneAttribute === undefined ? {} : { phoneAttribute }) };
    const prepared: Prepared<Json> = await step.prepare(viewOf({ ...entered, state: null }, visitor));
    if (prepared.kind === "stop") return { record: stop(record, prepared.reason), effects: {} };
    return {
      record: { ...entered, state: prepared.state, notice: prepared.notice ?? record.notice },
      effects: prepared,
    };
  }

  async function factsOf(record: LoginRecord, mechanism: Mechanism) {
    const kinds = (proofs: readonly Proof[]) => proofs.map((proof) => proof.factor);
    const { subject } = record;
    const held =
      subject === undefined
        ? []
        : await Promise.all(
            mechanism.requires.map(async (kind) => {
              const factor = await factorOf(kind, record.revision);
              return (await factor?.held(subject, mechanism.phoneAttribute)) ? kind : undefined;
            }),
          );
    return {
      proved: kinds(record.proofs),
      fresh: kinds(usableProofs(record.proofs, now() - deps.limits().freshProof * 1000)),
      held: held.filter((kind) => kind !== undefined),
    };
  }

  const stop = (record: LoginRecord, reason: StopReason): LoginRecord => ({
    ...record,
    ended: { kind: "stopped", reason },
  });

  function endingOf(record: LoginRecord, end: LoginEnd, visitor: Visitor): AuditEvent {
    const kind: AuditKind =
      end.kind === "proven" ? "signed-in" : end.reason === "cancelled" ? "login-cancelled" : "login-stopped";
    return {
      kind,
      at: now(),
      subject: record.subject,
      login: record.id,
      client: record.client.id,
      address: visitor.address,
      facts:
        end.kind === "proven"
          ? { acr: end.attained.acr, amr: end.attained.amr }
          : { acr: record.acr, reason: end.reason },
    };
  }

  async function tell(events: Events = []): Promise<void> {
    for (const event of events) await deps.audit.append(event);
  }

  const write = (record: LoginRecord, expect: number | "absent"): Write =>
    logins.write(record.id, record, record.endsAt + KEEP, { expect });

  /** Commits a record with its effects and what the audit says of them, and sends. */
  async function settle(
    record: LoginRecord,
    effects: Effects,
    expect: number | "absent",
    visitor: Visitor,
  ): Promise<Standing> {
    const { writes = [], events = [] } = effects;
    const ending = record.ended === undefined ? [] : [endingOf(record, record.ended, visitor)];
    const done = await deps.storage.commit([write(record, expect), ...writes], [...events, ...ending]);
    if (!done) {
      await tell(events);
      return stand(record.id, visitor);
    }
    if (record.ended?.kind === "proven") deps.onProven?.(record);
    if (effects.deliver !== undefined) await deps.delivery.deliver(effects.deliver);
    return standingOf(record, visitor);
  }

  function standingOf(record: LoginRecord, visitor: Visitor): Standing {
    if (record.browser !== visitor.browser) return { kind: "other-browser" };
    if (record.ended?.kind === "proven") return { kind: "proven", login: record, end: record.ended };
    if (record.ended?.kind === "stopped")
      return { kind: "stopped", login: record, reason: record.ended.reason };
    return { kind: now() >= record.endsAt ? "expired" : "open", login: record };
  }

  async function turnOf(standing: Standing, visitor: Visitor): Promise<Turn> {
    if (standing.kind !== "open") return standing;
    const { login } = standing;
    const step = await stepOf(login.task, login.revision);
    if (step === undefined) throw new Breakage("step-broken", `factor ${login.task.factor} is gone`);
    try {
      const canOtherMethod = (await otherMechanism(login)) !== undefined;
      const { page, notice } = await step.view({ ...viewOf(login, visitor), canOtherMethod });
      return { kind: "page", page, notice: notice ?? login.notice, turn: login.turn, login };
    } catch (problem) {
      endingScript(problem);
      // Looking changes nothing: the login is left as it is, and shows no page.
      return { kind: "stopped", login, reason: "script-failed" };
    }
  }

  async function stand(id: string, visitor: Visitor): Promise<Standing> {
    const record = await logins.get(id);
    return record === undefined ? { kind: "expired" } : standingOf(record, visitor);
  }

  /** Takes the turn for one form; undefined when this form cannot have it. */
  async function claimOf(id: string, turn: number, visitor: Visitor) {
    // Whether what this process remembers is still so, the commit says; only then is the row read.
    for (const find of [logins.recall, logins.read]) {
      const found = await find(id);
      if (found === undefined) continue;
      const { value: record } = found;
      const open = record.ended === undefined && now() < record.endsAt && record.browser === visitor.browser;
      if (!open || turn !== record.turn) continue;
      const claimed: LoginRecord = { ...record, turn: record.turn + 1, notice: undefined };
      const claim = write(claimed, found.version);
      if (await deps.storage.commit([claim])) return { record: claimed, version: claim.version };
    }
    return undefined;
  }

  return {
    stand,
    show: async (id, visitor) => turnOf(await stand(id, visitor), visitor),
    async begin(start) {
      const at = now();
      const { loginLife, proofLife } = deps.limits();
      const { visitor, notBefore, ...rest } = start;
      const record: LoginRecord = {
        ...rest,
        browser: visitor.browser,
        startedAt: at,
        endsAt: at + loginLife * 1000,
        turn: 0,
        state: null,
        proofs: usableProofs(start.proofs, Math.max(notBefore, at - proofLife * 1000)),
        task: { factor: "", act: "challenge" },
      };
      const { record: entered, effects } = await enter(record, visitor);
      return turnOf(await settle(entered, effects, "absent", visitor), visitor);
    },

    async submit(id, turn, form, visitor) {
      const claim = await claimOf(id, turn, visitor);
      if (claim === undefined) return stand(id, visitor);
      const { record: claimed, version } = claim;
      if (form.action === "cancel") return settle(stop(claimed, "cancelled"), {}, version, visitor);
      if (form.action === "other-method") {
        const other = await otherMechanism(claimed);
        if (other === undefined) return settle(claimed, {}, version, visitor);
        const left = [...(claimed.left ?? []), claimed.acr];
        const turned = await enter({ ...claimed, acr: other.acr, left }, visitor);
        return settle(turned.record, turned.effects, version, visitor);
      }
      const step = await stepOf(claimed.task, claimed.revision);
      if (step === undefined) throw new Breakage("step-broken", `factor ${claimed.task.factor} is gone`);
      const outcome: Outcome<Json> = await step
        .authenticate(viewOf(claimed, visitor), form)
        .catch((problem: unknown) => {
          endingScript(problem);
          return { kind: "stop", reason: "script-failed" };
        });
      switch (outcome.kind) {
        case "stop":
          return settle(stop(claimed, outcome.reason), { events: outcome.events }, version, visitor);
        case "retry":
          return settle(
            { ...claimed, state: outcome.state ?? claimed.state, notice: outcome.notice },
            outcome,
            version,
            visitor,
          );
        case "next":
          return settle(
            { ...claimed, state: outcome.state, notice: outcome.notice as Notice | undefined },
            outcome,
            version,
            visitor,
          );
        case "proved": {
          const subject = outcome.user?.id ?? claimed.subject;
          // Whoever was pinned, or named by an earlier step, stays: a step cannot swap the person (M09).
          if (claimed.subject !== undefined && subject !== claimed.subject)
            throw new Breakage("step-broken", "a step named another person");
          const proof: Proof = { factor: claimed.task.factor, method: outcome.method, at: now() };
          const proofs = [...claimed.proofs.filter((other) => other.factor !== proof.factor), proof];
          const username = outcome.user?.username ?? claimed.username;
          const { events = [] } = outcome;
          const next = await enter({ ...claimed, proofs, subject, username }, visitor).catch(
            async (problem: unknown) => {
              await tell(events);
              throw problem;
            },
          );
          const effects = { ...next.effects, events: [...events, ...(next.effects.events ?? [])] };
          return settle(next.record, effects, version, visitor);
        }
      }
    },
  };
}
