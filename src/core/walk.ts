/**
 * The walk: the one engine that leads a login from step to step. It owns the login's record, decides what comes next,
 * and lets nothing out that the gate has not derived from proofs. Called by surfaces/oidc; it never sees a request, and
 * no step calls another step.
 *
 *   begin → page ──submit──▶ claim turn ▶ step.authenticate ▶ commit ▶ send ──▶ page | proven | stopped
 *
 * A turn is claimed by compare-and-set before the step runs, or by the step in its first commit (claim.ts), so two
 * submits of one page count once and a crash in between costs the person a reload. An exception in a step leaves the
 * login where it was: it fails closed.
 */
import type { Audit } from "./audit.ts";
import { type Along, pause, ROUNDS } from "./claim.ts";
import type { Delivery } from "./delivery.ts";
import { Breakage } from "./errors.ts";
import { usableProofs } from "./gate.ts";
import { type LoginRecord, type LoginStart, loginRows, type Standing, type Turn } from "./login.ts";
import type { LoginEndings } from "./login-endings.ts";
import type {
  Effects,
  Events,
  Factor,
  Form,
  Mechanism,
  Notice,
  Outcome,
  Step,
  Task,
  Visitor,
} from "./mechanism.ts";
import type { Storage } from "./records.ts";
import { type BeforeDeps, createBefore, marksOf } from "./walk-before.ts";
import { endingOf } from "./walk-ending.ts";
import { createEntering, type Entered, type EnteringDeps, stop } from "./walk-enter.ts";
import { createShown, endingScript } from "./walk-shown.ts";
import { createTurn, type Turned } from "./walk-turn.ts";
import { createWays } from "./walk-ways.ts";
import type { FactorKind, Json, Proof, Subject } from "./words.ts";

export interface Walk {
  /** Makes no page: whoever wants one asks for it. */
  begin(start: LoginStart): Promise<void>;
  /** Reads only. */
  show(id: string, visitor: Visitor): Promise<Turn>;
  /** Reads only, and makes no page. */
  stand(id: string, visitor: Visitor): Promise<Standing>;
  /** `turn` is the number the form carried; one that is not current shows the current page instead. */
  submit(id: string, turn: number, form: Form, visitor: Visitor): Promise<Standing>;
}

export interface WalkDeps extends BeforeDeps, Pick<EnteringDeps, "boundTo" | "standIns"> {
  readonly storage: Storage;
  /** The mechanisms of the revision of the settings that a login began on. */
  readonly mechanisms: (revision: number) => readonly Mechanism[] | Promise<readonly Mechanism[]>;
  /** Factors of scripts of one's own, of the same revision. */
  readonly ownFactors?: ((revision: number) => Promise<ReadonlyMap<string, Factor>>) | undefined;
  readonly delivery: Pick<Delivery, "deliver">;
  readonly audit: Audit;
  readonly endings?: LoginEndings | undefined;
  /** Whether a session that a login builds on is still there, and its person may go on where they are this one. */
  readonly hasSession?: ((uid: string, subject: Subject | undefined) => Promise<boolean>) | undefined;
  /** A login has ended with these proofs. */
  readonly onProven?: ((login: LoginRecord) => void) | undefined;
}

type IsOver = Awaited<ReturnType<LoginEndings["watch"]>>;

