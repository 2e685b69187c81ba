import { z } from "zod";
import { accountPages } from "./pages-account.ts";

/**
 * What each page is given: plain strings, numbers and booleans (and lists of them), so that a template can do nothing
 * but show them. `notice` and every other `…Text` is the key of a text in the catalogues, never a sentence. URLs have
 * been checked before they come here. `csrf` goes back in a hidden field of the same name.
 */
const common = {
  /** The relying party's name as the administrator wrote it; empty where there is none. */
  appName: z.string(),
  /** Name of this installation. */
  brand: z.string(),
};
const form = {
  ...common,
  action: z.string(),
  csrf: z.string(),
  notice: z.string().optional(),
  noticeArgs: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
};

/** The policy of this place demands what is bound here: `soon` within so many days, or `now`. */
const demand = { demand: z.enum(["soon", "now"]).optional(), demandDays: z.number().optional() };
/** A box `remember` (value `yes`) may be shown: no code on this device for so many days. */
const remember = { rememberDays: z.number().optional() };

export const pageFacts = {
  /** Username and password. `pinned`: the person is known already (step-up), the name is shown and cannot be changed. */
  password: z.strictObject({
    ...form,
    username: z.string(),
    pinned: z.boolean(),
    canSwitch: z.boolean(),
    /** Whether `/forgotten` takes names. */
    forgotten: z.boolean().optional(),
    /** Where a passkey does as well: for which host, and the challenge it answers (base64url). */
    rpId: z.string().optional(),
    challenge: z.string().optional(),
  }),
  /**
   * A new password, at the end of a sign-in (`why`: must-change) or of a forgotten one. `present`: the one of now is asked
   * for as well; `least`: characters it needs, 0 where the directory alone knows.
   */
  "new-password": z.strictObject({
    ...form,
    username: z.string(),
    why: z.enum(["must-change", "forgotten"]),
    present: z.boolean(),
    least: z.number(),
  }),
  /** Forgotten: the name, the link of a mail (`token` goes back as `t`), or a ticket. `mail`: whether names are taken. */
  forgotten: z.strictObject({
    ...form,
    what: z.enum(["name", "link", "ticket"]),
    token: z.string(),
    mail: z.boolean(),
  }),
  "forgotten-told": z.strictObject({ ...common, what: z.enum(["sent", "over", "done", "kept"]) }),
  /** Which other way the person wants to take: `kind` has the texts `way.<kind>` and `way.<kind>-hint`. */
  ways: z.strictObject({
    ...form,
    username: z.string(),
    ways: z.array(z.strictObject({ name: z.string(), kind: z.string() })),
  }),
  /** The six digits of an authenticator app. */
  totp: z.strictObject({ ...form, ...remember, username: z.string(), canOtherMethod: z.boolean() }),
  /** A new secret for such an app: `qr` is the path of a drawing `size` squares wide, `secret` the same to type. */
  "totp-enrol": z.strictObject({
    ...form,
    ...demand,
    username: z.string(),
    qr: z.string(),
    size: z.number(),
    secret: z.string(),
    label: z.string(),
    ticketNeeded: z.boolean(),
    canOtherMethod: z.boolean(),
    skippable: z.boolean(),
  }),
  /** A passkey answers `challenge` for `rpId`; `credentials`: the person's own, separated by spaces; none: any that says whose it is. */
  passkey: z.strictObject({
    ...form,
    username: z.string(),
    rpId: z.string(),
    challenge: z.string(),
    credentials: z.string(),
    canOtherMethod: z.boolean(),
  }),
  /** A new passkey; `userId` base64url, `credentials`: those that are bound. */
  "passkey-enrol": z.strictObject({
    ...form,
    ...demand,
    username: z.string(),
    rpId: z.string(),
    challenge: z.string(),
    userId: z.string(),
    credentials: z.string(),
    label: z.string(),
    ticketNeeded: z.boolean(),
    canOtherMethod: z.boolean(),
    skippable: z.boolean(),
  }),
  /** One of the recovery codes. */
  "recovery-code": z.strictObject({ ...form, username: z.string(), canOtherMethod: z.boolean() }),
  /** New recovery codes, shown this once; `file`: the same as a data URL. */
  "recovery-codes": z.strictObject({
    ...form,
    ...demand,
    username: z.string(),
    codes: z.array(z.string()),
    file: z.string(),
    skippable: z.boolean(),
  }),
  /** Enrolment: the number of the phone to bind. `ticketNeeded`: a field `ticket` is shown as well. */
  phone: z.strictObject({
    ...form,
    ...demand,
    skippable: z.boolean().optional(),
    number: z.string(),
    country: z.string(),
    countries: z.array(z.strictObject({ code: z.string(), name: z.string(), calling: z.string() })),
    ticketNeeded: z.boolean(),
    canOtherMethod: z.boolean(),
  }),
  /** The one-time code. Times are whole seconds from now; `resendIn` 0: open; -1: no further send in this login. */
  code: z.strictObject({
    ...form,
    ...remember,
    masked: z.string(),
    digits: z.number(),
    /** How far the last send has come, by `channel`; since `stateAt` (seconds since 1970), `stateMinutes` ago. */
    delivery: z.enum(["sending", "sent", "delivered", "failed"]),
    channel: z.enum(["sms", "call"]),
    stateAt: z.number(),
    stateMinutes: z.number(),
    /** Why it failed, and what is best done next: the texts `best.<name>`. */
    deliveryText: z.string().optional(),
    best: z.enum(["wait", "resend", "call", "change-number", "other-method", "ask"]).optional(),
    resendIn: z.number(),
    endsIn: z.number(),
    canCall: z.boolean(),
    canChangeNumber: z.boolean(),
    canOtherMethod: z.boolean(),
    /** The right code adds the phone to an account that somebody is signed in to, and signs nobody in. */
    adding: z.boolean(),
    /** Other phones of the person; `id` goes back as `phone`. */
    others: z.array(z.strictObject({ id: z.string(), masked: z.string() })),
    host: z.string(),
  }),
  /** The page of a factor of one's own (script.ts): plain sentences of the script's, one field `answer`. */
  question: z.strictObject({
    ...form,
    ...remember,
    heading: z.string(),
    text: z.string(),
    label: z.string(),
    input: z.enum(["text", "digits", "secret"]),
    /** What was wrong with the last answer, in the script's words. */
    problem: z.string(),
  }),
  /** Which scopes the relying party asks for; each has the texts `scope.<name>`. */
  consent: z.strictObject({
    ...form,
    username: z.string(),
    clientHost: z.string(),
    scopes: z.array(z.string()),
    policyUrl: z.string(),
    termsUrl: z.string(),
  }),
  /** Device grant (RFC 8628 §3.3): the code that a device shows. `xsrf` is the protocol engine's own field, as below. */
  device: z.strictObject({ ...form, xsrf: z.string(), userCode: z.string() }),
  /** Which device asks for what; the person compares `userCode` with the device's. `minutes`: since it asked. */
  "device-confirm": z.strictObject({
    ...form,
    xsrf: z.string(),
    userCode: z.string(),
    scopes: z.array(z.string()),
    address: z.string(),
    minutes: z.number(),
    username: z.string(),
  }),
  "device-done": z.strictObject({
    ...common,
    state: z.enum(["allowed", "refused", "expired"]),
    continueUrl: z.string(),
  }),
  /** An administrator's way back: a new password, twice. */
  recover: z.strictObject({ ...form, username: z.string() }),
  "recover-done": z.strictObject({ ...common }),
  /** RP-initiated logout: confirm. `xsrf` is the protocol engine's own field and goes back under that name. */
  logout: z.strictObject({ ...common, action: z.string(), xsrf: z.string() }),
  "logged-out": z.strictObject({ ...common }),
  /** `problem` chooses the texts `error.<problem>.heading` and `.text`; `reference` is what support asks for. */
  error: z.strictObject({
    ...common,
    problem: z.string(),
    problemArgs: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    reference: z.string(),
    restartUrl: z.string(),
    oauthError: z.string(),
    oauthDescription: z.string(),
  }),
  /** This login goes on, or has ended, in another window or browser. `state`: finished | other-browser | other-person. */
  elsewhere: z.strictObject({
    ...common,
    state: z.enum(["finished", "other-browser", "other-person"]),
    username: z.string(),
    continueUrl: z.string(),
  }),
  /** An HTML form that posts itself on (response_mode=form_post); complete without JavaScript by its button. */
  "post-on": z.strictObject({
    ...common,
    action: z.string(),
    fields: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  }),
  ...accountPages({ ...common, notice: form.notice, noticeArgs: form.noticeArgs }),
  /** The demo relying party. */
  demo: z.strictObject({
    ...common,
    acrs: z.array(z.string()),
    claims: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    problem: z.string(),
    phoneUrl: z.string(),
  }),
  /** The phone simulator's screen. `text` is shown as it arrived, of a call what was said. */
  simulator: z.strictObject({
    ...common,
    messages: z.array(
      z.strictObject({
        kind: z.enum(["text", "call"]),
        to: z.string(),
        from: z.string(),
        text: z.string(),
        status: z.string(),
        at: z.string(),
      }),
    ),
  }),
} as const;

export type PageName = keyof typeof pageFacts;
export type PageFacts<P extends PageName> = z.infer<(typeof pageFacts)[P]>;

/** A page to be shown, with its facts. */
export type Page = { [P in PageName]: { readonly page: P; readonly facts: PageFacts<P> } }[PageName];
