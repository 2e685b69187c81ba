/**
 * What each kind of event means, who it is about and which facts it carries: one place for the reference, for its test
 * and for whoever adds a kind. Data alone; docs/reference/audit-events.md is made of it.
 */
import type { AuditKind } from "./audit.ts";

/** What an event is evidence of. */
export type AuditAct =
  | "verify"
  | "issue"
  | "send"
  | "deliver"
  | "fail"
  | "pause"
  | "disable"
  | "bind"
  | "remove"
  | "change"
  | "notice"
  | "override"
  | "session"
  | "alarm";

export interface AuditWord {
  readonly act: AuditAct;
  /** What has happened, as the second half of a table's row. */
  readonly means: string;
  /** Names of facts that may be there. */
  readonly facts: readonly string[];
}

const CODE = ["factor", "purpose"];
const SEND = [...CODE, "phone", "country", "gateway", "channel", "messageId"];
const TRY = [...CODE, "result", "messageId", "country", "seconds"];
const ADMIN = ["by", "reason", "approvedBy"];
const APPROVAL = ["approval", "act", "by", "askedBy", "reason"];

export const AUDIT_WORDS: Readonly<Record<AuditKind, AuditWord>> = {
  "password-right": { act: "verify", means: "the password was right", facts: ["result"] },
  "password-wrong": {
    act: "verify",
    means: "the password was wrong, or nobody has that name",
    facts: ["result"],
  },
  "password-paused": {
    act: "pause",
    means: "a password was not compared: too many were wrong; once a minute",
    facts: [],
  },
  "code-issued": {
    act: "issue",
    means: "a new code was made; with `channel`, the person asked for it when the one before was worn out",
    facts: [...CODE, "phone", "country", "channel"],
  },
  "code-resent": {
    act: "issue",
    means: "the person asked for the same code once more",
    facts: [...CODE, "phone", "country", "channel"],
  },
  "code-sent": { act: "send", means: "a gateway has taken the message or call", facts: SEND },
  "code-send-failed": {
    act: "fail",
    means: "a gateway has not taken it, or gave no answer",
    facts: [...SEND, "reason", "providerCode"],
  },
  "code-delivered": { act: "deliver", means: "the provider says that it has arrived", facts: SEND },
  "code-undelivered": {
    act: "fail",
    means: "the provider says that it has not arrived",
    facts: [...SEND, "reason", "providerCode"],
  },
  "guard-alarm": {
    act: "alarm",
    means: "texts to bound phones of one country, block or address go unanswered; nobody is refused for it",
    facts: ["scope", "name", "span", "open", "threshold"],
  },
  "gateway-problem": {
    act: "alarm",
    means: "somebody has to mend something at a gateway; once in ten minutes",
    facts: ["gateway", "reason", "providerCode"],
  },
  "send-refused": {
    act: "fail",
    means: "a text was not sent: a budget, the guard, the money or the switch",
    facts: [...CODE, "reason"],
  },
  "code-right": { act: "verify", means: "the code was right", facts: TRY },
  "code-wrong": {
    act: "verify",
    means: "the code was wrong, or (`result`) over, used up, or of a disabled factor",
    facts: TRY,
  },
  "code-paused": { act: "pause", means: "a code was typed in a pause, and not compared", facts: TRY },
  "factor-paused": {
    act: "pause",
    means: "with this wrong code a pause begins",
    facts: [...CODE, "failures", "until"],
  },
  "factor-right": {
    act: "verify",
    means: "an app, a passkey, a recovery code or the factor of a script was shown",
    facts: ["factor", "act"],
  },
  "factor-wrong": {
    act: "verify",
    means: "what was answered to such a factor was wrong",
    facts: ["factor", "act"],
  },
  "factor-suspicious": {
    act: "alarm",
    means: "the counter of a passkey has not gone on, as that of a copied key does not; it was not taken",
    facts: ["factor", "act"],
  },
  "factor-disabled": {
    act: "disable",
    means: "with this wrong code the factor is disabled",
    facts: [...CODE, "failures"],
  },
  "brake-on": {
    act: "alarm",
    means: "codes are guessed at over many accounts",
    facts: ["compared", "wrong"],
  },
  "brake-off": { act: "alarm", means: "that has been over for its time", facts: [] },
  "spend-limit": {
    act: "alarm",
    means: "texts have cost as much as a limit",
    facts: ["limit", "span", "spent", "of"],
  },
  "directory-loss": {
    act: "alarm",
    means: "more people of a directory lost their phone within an hour than is done by hand",
    facts: ["directory", "people"],
  },
  "test-number-used": {
    act: "override",
    means: "a number with a fixed code was used, or (`refused`) may not be",
    facts: [...CODE, "phone", "owner", "reason", "until", "refused"],
  },
  "authenticator-bound": {
    act: "bind",
    means:
      "a phone or another factor was bound, by which authority; `directory`: it was found in the person's entry",
    facts: ["factor", "phone", "country", "label", "authority", "by"],
  },
  "authenticator-unbound": {
    act: "remove",
    means: "a phone or another factor was taken away",
    facts: ["factor", "phone", ...ADMIN],
  },
  "number-changed": {
    act: "change",
    means: "while binding, another number was wanted than this one",
    facts: ["factor", "phone"],
  },
  "enrolment-refused": {
    act: "fail",
    means:
      "a phone or another factor may not be bound, or an application wanted to look after somebody it may not",
    facts: ["factor", "reason"],
  },
  "enrolment-opened": {
    act: "override",
    means: "the way to a new phone was opened; wrong codes are forgotten",
    facts: ["factor", "way", "openedBy", ...ADMIN],
  },
  "enrolment-closed": {
    act: "override",
    means: "the way to a new phone was closed",
    facts: ["factor", ...ADMIN],
  },
  "signed-in": {
    act: "session",
    means:
      "every factor of the acr is shown; `asked`: the acrs that the request named, `essential` as a requirement",
    facts: ["acr", "amr", "asked", "essential"],
  },
  "login-cancelled": { act: "session", means: "the person gave the login up", facts: ["acr", "reason"] },
  "login-stopped": { act: "session", means: "the login cannot go on", facts: ["acr", "reason"] },
  "tokens-issued": {
    act: "session",
    means: "an application, or a machine, has got tokens",
    facts: ["grant", "scope", "acr", "amr"],
  },
  "tokens-revoked": { act: "session", means: "tokens were taken back", facts: ["reason"] },
  "signed-out": { act: "session", means: "the person has ended the session", facts: [] },
  "session-ended": {
    act: "override",
    means: "a session was ended from outside",
    facts: [...ADMIN, "sid", "clients"],
  },
  "device-remembered": {
    act: "override",
    means: "the person wants no code on this device until `until`; by which acr it was remembered",
    facts: ["device", "acr", "agent", "until"],
  },
  "remembered-device-used": {
    act: "override",
    means: "no code was asked for: a remembered device stood in for this acr",
    facts: ["device", "acr"],
  },
  "remembered-device-ended": {
    act: "override",
    means:
      "a device is remembered no more; `device` is `all` where all were. `reused`: its secret came twice, as a stolen one does",
    facts: ["device", ...ADMIN],
  },
  "consent-given": { act: "session", means: "the person let an application have these", facts: ["scopes"] },
  "consent-refused": { act: "session", means: "the person did not", facts: [] },
  "consent-skipped": {
    act: "session",
    means: "nobody was asked: a trusted client",
    facts: ["scopes", "claims"],
  },
  "device-allowed": { act: "session", means: "a device was allowed by its code", facts: ["askedFrom"] },
  "device-refused": { act: "session", means: "a device was refused", facts: ["askedFrom"] },
  "users-imported": {
    act: "change",
    means: "people are taken in from a file; once before the first of them, and once with the counts",
    facts: ["by", "file", "format", "phones", "added", "bound", "there", "changed", "refused"],
  },
  "users-exported": {
    act: "override",
    means: "people were written into a file",
    facts: ["by", "hashes", "phones"],
  },
  "user-added": { act: "change", means: "a person was added", facts: ["username", "roles", "by"] },
  "user-changed": {
    act: "change",
    means: "a person was changed; names of what, never the values of secrets",
    facts: ["status", "changed", ...ADMIN],
  },
  "user-removed": { act: "remove", means: "a person was removed", facts: ["username", ...ADMIN] },
  "roles-changed": {
    act: "change",
    means: "what a person may administer was changed",
    facts: ["from", "to", "by"],
  },
  "phone-added": {
    act: "bind",
    means: "an administrator has added a phone that was verified elsewhere",
    facts: ["factor", "phone", "authority", ...ADMIN],
  },
  "keys-rotated": { act: "change", means: "a key has a successor", facts: ["purpose", "by"] },
  "settings-changed": {
    act: "change",
    means: "the settings have a new revision; names of what was changed",
    facts: ["revision", "what", "names", "by"],
  },
  "admin-refused": {
    act: "fail",
    means: "an administrator wanted more than they may",
    facts: ["act", "by", "reason"],
  },
  "bootstrap-used": {
    act: "override",
    means: "the token of the first administrator was used",
    facts: ["act", "username"],
  },
  "recovery-opened": { act: "override", means: "the host has opened a way back", facts: ["by"] },
  "recovery-used": { act: "override", means: "that way was taken", facts: [] },
  "backup-restored": {
    act: "override",
    means: "the store was made of a backup; nothing is known of the time between `through` and now",
    facts: ["by", "through", "sessions"],
  },
  "person-erased": {
    act: "override",
    means: "what was kept of a person was taken out; of their events place, names, numbers and reasons",
    facts: ["by"],
  },
  "audit-trimmed": {
    act: "override",
    means: "events up to `through` have had their time and were taken out",
    facts: ["through", "seal", "days"],
  },
  "logout-undelivered": {
    act: "fail",
    means: "an application could not be told that a session has ended, for a day",
    facts: ["attempts", "reason"],
  },
  "password-changed": {
    act: "change",
    means: "the person sets a new password; `reason`: it had to be changed, or was forgotten",
    facts: ["reason"],
  },
  "password-refused": {
    act: "fail",
    means: "the event before it came to nothing: the new password was not taken",
    facts: ["reason", "result"],
  },
  "password-forgotten": {
    act: "notice",
    means:
      "somebody typed a name as one who has forgotten the password; `result`: what was written to the person, or why nothing was",
    facts: ["result"],
  },
  "password-ticket": {
    act: "override",
    means: "a ticket for a new password was handed out",
    facts: [...ADMIN],
  },
  "password-opened": {
    act: "override",
    means: "the link of a mail or a ticket was used; the second factor is asked for next",
    facts: ["by", "factors"],
  },
  "change-undone": {
    act: "override",
    means: "a change of factors was taken back by the link in its notice; all sessions ended",
    facts: ["factor", "change"],
  },
  reported: {
    act: "alarm",
    means: "the person says that something was not them; all sessions ended",
    facts: ["about", "of"],
  },
  "notice-sent": {
    act: "notice",
    means: "a person was told of something done behind their back",
    facts: ["notice", "mail", "phones", "messageIds", "refused"],
  },
  "test-message": {
    act: "send",
    means: "the host has sent a message without a code, to see whether it arrives",
    facts: ["phone", "country", "gateway", "messageId", "reason", "providerCode", "by"],
  },
  "person-looked-up": {
    act: "override",
    means:
      "somebody of the help desk has looked for a person on its pages; `found` says whether there was one",
    facts: ["by", "found"],
  },
  "approval-asked": {
    act: "override",
    means: "an act waits for a second administrator",
    facts: APPROVAL,
  },
  "approval-given": {
    act: "override",
    means: "a second administrator has approved it; what it did is the event after it",
    facts: APPROVAL,
  },
  "approval-declined": {
    act: "override",
    means: "a second administrator has not",
    facts: [...APPROVAL, "why"],
  },
  "approval-failed": {
    act: "fail",
    means: "it was approved, and could not be done any more",
    facts: [...APPROVAL, "why"],
  },
};
