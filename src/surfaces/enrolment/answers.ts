/** What the step says to a person, as this API says it to an application: the original's words, with a cause. */
import type { Notice, StopReason } from "../../core/mechanism.ts";
import type { Refusal } from "./caller.ts";

const fail = (refused: Refusal["refused"], cause: string, message: string, retryAfter?: number): Refusal => ({
  refused,
  code: "FAILURE",
  cause,
  message,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

export const BUSY = fail(409, "BUSY", "Another call for this person was faster; look at what it has done");
export const GONE: Refusal = {
  refused: 400,
  code: "NO_MATCH_OR_EXPIRED",
  message: "There is no such enrolment, it is over, or the code is not right; begin with send-code",
};

const secondsOf = ({ args = {} }: Notice): number =>
  Number(args.seconds ?? 0) + Number(args.minutes ?? 0) * 60 + Number(args.hours ?? 0) * 3600;

/** Why a number was not taken, or no code was sent. */
export function notSent(notice: Notice): Refusal {
  switch (notice.key) {
    case "phone.invalid":
      return fail(400, "INVALID_NUMBER", "number: no telephone number; write it as +44 7400 123456");
    case "phone.not-mobile":
      return fail(400, "NOT_MOBILE", "number: cannot receive texts");
    case "phone.country-not-allowed":
      return fail(400, "COUNTRY_NOT_ALLOWED", "number: of a country that the settings do not allow");
    case "phone.ticket-wrong":
      return fail(403, "TICKET_WRONG", "ticket: not one of this person, used, or over");
    case "code.paused":
      return fail(429, "PAUSED", "Too many wrong codes for this person; wait", secondsOf(notice));
    case "code.resend-too-soon":
      return fail(429, "LIMIT", "The code was sent a moment ago; wait", secondsOf(notice));
    case "send.closed":
      // What all others have used up is nothing to look into, or to measure.
      return fail(429, "LIMIT", "No text can be sent just now");
    default:
      return fail(
        429,
        "LIMIT",
        "No more texts for this number or person for now",
        secondsOf(notice) || undefined,
      );
  }
}

/** Why it is over. */
export const stopped = (reason: StopReason | string): Refusal =>
  reason === "factor-disabled"
    ? fail(403, "DISABLED", "Codes by text are switched off for this person; an administrator has to help")
    : fail(403, "NOT_ALLOWED", "No phone may be bound for this person; an administrator has to open the way");
