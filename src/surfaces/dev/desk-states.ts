/** The pages of the help desk in their states, with made-up facts; a part of previews.ts. */
import { DESK_ACTS } from "../../core/help-desk-settings.ts";
import type { Page, PageFacts } from "../../core/pages.ts";

const common = { brand: "Sallyport", appName: "", username: "henry", csrf: "0.preview", helpDesk: true };
const LONG = "Maximiliana-Wilhelmine.von.Hohenstein-Oberammergau+abteilung.einkauf@subsidiary.example.org";
const WHEN = "26 Nov 2026, 08:31";
const factor = { id: "1", kind: "sms", label: "•••• 43", added: WHEN, pausedUntil: "", isDisabled: false };
const EVENTS = [
  "signed-in",
  "session-ended",
  "password-wrong",
  "code-wrong",
  "factor-disabled",
  "authenticator-bound",
  "enrolment-opened",
  "enrolment-closed",
  "enrolment-refused",
  "user-changed",
  "password-ticket",
  "reported",
];
const person: PageFacts<"account-desk-person"> = {
  ...common,
  url: "/account/help-desk/people/1",
  name: "Grace Hopper",
  person: "grace",
  isActive: true,
  why: "",
  hasPhone: true,
  sessions: 2,
  factors: [
    factor,
    { ...factor, id: "2", kind: "totp", label: "", pausedUntil: WHEN },
    { ...factor, id: "3", kind: "passkey", label: "Laptop", isDisabled: true },
  ],
  ways: [],
  events: EVENTS.map((kind) => ({ kind, time: WHEN, detail: "•••• 43", place: "Germany (198.51.100.23)" })),
};
const approval: PageFacts<"account-desk-approval">["one"] = {
  url: "/account/help-desk/approvals/1",
  act: "hand-out-ticket",
  state: "pending",
  person: "grace",
  askedBy: "hannah",
  reason: "phone stolen, seen with her badge",
  until: WHEN,
  decidedBy: "",
  isMine: false,
  canDecide: true,
  hasTicket: false,
};
const ACTS = DESK_ACTS;
const STATES = ["pending", "approved", "declined", "done", "failed"];
const SAID = [
  ...["removed", "opened", "closed", "signed-out", "waits", "approved", "declined"].map(
    (one) => `desk.done.${one}`,
  ),
  ...["who", "limit", "nobody", "closed", "rights", "gone", "state", "shown"].map(
    (one) => `desk.failed.${one}`,
  ),
];

export function deskStates(): readonly { readonly name: string; readonly page: Page }[] {
  const states: { name: string; page: Page }[] = [];
  const add = (name: string, page: Page) => states.push({ name, page });
  const search = { ...common, canFind: true, people: [] };
  add("desk", { page: "account-desk", facts: search });
  add("desk-several-names", {
    page: "account-desk",
    facts: {
      ...search,
      people: [
        { url: "/account/help-desk/people/1", name: "Mary Ward", username: "mary" },
        { url: "/account/help-desk/people/2", name: LONG, username: LONG },
      ],
    },
  });
  for (const notice of SAID)
    add(`notice-${notice.replaceAll(".", "-")}`, {
      page: "account-desk",
      facts: { ...search, notice, noticeArgs: { until: WHEN } },
    });
  add("desk-person", { page: "account-desk-person", facts: person });
  add("desk-person-bare", {
    page: "account-desk-person",
    facts: {
      ...person,
      isActive: false,
      hasPhone: false,
      sessions: 0,
      factors: [],
      events: [],
      ways: ["window", "ticket"].map((by) => ({ by, factor: "totp", until: WHEN, openedBy: "hannah" })),
    },
  });
  for (const why of ["self", "rights"])
    add(`desk-person-${why}-names`, {
      page: "account-desk-person",
      facts: { ...person, why, name: LONG, person: LONG },
    });
  for (const act of ["remove", "open", "lost", "password", "close", "sign-out"])
    add(`desk-ask-${act}`, {
      page: "account-desk-act",
      facts: {
        ...common,
        act,
        person: "grace",
        kind: act === "remove" ? "sms" : "",
        what: act === "remove" ? "•••• 43" : "",
        asksWay: act === "open" || act === "lost",
        factors: act === "open" ? ["passkey", "totp", "sms", "recovery-code"] : [],
        reason: "",
        action: "/account/help-desk/preview",
        backUrl: "/account/help-desk",
        danger: ["remove", "lost", "sign-out"].includes(act),
        ...(act === "close" ? { notice: "desk.failed.reason", noticeArgs: {} } : {}),
      },
    });
  const ticket = {
    ...common,
    ticket: "K7PX-3MWD-9RTB-H2QV",
    act: "hand-out-ticket",
    url: "",
    person: "grace",
    backUrl: "/account/help-desk",
  };
  add("desk-ticket", { page: "account-desk-ticket", facts: ticket });
  add("desk-ticket-password", {
    page: "account-desk-ticket",
    facts: {
      ...ticket,
      act: "password-ticket",
      url: "https://login.subsidiary.example.org/forgotten/ticket",
    },
  });
  add("desk-ticket-temporary", {
    page: "account-desk-ticket",
    facts: { ...ticket, act: "set-password", ticket: "k7px3-mwd9r-tbh2q-vz4e6" },
  });
  add("desk-approvals-none", {
    page: "account-desk-approvals",
    facts: { ...common, approvals: [], backUrl: "/account/help-desk" },
  });
  add("desk-approvals", {
    page: "account-desk-approvals",
    facts: {
      ...common,
      backUrl: "/account/help-desk",
      approvals: [
        ...ACTS.map((act) => ({ ...approval, act })),
        ...STATES.map((state) => ({ ...approval, state })),
      ],
    },
  });
  const one = (name: string, more: Partial<typeof approval>) =>
    add(`desk-approval-${name}`, {
      page: "account-desk-approval",
      facts: { ...common, one: { ...approval, ...more }, backUrl: "/account/help-desk/approvals" },
    });
  one("open", {});
  one("mine", { isMine: true, canDecide: false, askedBy: "henry" });
  one("ticket-names", {
    isMine: true,
    canDecide: false,
    state: "done",
    decidedBy: "hannah",
    hasTicket: true,
    person: LONG,
  });
  one("password", {
    act: "set-password",
    isMine: true,
    canDecide: false,
    state: "done",
    decidedBy: "hannah",
    hasTicket: true,
  });
  return states;
}
