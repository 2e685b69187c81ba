/**
 * What a person is told when a code does not arrive, and what is best done next. What an operator must mend is none of the
 * person's business: then the neutral sentence is said, and the operator is told elsewhere (core/gateway-line.ts).
 */
import type { SmsRefusal } from "../../../core/sms.ts";

/** What can be done on the code page, beside typing the code. */
export type NextAction = "wait" | "resend" | "call" | "change-number" | "other-method" | "ask";

interface Words {
  /** Key of the reason's text. */
  readonly text: string;
  /** The best first. */
  readonly next: readonly NextAction[];
}

const PROVIDER: Words = { text: "send-failed-provider", next: ["other-method", "resend"] };

const WORDS: Readonly<Record<SmsRefusal, Words>> = {
  "number-unusable": { text: "send-failed-number", next: ["change-number", "call", "other-method"] },
  "number-unknown": { text: "send-failed-nobody", next: ["change-number", "other-method"] },
  landline: { text: "send-failed-landline", next: ["call", "change-number", "other-method"] },
  "number-blocked": { text: "send-failed-blocked", next: ["call", "other-method", "resend"] },
  unreachable: { text: "send-failed-unreachable", next: ["resend", "call", "other-method"] },
  "not-answered": { text: "send-failed-not-answered", next: ["call", "resend", "other-method"] },
  "carrier-blocked": { text: "send-failed-carrier", next: ["other-method", "call", "change-number"] },
  filtered: { text: "send-failed-carrier", next: ["call", "other-method", "resend"] },
  "not-delivered": { text: "send-failed-carrier", next: ["resend", "call", "other-method"] },
  // Neither sent again nor called: it would go on costing.
  "risk-blocked": { text: "send-failed-provider", next: ["other-method"] },
  "no-route": { text: "send-failed-provider", next: ["call", "other-method", "change-number"] },
  "region-not-enabled": PROVIDER,
  "trial-account": PROVIDER,
  suspended: PROVIDER,
  credentials: PROVIDER,
  sender: PROVIDER,
  message: PROVIDER,
  "provider-down": { text: "send-failed-provider", next: ["resend", "other-method"] },
  busy: { text: "send-failed-busy", next: ["resend", "other-method"] },
  "no-answer": { text: "send-failed-unknown", next: ["wait"] },
  other: { text: "send-failed-provider", next: ["resend", "call", "other-method"] },
};

/** The reason's text and the first action that is possible; `ask` (an administrator) where none is. */
export function wordsFor(
  reason: SmsRefusal,
  possible: Partial<Record<NextAction, boolean>>,
): { readonly text: string; readonly best: NextAction } {
  const { text, next } = WORDS[reason];
  return { text, best: next.find((action) => action === "wait" || possible[action] === true) ?? "ask" };
}
