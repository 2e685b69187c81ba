/** What can be said on a page: its notices, reasons and problems, each with values that a person might see. */
type Args = Readonly<Record<string, string | number>>;

export const PASSWORD_NOTICES: Readonly<Record<string, Args>> = {
  "password.wrong": {},
  "password.paused": { seconds: 40 },
  "password.busy": {},
  "password.too-long": {},
  "password.must-change": {},
  "password.other-person": {},
  "form.stale": {},
  "form.broken": {},
};
export const PHONE_NOTICES: Readonly<Record<string, Args>> = {
  "phone.invalid": {},
  "phone.not-mobile": {},
  "phone.country-not-allowed": {},
  "phone.ticket-wrong": {},
  "phone.send-limit": {},
};
export const CODE_NOTICES: Readonly<Record<string, Args>> = {
  "code.wrong": { left: 3 },
  "code.expired": {},
  "code.spent": {},
  "code.paused": { minutes: 15 },
  "code.disabled": {},
  "code.malformed": {},
  "code.resent": {},
  "code.resend-too-soon": { seconds: 12 },
  "code.resend-limit": {},
  "code.new-sent": {},
  "code.called": {},
  "code.new-called": {},
  "code.no-call": {},
};
export const DEVICE_NOTICES: Readonly<Record<string, Args>> = {
  "device.malformed": {},
  "device.unknown": {},
  "device.too-many": { minutes: 12 },
};
/** How the clocks stand then. */
export const OVER: Readonly<Record<string, object>> = {
  "code.expired": { endsIn: 0, resendIn: 0 },
  "code.spent": { endsIn: 0, resendIn: 0 },
  "code.paused": { endsIn: 0 },
  "code.disabled": { endsIn: 0, resendIn: -1 },
  "code.resend-too-soon": { resendIn: 12 },
  "code.resend-limit": { resendIn: -1 },
};
/** Why a text did not arrive, with what is then best done. */
export const FAILURES = [
  ["number", "change-number"],
  ["number", "ask"],
  ["nobody", "change-number"],
  ["landline", "call"],
  ["blocked", "call"],
  ["unreachable", "resend"],
  ["carrier", "call"],
  ["carrier", "other-method"],
  ["provider", "resend"],
  ["provider", "ask"],
  ["provider", "other-method"],
  ["busy", "resend"],
  ["unknown", "wait"],
] as const;
export const PROBLEMS = [
  "expired",
  "not-found",
  "wrong-host",
  "method",
  "busy",
  "store",
  "broken",
  "no-factor",
  "factor-disabled",
  "enrolment-needs-ticket",
  "script-failed",
  "person-gone",
  "password-elsewhere",
  "recovery-over",
  "account-out",
  "cancelled",
  "oauth",
  "too-many-requests",
  "csrf",
  "bad-request",
  "unheard-of",
];
