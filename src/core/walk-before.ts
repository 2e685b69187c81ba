/**
 * What comes before something is bound, and what comes behind a sign-in. Whoever holds a factor shows it before another
 * one is added; what was asked to be bound, or is offered, waits until every factor of the acr is shown. Called by the walk alone.
 */
import type { Demands } from "./demands.ts";
import type { Enrolment } from "./enrolment.ts";
import { usableProofs } from "./gate.ts";
import type { LoginRecord } from "./login.ts";
import type { Factor, Mechanism, Outcome, Task } from "./mechanism.ts";
import type { Limits } from "./settings.ts";
import type { Clock, FactorKind, Json } from "./words.ts";

export interface BeforeDeps {
  readonly factors: ReadonlyMap<string, Factor>;
  readonly enrolment?: Pick<Enrolment, "stepUp" | "openings"> | undefined;
  /** What is offered when every factor is shown (offers.ts). */
  readonly offer?:
    | ((record: LoginRecord, mechanisms: readonly Mechanism[]) => Promise<FactorKind | undefined>)
    | undefined;
  /** The factor policy; without it nobody owes anything. */
  readonly demands?: Pick<Demands, "atSignIn" | "isDue" | "prefers" | "twoStep"> | undefined;
  readonly limits: () => Limits;
  readonly now: Clock;
}

/** Binding one is setting a new one. */
const PASSWORD = "password";

/** What a login keeps of what its step has proved. */
export function marksOf(
  { task: { factor, act }, enrol }: LoginRecord,
  { mustChange }: Pick<Extract<Outcome<Json>, { kind: "proved" }>, "mustChange">,
): Partial<LoginRecord> {
  return {
    ...(act === "enrol" && factor === enrol ? { enrolled: true as const } : {}),
    // As the last one says: shown again it may need no change any more, and set anew it needs none.
    ...(factor === PASSWORD ? { mustChange: mustChange === true ? true : undefined } : {}),
  };
}

/** What comes behind a sign-in; `extra` as in the login's record. */
interface After extends Pick<LoginRecord, "demanded"> {
  readonly factor: FactorKind;
  readonly extra: "enrol" | "offer";
}

export function createBefore(deps: BeforeDeps) {
  const freshOf = ({ proofs }: LoginRecord): readonly FactorKind[] =>
    usableProofs(proofs, deps.now() - deps.limits().freshProof * 1000).map(({ factor }) => factor);

  /** Whoever holds something shows it before anything is bound: by the password alone nobody adds to it (O21). */
  async function guarded(record: LoginRecord, task: Task, mechanisms: readonly Mechanism[]) {
    const { subject } = record;
    if (task.act === "challenge" || subject === undefined || deps.enrolment === undefined)
      return { task, record };
    if (!deps.factors.has(task.factor)) return { task, record };
    const fresh = freshOf(record);
    const before = (factor: FactorKind, more: Partial<LoginRecord> = {}) => ({
      task: { factor, act: "challenge" } as const,
      record: { ...record, ...more },
    });
    if (!fresh.includes("password") && !fresh.includes("passkey")) return before("password");
    // An administrator has opened a way, for somebody who may have lost all of it: what they typed a reason for counts.
    if ((await deps.enrolment.openings(subject, task.factor)).length > 0) return { task, record };
    const stepUp = await deps.enrolment.stepUp(subject, task.factor);
    const [first] = stepUp;
    if (first !== undefined)
      return stepUp.some((kind) => fresh.includes(kind)) ? { task, record } : before(first, { stepUp });
    // A number that the directory holds is a phone as well, though nobody has bound it here.
    for (const { phoneAttribute } of mechanisms)
      if (
        phoneAttribute !== undefined &&
        !fresh.includes("sms") &&
        (await deps.factors.get("sms")?.held(subject, phoneAttribute))
      )
        return before("sms", { phoneAttribute });
    return { task, record };
  }

  /** What follows when every factor is shown: something to be bound, or an offer. */
  async function afterwards(
    record: LoginRecord,
    mechanisms: readonly Mechanism[],
  ): Promise<After | undefined> {
    const { subject, enrol, enrolled, offered, mustChange } = record;
    // Before anything else: whoever was given the password by somebody else must not bind anything on it.
    if (mustChange === true) return { factor: PASSWORD, extra: "enrol" };
    if (enrol !== undefined && enrolled !== true) return { factor: enrol, extra: "enrol" };
    // Whoever comes to bind one thing is not let past another that is due.
    const owed = subject === undefined ? undefined : await deps.demands?.atSignIn(subject, mechanisms);
    if (owed !== undefined && (owed.isDue || (enrol === undefined && offered !== true)))
      return { factor: owed.factor, extra: owed.isDue ? "enrol" : "offer", demanded: { days: owed.days } };
    if (enrol !== undefined || offered === true || deps.offer === undefined) return undefined;
    const factor = await deps.offer(record, mechanisms);
    return factor === undefined ? undefined : { factor, extra: "offer" };
  }

  return { guarded, afterwards, freshOf };
}
