/** What the code page says and what its form can ask for; shared by challenge and enrolment. */
import type { Challenge, CodeCheck, Resent } from "../../../core/codes.ts";
import { type Channel, type DeliveryView, viewOf } from "../../../core/delivery-state.ts";
import type { Login, Notice, StepPage } from "../../../core/mechanism.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { EpochMs, Json } from "../../../core/words.ts";
import { wordsFor } from "./delivery-words.ts";

const seconds = (from: EpochMs, to: EpochMs): number => Math.max(0, Math.ceil((to - from) / 1000));

export function codePage(options: {
  challenge: Challenge | undefined;
  login: Login<Json>;
  now: EpochMs;
  host: string;
  mostSends: number;
  mostTries: number;
  canCall: boolean;
  canChangeNumber: boolean;
  others?: readonly { readonly id: string; readonly masked: string }[] | undefined;
}): StepPage {
  const { challenge, now, host, login, canChangeNumber } = options;
  const isOver = challenge !== undefined && challenge.sends >= options.mostSends;
  const canCall = options.canCall && challenge !== undefined && !isOver;
  const canOtherMethod = login.canOtherMethod === true;
  const seen =
    challenge === undefined
      ? undefined
      : // Nothing is sent to a test number, and its page looks as if something were.
        challenge.fixed === true
        ? ({ state: "sent", channel: challenge.channel, at: challenge.firstSentAt } as DeliveryView)
        : viewOf(challenge.attempts, challenge.sends, {
            channel: challenge.channel,
            at: challenge.firstSentAt,
          });
  const words =
    seen?.state === "failed"
      ? wordsFor(seen.reason ?? "other", {
          resend: !isOver,
          call: canCall,
          "change-number": canChangeNumber,
          "other-method": canOtherMethod,
        })
      : undefined;
  return {
    page: "code",
    facts: {
      masked: challenge === undefined ? "" : new PhoneNumber(challenge.phone).toString(),
      digits: challenge?.digits ?? 6,
      delivery: seen?.state ?? "failed",
      channel: seen?.channel ?? "sms",
      stateAt: Math.floor((seen?.at ?? now) / 1000),
      stateMinutes: Math.max(0, Math.floor((now - (seen?.at ?? now)) / 60_000)),
      ...(words === undefined ? {} : { deliveryText: words.text, best: words.best }),
      resendIn: challenge === undefined ? 0 : isOver ? -1 : seconds(now, challenge.resendAt),
      endsIn:
        challenge === undefined || challenge.spent || challenge.tries >= options.mostTries
          ? 0
          : seconds(now, Math.min(challenge.endsAt, login.endsAt)),
      canCall,
      canChangeNumber,
      canOtherMethod,
      adding: options.canChangeNumber && login.adding === true,
      others: [...(options.others ?? [])],
      host,
    },
  };
}

/** The notice for anything but a right code. */
export function checkNotice(check: Exclude<CodeCheck, { kind: "right" | "disabled" }>, now: EpochMs): Notice {
  switch (check.kind) {
    case "wrong":
      return check.left > 0 ? { key: "code.wrong", args: { left: check.left } } : { key: "code.spent" };
    case "paused":
      return pausedNotice(check.until, now);
    default:
      return { key: `code.${check.kind}` };
  }
}

export const pausedNotice = (until: EpochMs, now: EpochMs): Notice => ({
  key: "code.paused",
  args: { minutes: Math.max(1, Math.ceil((until - now) / 60_000)) },
});

export function resentNotice(
  resent: Exclude<Resent, { kind: "disabled" }>,
  channel: Channel,
  now: EpochMs,
): Notice {
  switch (resent.kind) {
    case "same":
      return { key: channel === "call" ? "code.called" : "code.resent" };
    case "new":
      return { key: channel === "call" ? "code.new-called" : "code.new-sent" };
    case "too-soon":
      return { key: "code.resend-too-soon", args: { seconds: resent.seconds } };
    case "paused":
      return pausedNotice(resent.until, now);
    case "limit":
      return { key: "code.resend-limit" };
    default:
      return { key: "code.expired" };
  }
}
