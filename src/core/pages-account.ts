/** What the pages of `/account` are given; see pages.ts for how facts are meant. Times are written out already. */
import { z } from "zod";

const item = z.strictObject({
  /** Its name in URLs. */
  id: z.string(),
  /** A number with two digits of it, or the name the person or the device gave it. */
  label: z.string(),
  nickname: z.string(),
  added: z.string(),
  /** Empty where it was not used in the time that is kept. */
  used: z.string(),
  isDefault: z.boolean(),
  /** A number that opens no other change yet: until when; else empty. */
  newUntil: z.string(),
  /** Recovery codes that are left; -1: it is none of them. */
  left: z.number(),
});

/** An act that waits for a second administrator: the texts `desk.approval.act.<act>` and `.state.<state>`. */
const approval = z.strictObject({
  url: z.string(),
  act: z.string(),
  state: z.string(),
  person: z.string(),
  askedBy: z.string(),
  reason: z.string(),
  until: z.string(),
  decidedBy: z.string(),
  isMine: z.boolean(),
  canDecide: z.boolean(),
  hasTicket: z.boolean(),
});

/** `common`: the facts of every page, and of what has just been done. */
export const accountPages = <C extends z.core.$ZodShape>(common: C) => {
  const page = {
    ...common,
    username: z.string(),
    /** For the forms of the page; each has its own `action`. */
    csrf: z.string(),
    /** Whether the person helps others, and finds the way there. */
    helpDesk: z.boolean().optional(),
  };
  return {
    /** What the person signs in with, and how strong that is. */
    account: z.strictObject({
      ...page,
      name: z.string(),
      strength: z.enum(["one", "two", "strong"]),
      /** Whether there is a way to add that would make it stronger. */
      canBeStronger: z.boolean(),
      /** What the policy demands and the person lacks, by when. */
      owed: z.array(z.strictObject({ kind: z.string(), when: z.string(), isDue: z.boolean() })),
      /** The person's own switch; `none`: it is not theirs, `needs`: they have too few factors for it. */
      twoStep: z.strictObject({ state: z.enum(["none", "needs", "off", "on"]), least: z.number() }),
      factors: z.array(
        z.strictObject({
          kind: z.string(),
          items: z.array(item),
          canAdd: z.boolean(),
          canRemove: z.boolean(),
        }),
      ),
    }),
    /** One authenticator. */
    "account-factor": z.strictObject({ ...page, kind: z.string(), item, others: z.number() }),
    /** Says what an act does, and asks once more: the texts `account.ask.<act>.heading`, `.text` and `.submit`. */
    "account-ask": z.strictObject({
      ...page,
      act: z.string(),
      args: z.record(z.string(), z.union([z.string(), z.number()])),
      action: z.string(),
      backUrl: z.string(),
      danger: z.boolean(),
    }),
    /** Says something that cannot or need not be answered: the texts `account.told.<what>.heading` and `.text`. */
    "account-told": z.strictObject({
      ...page,
      what: z.string(),
      args: z.record(z.string(), z.union([z.string(), z.number()])),
      backUrl: z.string(),
    }),
    "account-password": z.strictObject({ ...page, least: z.number() }),
    "account-sessions": z.strictObject({
      ...page,
      sessions: z.array(
        z.strictObject({
          id: z.string(),
          device: z.string(),
          place: z.string(),
          began: z.string(),
          used: z.string(),
          apps: z.string(),
          isThis: z.boolean(),
        }),
      ),
      /** Devices on which no code is asked for. */
      remembered: z.array(
        z.strictObject({
          id: z.string(),
          device: z.string(),
          place: z.string(),
          since: z.string(),
          until: z.string(),
          isThis: z.boolean(),
        }),
      ),
    }),
    "account-applications": z.strictObject({
      ...page,
      applications: z.array(
        z.strictObject({
          id: z.string(),
          name: z.string(),
          since: z.string(),
          scopes: z.array(z.string()),
          /** Nobody was asked: the administrator answers for it. */
          isTrusted: z.boolean(),
        }),
      ),
    }),
    /** `kind` chooses the text `account.act.<kind>`. */
    "account-activity": z.strictObject({
      ...page,
      days: z.array(
        z.strictObject({
          day: z.string(),
          events: z.array(
            z.strictObject({
              id: z.string(),
              kind: z.string(),
              detail: z.string(),
              time: z.string(),
              place: z.string(),
              isWarning: z.boolean(),
            }),
          ),
        }),
      ),
      olderUrl: z.string(),
    }),
    "account-preferences": z.strictObject({
      ...page,
      language: z.string(),
      languages: z.array(z.strictObject({ tag: z.string(), name: z.string() })),
      zone: z.string(),
      zones: z.array(z.string()),
    }),
    /** Where somebody of the help desk looks for a person; several of the same name to choose from. */
    "account-desk": z.strictObject({
      ...page,
      canFind: z.boolean(),
      people: z.array(z.strictObject({ url: z.string(), name: z.string(), username: z.string() })),
    }),
    /** `why`: why nothing can be done for them here, `self` or `rights`; else empty. */
    "account-desk-person": z.strictObject({
      ...page,
      url: z.string(),
      name: z.string(),
      person: z.string(),
      isActive: z.boolean(),
      why: z.string(),
      hasPhone: z.boolean(),
      sessions: z.number(),
      factors: z.array(
        z.strictObject({
          id: z.string(),
          kind: z.string(),
          label: z.string(),
          added: z.string(),
          pausedUntil: z.string(),
          isDisabled: z.boolean(),
        }),
      ),
      ways: z.array(
        z.strictObject({ by: z.string(), factor: z.string(), until: z.string(), openedBy: z.string() }),
      ),
      /** `kind` chooses the text `desk.act.<kind>`, or else `account.act.<kind>`. */
      events: z.array(
        z.strictObject({ kind: z.string(), time: z.string(), detail: z.string(), place: z.string() }),
      ),
    }),
    /** Says what an act does to somebody and asks for a reason: the texts `desk.ask.<act>.…`. */
    "account-desk-act": z.strictObject({
      ...page,
      act: z.string(),
      person: z.string(),
      kind: z.string(),
      what: z.string(),
      asksWay: z.boolean(),
      /** Kinds of which one may be added; with one there is nothing to choose. */
      factors: z.array(z.string()),
      reason: z.string(),
      action: z.string(),
      backUrl: z.string(),
      danger: z.boolean(),
    }),
    /** A ticket, once; `act`: what it is for (of `set-password` it is a temporary password), `url`: where it is typed. */
    "account-desk-ticket": z.strictObject({
      ...page,
      ticket: z.string(),
      act: z.string(),
      url: z.string(),
      person: z.string(),
      backUrl: z.string(),
    }),
    "account-desk-approvals": z.strictObject({ ...page, approvals: z.array(approval), backUrl: z.string() }),
    "account-desk-approval": z.strictObject({ ...page, one: approval, backUrl: z.string() }),
  } as const;
};
