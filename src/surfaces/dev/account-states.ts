/** The account pages in their states, with made-up facts; a part of previews.ts. */
import type { Page, PageFacts } from "../../core/pages.ts";

const common = { brand: "Sallyport", appName: "", username: "grace", csrf: "0.preview" };
const item = {
  id: "1f0d6c1e",
  label: "•••• 43",
  nickname: "",
  added: "24 Nov 2026, 10:02",
  used: "26 Nov 2026, 08:31",
  isDefault: true,
  newUntil: "",
  left: -1,
};
const second = {
  ...item,
  id: "2a0d6c1e",
  label: "•••• 56",
  nickname: "Work",
  used: "",
  isDefault: false,
  newUntil: "27 Nov 2026, 08:31",
};
const LONG = "Maximiliana-Wilhelmine.von.Hohenstein-Oberammergau+abteilung.einkauf@subsidiary.example.org";

const sms = { kind: "sms", items: [item, second], canAdd: true, canRemove: true };
const totp = {
  kind: "totp",
  items: [{ ...item, id: "3", label: "", isDefault: true }],
  canAdd: true,
  canRemove: true,
};
const passkey = {
  kind: "passkey",
  items: [{ ...item, id: "4", label: "Laptop", nickname: "" }],
  canAdd: true,
  canRemove: true,
};
const few = {
  kind: "recovery-code",
  items: [{ ...item, id: "5", label: "", used: "", left: 3 }],
  canAdd: true,
  canRemove: true,
};
const none = (kind: string) => ({ kind, items: [], canAdd: true, canRemove: true });
const account: PageFacts<"account"> = {
  ...common,
  name: "Grace",
  strength: "two",
  canBeStronger: true,
  owed: [],
  twoStep: { state: "none", least: 2 },
  factors: [sms, none("totp"), none("passkey"), none("recovery-code")],
};
const session = {
  id: "s1",
  device: "Firefox on Windows",
  place: "Germany (198.51.100.23)",
  began: "26 Nov 2026, 08:31",
  used: "26 Nov 2026, 08:40",
  apps: "Harbour Office",
  isThis: true,
};
const event = {
  id: "7",
  kind: "signed-in",
  detail: "Harbour Office",
  time: "08:31",
  place: "198.51.100.23",
  isWarning: false,
};

const ASKED: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  "add-sms": { hours: 24 },
  "add-passkey": {},
  remove: { what: "Laptop" },
  "remove-phone": { what: "•••• 56" },
  "default-phone": { what: "•••• 56" },
  "change-phone": { what: "•••• 56" },
  "end-all": {},
  "two-step-on": {},
  "two-step-off": {},
  revoke: { what: "Harbour Office" },
  "not-me": { when: "26 Nov 2026, 08:31" },
  "undo-added": {},
  "undo-removed": {},
  "undo-preferred": {},
};
const TOLD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  undone: {},
  "undo-over": {},
  "new-number": { until: "27 Nov 2026, 08:31" },
  "nothing-enough": {},
  last: {},
  demanded: {},
  "two-step": {},
  "read-only": {},
  check: {},
};
const SAID = [
  ...[
    "named",
    "removed",
    "default",
    "added",
    "changed",
    "password",
    "ended",
    "revoked",
    "preferences",
    "forgotten",
    "two-step-on",
    "two-step-off",
  ].map((one) => `account.done.${one}`),
  ...["gone", "last", "meanwhile", "most", "cancelled", "not-added"].map((one) => `account.failed.${one}`),
];

/** Every event that the activity can show. */
const EVENTS = [
  "signed-out",
  "session-ended",
  "password-changed",
  "authenticator-bound",
  "authenticator-unbound",
  "phone-added",
  "enrolment-opened",
  "user-changed",
  "roles-changed",
  "consent-given",
  "device-allowed",
  "device-remembered",
  "remembered-device-used",
  "remembered-device-ended",
  "tokens-revoked",
  "recovery-used",
  "change-undone",
  "reported",
];
const GUESSES = ["password-wrong", "code-wrong", "factor-wrong", "factor-paused", "factor-disabled"];

