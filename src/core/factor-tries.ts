/**
 * Tries at a factor whose answer can be guessed: a slot of the person's counter for this kind is taken before anything
 * is compared (code-failures.ts), with the pauses, the last try and the notices of codes by text. Called by the factors
 * `totp` and `recovery-code`; it compares nothing itself.
 */
import type { AuditEvent } from "./audit.ts";
import type { Authenticators } from "./authenticators.ts";
import { type createFailures, failuresKey } from "./code-failures.ts";
import type { Events, Login, Outcome, Prepared } from "./mechanism.ts";
import type { Notices } from "./notices.ts";
import type { Clock, FactorKind, Json, Subject } from "./words.ts";

export interface FactorTries {
  /** `compare` runs once a slot is taken, and the try counts unless it says true. `wrong`: what the person is told else. */
  attempt(
    kind: FactorKind,
    login: Login<Json>,
    wrong: string,
    compare: (subject: Subject) => Promise<boolean>,
  ): Promise<{ readonly kind: "right"; readonly events: Events } | Outcome<Json>>;
}

export function createFactorTries(deps: {
  readonly failures: Pick<ReturnType<typeof createFailures>, "take" | "giveBack" | "reset">;
  readonly notices: Pick<Notices, "sendOnce">;
  /** Wrong answers in a row after which the person is told. */
  readonly noticeAfter: () => number;
  readonly now: Clock;
}): FactorTries {
  const { failures, notices, noticeAfter, now } = deps;
  return {
    async attempt(factor, login, wrong, compare) {
      const { subject } = login;
      if (subject === undefined) return { kind: "stop", reason: "person-gone" };
      const event = (kind: AuditEvent["kind"], facts: AuditEvent["facts"]): AuditEvent => ({
        kind,
        at: now(),
        subject,
        login: login.id,
        client: login.client.id,
        address: login.visitor.address,
        facts: { factor, ...facts },
      });
      const key = failuresKey(factor, subject);
      const slot = await failures.take(key);
      if (slot.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
      if (slot.kind === "paused") {
        const minutes = Math.max(1, Math.ceil((slot.until - now()) / 60_000));
        const events = [event("code-paused", { purpose: "sign-in", result: "paused" })];
        return { kind: "retry", notice: { key: "question.paused", args: { minutes } }, events };
      }
      const right = await compare(subject).catch(async (problem: unknown) => {
        await failures.giveBack(key);
        throw problem;
      });
      if (right) {
        await failures.reset(key);
        return { kind: "right", events: [event("factor-right", { act: "challenge" })] };
      }
      const events = [event("factor-wrong", { act: "challenge" })];
      const { failures: count, pausedUntil, disabled } = slot;
      if (count >= noticeAfter())
        await notices.sendOnce(subject, {
          kind: "password-known",
          locale: login.locale,
          client: login.client.id,
          login: login.id,
        });
      if (disabled) {
        events.push(event("factor-disabled", { purpose: "sign-in", failures: count }));
        return { kind: "stop", reason: "factor-disabled", events };
      }
      if (pausedUntil > 0)
        events.push(
          event("factor-paused", {
            purpose: "sign-in",
            failures: count,
            until: new Date(pausedUntil).toISOString(),
          }),
        );
      return { kind: "retry", notice: { key: wrong }, events };
    },
  };
}

/** How a challenge begins that needs nothing but something of its kind. */
export const whereBound =
  (authenticators: Pick<Authenticators, "list">, kind: FactorKind) =>
  async ({ subject }: Pick<Login<Json>, "subject">): Promise<Prepared<null>> => {
    if (subject === undefined) return { kind: "stop", reason: "person-gone" };
    const held = (await authenticators.list(subject, kind)).length > 0;
    return held ? { kind: "ready", state: null } : { kind: "stop", reason: "no-factor" };
  };
