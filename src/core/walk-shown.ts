/**
 * How a login is shown: where it stands, the page of its step, what a step is told of it. Reads only; called by the walk
 * alone.
 */
import { Breakage } from "./errors.ts";
import { extraOf, type LoginRecord, type Standing, type Turn } from "./login.ts";
import type { Factor, Login, Mechanism, Step, StepPage, Task, Visitor } from "./mechanism.ts";
import type { createWays } from "./walk-ways.ts";
import type { Clock, FactorKind, Json } from "./words.ts";

export interface ShownDeps extends Pick<ReturnType<typeof createWays>, "waysFrom" | "inviting"> {
  readonly factors: ReadonlyMap<string, Factor>;
  readonly mechanisms: (revision: number) => readonly Mechanism[] | Promise<readonly Mechanism[]>;
  readonly stepOf: (task: Task, revision: number) => Step | undefined | Promise<Step | undefined>;
  readonly freshOf: (record: LoginRecord) => readonly FactorKind[];
  readonly now: Clock;
}

/** A script of one's own has failed: its login is at its end, and no other one is (S16). */
export function endingScript(problem: unknown): void {
  if (!(problem instanceof Breakage && problem.code === "script-failed")) throw problem;
}

export function createShown(deps: ShownDeps) {
  const { stepOf, freshOf, waysFrom, inviting, now } = deps;

  const viewOf = (record: LoginRecord, visitor: Visitor, turn = record.turn): Login<Json> => ({
    id: record.id,
    turn,
    // While something is bound, what was fresh when that began stays so: nobody is thrown out for typing slowly.
    fresh: (record.task.act === "enrol" ? record.fresh : undefined) ?? freshOf(record),
    ...extraOf(record),
    state: record.state,
    subject: record.subject,
    username: record.username,
    pinned: record.pinned,
    client: record.client,
    locale: record.locale,
    endsAt: record.endsAt,
    visitor,
    session: record.session,
    ...(record.phoneAttribute === undefined ? {} : { phoneAttribute: record.phoneAttribute }),
  });

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
      const mechanisms = await deps.mechanisms(login.revision);
      const ways = await waysFrom(login, mechanisms);
      if (login.choosing === true) {
        const facts = { username: login.username, ways: ways.map(({ name, kind }) => ({ name, kind })) };
        return { kind: "page", page: { page: "ways", facts }, turn: login.turn, login };
      }
      const view = { ...viewOf(login, visitor), canOtherMethod: ways.length > 0 };
      const key = inviting(login, ways);
      const passkey = key && deps.factors.get(key.kind)?.invite?.(view);
      const { page: plain, notice } = await step.view(passkey === undefined ? view : { ...view, passkey });
      const page = withDemand(withBox(plain, login.rememberDays), login);
      return { kind: "page", page, notice: notice ?? login.notice, turn: login.turn, login };
    } catch (problem) {
      endingScript(problem);
      // Looking changes nothing: the login is left as it is, and shows no page.
      return { kind: "stopped", login, reason: "script-failed" };
    }
  }

  return { viewOf, standingOf, turnOf };
}

/** The page with the box that spares this device the next code, where it has a place for it. */
function withBox(page: StepPage, rememberDays: number | undefined): StepPage {
  if (rememberDays === undefined) return page;
  switch (page.page) {
    case "code":
      return { ...page, facts: { ...page.facts, rememberDays } };
    case "totp":
      return { ...page, facts: { ...page.facts, rememberDays } };
    case "question":
      return { ...page, facts: { ...page.facts, rememberDays } };
    default:
      return page;
  }
}

/** The page of a binding that the policy demands: it says so, and until when it can be left. */
function withDemand(page: StepPage, { demanded, extra }: LoginRecord): StepPage {
  if (demanded === undefined) return page;
  const demand = extra === "offer" ? ("soon" as const) : ("now" as const);
  const facts = { demand, demandDays: demanded.days };
  switch (page.page) {
    case "phone":
      return { ...page, facts: { ...page.facts, ...facts, skippable: extra === "offer" } };
    case "totp-enrol":
      return { ...page, facts: { ...page.facts, ...facts } };
    case "passkey-enrol":
      return { ...page, facts: { ...page.facts, ...facts } };
    case "recovery-codes":
      return { ...page, facts: { ...page.facts, ...facts } };
    default:
      return page;
  }
}
