/** What the code page says and what its form can ask for; shared by challenge and enrolment. */
import type { Challenge, CodeCheck, Resent } from "../../../core/codes.ts";
import type { Login, Notice, StepPage } from "../../../core/mechanism.ts";
import { PhoneNumber } from "../../../core/secret.ts";
import type { SmsRefusal } from "../../../core/sms.ts";
import type { EpochMs, Json } from "../../../core/words.ts";

const seconds = (from: EpochMs, to: EpochMs): number => Math.max(0, Math.ceil((to - from) / 1000));

/** What the person is told of a failed send. What an operator must mend is none of the person's business. */
const failureTexts: Record<SmsRefusal, string> = {
  "number-unusable": "send-failed-number",
  "number-blocked": "send-failed-blocked",
  "region-not-enabled": "send-failed-provider",
  "trial-account": "send-failed-provider",
  credentials: "send-failed-provider",
  sender: "send-failed-provider",
  "provider-down": "send-failed-provider",
  busy: "send-failed-busy",
  "no-answer": "send-failed-unknown",
  other: "send-failed-provider",
};

export function codePage(options: {
  challenge: Challenge | undefined;
  login: Login<Json>;
  now: EpochMs;
  host: string;
  mostSends: number;
  mostTries: number;
  canChangeNumber: boolean;
}): StepPage {
  const { challenge, now, host } = options;
  const reason = challenge?.delivery.state === "failed" ? challenge.delivery.reason : undefined;
  return {
    page: "code",
    facts: {
      masked: challenge === undefined ? "" : new PhoneNumber(challenge.phone).toString(),
      digits: challenge?.digits ?? 6,
      delivery: challenge?.delivery.state ?? "failed",
      ...(reason === undefined ? {} : { deliveryText: failureTexts[reason] }),
      resendIn:
        challenge === undefined
          ? 0
          : challenge.sends >= options.mostSends
            ? -1
            : seconds(now, challenge.resendAt),
      endsIn:
        challenge === undefined || challenge.spent || challenge.tries >= options.mostTries
          ? 0
          : seconds(now, Math.min(challenge.endsAt, options.login.endsAt)),
      canChangeNumber: options.canChangeNumber,
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

export function resentNotice(resent: Exclude<Resent, { kind: "disabled" }>, now: EpochMs): Notice {
  switch (resent.kind) {
    case "same":
      return { key: "code.resent" };
    case "new":
      return { key: "code.new-sent" };
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