export function accountStates(): readonly { readonly name: string; readonly page: Page }[] {
  const states: { name: string; page: Page }[] = [];
  const add = (name: string, page: Page) => states.push({ name, page });
  add("account", { page: "account", facts: account });
  add("account-one", { page: "account", facts: { ...account, strength: "one", factors: [none("sms")] } });
  add("account-texts-alone", {
    page: "account",
    facts: { ...account, canBeStronger: false, factors: [sms, few] },
  });
  add("account-owed", {
    page: "account",
    facts: {
      ...account,
      owed: [
        { kind: "passkey", when: "24 Dec 2026, 10:02", isDue: false },
        { kind: "recovery-code", when: "24 Nov 2026, 10:02", isDue: true },
      ],
      twoStep: { state: "needs", least: 2 },
    },
  });
  for (const state of ["on", "off"] as const)
    add(`account-two-step-${state}`, {
      page: "account",
      facts: { ...account, twoStep: { state, least: 2 } },
    });
  add("account-strong-names", {
    page: "account",
    facts: {
      ...account,
      strength: "strong",
      canBeStronger: false,
      name: LONG,
      username: LONG,
      factors: [sms, totp, passkey, { ...none("recovery-code"), canAdd: false }],
    },
  });
  for (const notice of SAID)
    add(`notice-${notice.replaceAll(".", "-")}`, {
      page: "account",
      facts: { ...account, notice, noticeArgs: {} },
    });
  const factor = { ...common, kind: "sms", item: second, others: 1 };
  add("account-phone", { page: "account-factor", facts: factor });
  add("account-phone-default", { page: "account-factor", facts: { ...factor, item } });
  add("account-passkey-names", {
    page: "account-factor",
    facts: { ...factor, kind: "passkey", item: { ...item, label: LONG, isDefault: true } },
  });
  add("account-app", {
    page: "account-factor",
    facts: { ...factor, kind: "totp", item: { ...item, label: "" } },
  });
  for (const [act, args] of Object.entries(ASKED))
    add(`account-ask-${act}`, {
      page: "account-ask",
      facts: {
        ...common,
        ...(act.startsWith("undo") ? { username: "" } : {}),
        act,
        args,
        action: "/account/preview",
        backUrl: act.startsWith("undo") ? "" : "/account",
        danger: ["remove", "remove-phone", "end-all", "revoke", "not-me", "two-step-off"].includes(act),
      },
    });
  for (const [what, args] of Object.entries(TOLD))
    add(`account-told-${what}`, {
      page: "account-told",
      facts: {
        ...common,
        ...(what.startsWith("undo") ? { username: "" } : {}),
        what,
        args,
        backUrl: what.startsWith("undo") ? "" : "/account",
      },
    });
  add("account-password", { page: "account-password", facts: { ...common, least: 15 } });
  add("account-password-differ", {
    page: "account-password",
    facts: { ...common, least: 15, notice: "recover.differ", noticeArgs: {} },
  });
  add("account-sessions", {
    page: "account-sessions",
    facts: {
      ...common,
      sessions: [session, { ...session, id: "s2", device: "", place: "", used: "", isThis: false, apps: "" }],
      remembered: [],
    },
  });
  const kept = {
    id: "d1",
    device: "Firefox on Windows",
    place: "Germany (203.0.113.7)",
    since: "24 Nov 2026, 10:02",
    until: "24 Dec 2026, 10:02",
    isThis: true,
  };
  add("account-sessions-remembered", {
    page: "account-sessions",
    facts: {
      ...common,
      sessions: [session],
      remembered: [kept, { ...kept, id: "d2", device: "", place: "", isThis: false }],
    },
  });
  const app = {
    id: "harbour",
    name: "Harbour Office",
    since: "24 Nov 2026, 10:02",
    scopes: ["openid", "profile", "tide:read"],
    isTrusted: false,
  };
  add("account-applications-names", {
    page: "account-applications",
    facts: { ...common, applications: [app, { ...app, id: "2", name: LONG, isTrusted: true }] },
  });
  add("account-applications-none", { page: "account-applications", facts: { ...common, applications: [] } });
  add("account-activity", {
    page: "account-activity",
    facts: {
      ...common,
      days: [
        {
          day: "Thursday, 26 November 2026",
          events: [event, ...GUESSES.map((kind) => ({ ...event, kind, isWarning: true, detail: "" }))],
        },
        { day: "Tuesday, 24 November 2026", events: EVENTS.map((kind) => ({ ...event, kind, place: "" })) },
      ],
      olderUrl: "/account/activity?after=7",
    },
  });
  add("account-preferences", {
    page: "account-preferences",
    facts: {
      ...common,
      language: "de",
      languages: [
        { tag: "de", name: "Deutsch" },
        { tag: "en", name: "English" },
      ],
      zone: "Europe/Berlin",
      zones: ["Africa/Cairo", "America/Argentina/Buenos_Aires", "Europe/Berlin"],
    },
  });
  return states;
}
