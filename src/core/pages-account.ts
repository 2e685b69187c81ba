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
});

/** `common`: the facts of every page, and of what has just been done. */
export const accountPages = <C extends z.core.$ZodShape>(common: C) => {
  const page = {
    ...common,
    username: z.string(),
    /** For the forms of the page; each has its own `action`. */
    csrf: z.string(),
  };
  return {
    /** What the person signs in with, and how strong that is. */
    account: z.strictObject({
      ...page,
      name: z.string(),
      strength: z.enum(["one", "two", "strong"]),
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
  } as const;
};