export function createWalk(deps: WalkDeps): Walk {
  const logins = loginRows(deps.storage);
  const rows = { storage: deps.storage, logins };
  const { now } = deps;
  const { waysFrom, turned: waysTo, inviting } = createWays(deps.factors);
  const before = createBefore(deps);
  const { freshOf } = before;

  const ownFactor = async (kind: FactorKind, revision: number): Promise<Factor | undefined> =>
    (await deps.ownFactors?.(revision))?.get(kind);

  const factorOf = (kind: FactorKind, revision: number): Factor | Promise<Factor | undefined> =>
    deps.factors.get(kind) ?? ownFactor(kind, revision);

  const stepIn = ({ act }: Task, factor: Factor | undefined): Step | undefined =>
    act === "challenge" ? factor?.challenge : factor?.enrol;

  const stepOf = (task: Task, revision: number): Step | undefined | Promise<Step | undefined> => {
    const factor = factorOf(task.factor, revision);
    return factor instanceof Promise ? factor.then((own) => stepIn(task, own)) : stepIn(task, factor);
  };
  const { viewOf, standingOf, turnOf } = createShown({ ...deps, stepOf, freshOf, waysFrom, inviting });
  const { enter, enterTask } = createEntering({ ...deps, ...before, factorOf, stepOf, viewOf, waysFrom });

  async function tell(events: Events = []): Promise<void> {
    for (const event of events) await deps.audit.append(event);
  }

  /**
   * Commits a record with its effects and what the audit says of them, and sends. `lost`: the form has had no turn, and
   * nothing has happened. `off`: what was to go along has come to nothing, and nothing is committed.
   */
  async function settle(
    record: LoginRecord,
    effects: Effects,
    turned: Turned,
    visitor: Visitor,
    { along, isOver }: { readonly along?: Along | undefined; readonly isOver?: IsOver | undefined } = {},
  ): Promise<Standing | "lost" | "off"> {
    const { writes = [], events = [] } = effects;
    const ending = record.ended === undefined ? [] : endingOf(record, record.ended, visitor, now());
    for (let round = 0; ; round += 1) {
      const more = along === undefined ? [] : await along.writes(round > 0);
      if (more === "off") return "off";
      const done = await turned.end(record, [...writes, ...more], [...events, ...ending]);
      if (done === "done") break;
      if (done === "again" && along !== undefined && round < ROUNDS) {
        if (round > 0) await pause(round);
        continue;
      }
      if (turned.isOpen()) return "lost";
      await along?.dropped();
      await tell(events);
      return stand(record.id, visitor);
    }
    along?.done();
    const { subject } = record;
    if (subject !== undefined && isOver !== undefined && (await isOver(subject))) return withdraw(record.id);
    if (record.ended?.kind === "proven") deps.onProven?.(record);
    if (effects.deliver !== undefined) await deps.delivery.deliver(effects.deliver);
    return standingOf(record, visitor);
  }

  async function stand(id: string, visitor: Visitor): Promise<Standing> {
    const login = await logins.get(id);
    if (login === undefined) return { kind: "expired" };
    const standing = standingOf(login, visitor);
    return standing.kind === "open" && isBuilt(login) && !(await isFounded(login))
      ? { kind: "expired", login }
      : standing;
  }

  const isBuilt = ({ session }: LoginRecord): boolean => session !== undefined;

  /** What builds on a session is over with it: nothing is shown, sent or bound by it any more (S07). */
  const isFounded = async ({ session, subject }: LoginRecord): Promise<boolean> =>
    session === undefined || deps.hasSession === undefined || (await deps.hasSession(session, subject));

  /** Everything of this person was ended while nobody knew yet whose login this is: it goes as the others have gone. */
  async function withdraw(id: string): Promise<Standing> {
    await logins.remove(id);
    return { kind: "expired" };
  }

  const walk: Walk = {
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
      const begun = await settle(entered, effects, createTurn(rows, record, "absent"), visitor);
      if (begun === "lost") await tell(effects.events);
    },

    async submit(id, turn, form, visitor) {
      // Whether what this process remembers is still so, the commit says; only then is the row read.
      for (const find of [logins.recall, logins.read]) {
        const found = await find(id);
        if (found === undefined) continue;
        const { value: record, version } = found;
        const open =
          record.ended === undefined && now() < record.endsAt && record.browser === visitor.browser;
        if (!open || turn !== record.turn || (isBuilt(record) && !(await isFounded(record)))) continue;
        const claimed: LoginRecord = { ...record, turn: record.turn + 1, notice: undefined };
        const turned = createTurn(rows, claimed, version);
        const standing = await submitted(claimed, turned, form, visitor);
        if (typeof standing !== "string") return standing;
      }
      return stand(id, visitor);
    },
  };

  /** What comes of one form, or `lost`. */
  async function submitted(claimed: LoginRecord, turned: Turned, form: Form, visitor: Visitor) {
    const { action } = form;
    const isLeft =
      action === "cancel" || action === "other-method" || (action === "skip" && claimed.extra === "offer");
    const isAnswer = !isLeft && claimed.choosing !== true && action !== "passkey";
    const step = isAnswer ? await stepOf(claimed.task, claimed.revision) : undefined;
    if (step?.takesTurn !== true && (await turned.commit([])) === "lost") return "lost";
    const enteredBy = ({ record, effects }: Entered) => settle(record, effects, turned, visitor);
    if (action === "cancel") return settle(stop(claimed, "cancelled"), {}, turned, visitor);
    if (action === "skip" && claimed.extra === "offer") return enteredBy(await enter(claimed, visitor));
    if (action === "other-method") return enteredBy(await otherWay(claimed, form.way, visitor));
    if (claimed.choosing === true) return settle(unchosen(claimed), {}, turned, visitor);
    // A key that answered on the page of the password: the same form, to the step that can read it.
    const key =
      action === "passkey"
        ? inviting(claimed, await waysFrom(claimed, await deps.mechanisms(claimed.revision)))
        : undefined;
    const answered = key && (await enter(waysTo(claimed, key).record, visitor));
    if (!answered) return take(claimed, form, turned, visitor);
    if (answered.record.ended !== undefined) return settle(answered.record, {}, turned, visitor);
    return take(answered.record, form, turned, visitor);
  }

  const unchosen = ({ choosing: _, ...record }: LoginRecord): LoginRecord => record;

  /** To the way that the form names, to the only one there is, or to the page where one is chosen. */
  async function otherWay(
    claimed: LoginRecord,
    named: string | undefined,
    visitor: Visitor,
  ): Promise<Entered> {
    const stay = { record: unchosen(claimed), effects: {} };
    const ways = await waysFrom(claimed, await deps.mechanisms(claimed.revision), true);
    const way = named === undefined && ways.length === 1 ? ways[0] : ways.find(({ name }) => name === named);
    if (way === undefined)
      return ways.length > 1 && named === undefined
        ? { record: { ...claimed, choosing: true }, effects: {} }
        : stay;
    const { record, anew } = waysTo(claimed, way);
    if (!anew) return { record, effects: {} };
    return way.mechanism === undefined ? enterTask(record, record.task, visitor) : enter(record, visitor);
  }

  /** Gives the form to the step of the login, and commits what comes of it. */
  async function take(claimed: LoginRecord, form: Form, turned: Turned, visitor: Visitor) {
    const step = await stepOf(claimed.task, claimed.revision);
    if (step === undefined) throw new Breakage("step-broken", `factor ${claimed.task.factor} is gone`);
    const claim = step.takesTurn === true ? turned : undefined;
    const isOver = claimed.subject === undefined ? await deps.endings?.watch() : undefined;
    const outcome: Outcome<Json> = await step
      .authenticate(viewOf(claimed, visitor, claimed.turn - 1), form, claim)
      .catch((problem: unknown) => {
        endingScript(problem);
        return { kind: "stop", reason: "script-failed" };
      });
    if (turned.isLost()) return "lost";
    if (outcome.kind !== "proved") return remain(claimed, outcome, turned, visitor);
    // Nothing is entered, and no text goes out, on a turn that is not taken.
    if (turned.isOpen() && (await turned.commit([])) === "lost") return "lost";
    const subject = outcome.user?.id ?? claimed.subject;
    // Whoever was pinned, or named by an earlier step, stays: a step cannot swap the person (M09).
    if (claimed.subject !== undefined && subject !== claimed.subject)
      throw new Breakage("step-broken", "a step named another person");
    const { factor } = claimed.task;
    const { method, multi, events = [], along } = outcome;
    if (subject !== undefined && (await isOver?.(subject)) === true) {
      await along?.dropped();
      await tell(events);
      return withdraw(claimed.id);
    }
    const proof: Proof = { factor, method, at: now(), ...(multi === true ? { multi } : {}) };
    // What was bound behind the sign-in is no part of it: acr and amr tell how the person came in.
    const proofs =
      claimed.extra === undefined
        ? [...claimed.proofs.filter((other) => other.factor !== factor), proof]
        : claimed.proofs;
    const username = outcome.user?.username ?? claimed.username;
    const ticked = form.remember === "yes" && claimed.rememberDays !== undefined;
    const remember = ticked ? { remember: true as const } : {};
    const shown = { ...claimed, ...marksOf(claimed, outcome), ...remember, proofs, subject, username };
    const next = await enter(shown, visitor).catch(async (problem: unknown) => {
      await along?.dropped();
      await tell(events);
      throw problem;
    });
    const effects = { ...next.effects, events: [...events, ...(next.effects.events ?? [])] };
    const done = await settle(next.record, effects, turned, visitor, { along, isOver });
    if (done !== "off" || outcome.instead === undefined || outcome.instead.kind === "proved") return done;
    return remain(claimed, outcome.instead, turned, visitor);
  }

  /** The login stays with its step, or ends there. */
  function remain(
    claimed: LoginRecord,
    outcome: Exclude<Outcome<Json>, { kind: "proved" }>,
    turned: Turned,
    visitor: Visitor,
  ) {
    if (outcome.kind === "stop")
      return settle(stop(claimed, outcome.reason), { events: outcome.events }, turned, visitor);
    const state = outcome.kind === "next" ? outcome.state : (outcome.state ?? claimed.state);
    return settle(
      { ...claimed, state, notice: outcome.notice as Notice | undefined },
      outcome,
      turned,
      visitor,
    );
  }

  return walk;
}
