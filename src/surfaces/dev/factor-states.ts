/** The pages of factors beside password and text in every state, for the previews. */
import type { Page, PageFacts } from "../../core/pages.ts";
import { questionStates } from "./question-states.ts";

type Form = Pick<PageFacts<"question">, "brand" | "appName" | "action" | "csrf">;
type State = { readonly name: string; readonly page: Page };

const CODES = [
  "7QKM-2H9X-W4TR-BZ8D",
  "N3VC-PY6J-A5GS-EL7U",
  "X8DF-4RWK-9MTH-2QZB",
  "J6SU-7ENP-CY3V-G5LA",
  "B2ZT-HXKQ-8W4D-MR9F",
  "V5GA-L3CY-PE7N-U6SJ",
  "T9MH-QZ2B-RWK4-XD8F",
  "S4LJ-6UAG-N7EP-3YVC",
  "D8FX-BZ2Q-TH9M-KW4R",
  "P7NE-V3YC-S6UJ-A5LG",
];

export function factorStates(form: Form): readonly State[] {
  const known = { ...form, username: "ada" };
  const totp: PageFacts<"totp"> = { ...known, canOtherMethod: true };
  const app: PageFacts<"totp-enrol"> = {
    ...known,
    // A drawing, and no secret of anybody's.
    qr: "M4 4h7v1h-7zM4 10h7v1h-7zM4 5h1v5h-1zM10 5h1v5h-1zM6 6h3v3h-3zM22 4h7v7h-7zM4 22h7v7h-7zM14 6h2v9h-2zM18 14h6v2h-6zM16 20h3v6h-3zM24 24h4v3h-4z",
    size: 33,
    secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
    label: "",
    ticketNeeded: false,
    canOtherMethod: false,
    skippable: false,
  };
  const key: PageFacts<"passkey"> = {
    ...known,
    rpId: "localhost",
    challenge: "cHJldmlldw",
    credentials: "cHJldmlldw",
    canOtherMethod: true,
  };
  const newKey: PageFacts<"passkey-enrol"> = {
    ...known,
    rpId: "localhost",
    challenge: "cHJldmlldw",
    userId: "cHJldmlldw",
    credentials: "",
    label: "",
    ticketNeeded: false,
    canOtherMethod: false,
    skippable: false,
  };
  const recovery: PageFacts<"recovery-code"> = { ...known, canOtherMethod: true };
  const renewal: PageFacts<"new-password"> = { ...known, why: "must-change", present: false, least: 8 };
  const { csrf } = form;
  const lost: PageFacts<"forgotten"> = {
    brand: form.brand,
    appName: "",
    action: "/forgotten",
    csrf,
    what: "name",
    token: "",
    mail: true,
  };
  const codes: PageFacts<"recovery-codes"> = {
    ...known,
    codes: CODES,
    file: `data:text/plain;charset=utf-8,${encodeURIComponent(CODES.join("\r\n"))}`,
    skippable: false,
  };
  const of =
    <P extends Page["page"]>(page: P, facts: PageFacts<P>) =>
    (name: string, over: Partial<PageFacts<P>> & { readonly notice?: string } = {}): State => ({
      name,
      page: { page, facts: { ...facts, ...over } } as Page,
    });
  const totpState = of("totp", totp);
  const appState = of("totp-enrol", app);
  const keyState = of("passkey", key);
  const newKeyState = of("passkey-enrol", newKey);
  const recoveryState = of("recovery-code", recovery);
  const codesState = of("recovery-codes", codes);
  const renewalState = of("new-password", renewal);
  const lostState = of("forgotten", lost);
  const toldState = of("forgotten-told", { brand: form.brand, appName: "", what: "sent" });
  const minutes = { notice: "question.paused", noticeArgs: { minutes: 15 } };
  const ways = ["sms", "totp", "passkey", "recovery-code", "password"];
  const invited = { ...form, username: "", pinned: false, canSwitch: false, rpId: "localhost" };
  const error: PageFacts<"error"> = {
    brand: form.brand,
    appName: form.appName,
    problem: "too-many-factors",
    reference: "",
    restartUrl: "",
    oauthError: "",
    oauthDescription: "",
  };
  return [
    ...questionStates(form),
    of("error", error)("error-too-many-factors"),
    of("password", { ...invited, challenge: "cHJldmlldw", forgotten: true })("password-forgotten"),
    of("password", { ...invited, challenge: "cHJldmlldw" })("password-passkey"),
    of("ways", { ...known, ways: ways.map((kind) => ({ name: kind, kind })) })("ways"),
    renewalState("new-password"),
    renewalState("new-password-directory", { present: true, least: 0 }),
    renewalState("new-password-forgotten", { why: "forgotten", least: 15 }),
    renewalState("notice-new-password-wrong", { present: true, least: 0, notice: "new-password.wrong" }),
    renewalState("notice-new-password-empty", { notice: "new-password.empty" }),
    renewalState("notice-new-password-same", { notice: "new-password.same" }),
    renewalState("notice-new-password-refused", {
      notice: "recover.refused",
      noticeArgs: { why: "It is one of the passwords that are guessed first." },
    }),
    lostState("forgotten"),
    lostState("forgotten-link", { what: "link", token: "preview" }),
    lostState("forgotten-ticket", { what: "ticket" }),
    lostState("notice-forgotten-ticket-wrong", { what: "ticket", notice: "forgotten.ticket-wrong" }),
    toldState("forgotten-sent"),
    toldState("forgotten-over", { what: "over" }),
    toldState("forgotten-done", { what: "done" }),
    toldState("forgotten-kept", { what: "kept" }),
    totpState("totp"),
    totpState("totp-only", { canOtherMethod: false }),
    totpState("totp-remember", { rememberDays: 30 }),
    totpState("totp-paused", minutes),
    totpState("notice-totp-wrong", { notice: "totp.wrong" }),
    totpState("notice-totp-malformed", { notice: "totp.malformed" }),
    appState("totp-enrol"),
    appState("totp-enrol-demanded", { demand: "now" }),
    appState("totp-enrol-soon", { demand: "soon", demandDays: 9, skippable: true }),
    appState("totp-enrol-ticket", { ticketNeeded: true, canOtherMethod: true }),
    appState("notice-totp-not-yet", { notice: "totp.not-yet", label: "Work phone" }),
    keyState("passkey"),
    keyState("passkey-anybody", { username: "", credentials: "" }),
    keyState("notice-passkey-none", { notice: "passkey.none" }),
    keyState("notice-passkey-wrong", { notice: "passkey.wrong" }),
    keyState("notice-passkey-copied", { notice: "passkey.copied" }),
    newKeyState("passkey-enrol"),
    newKeyState("passkey-offer", { skippable: true }),
    newKeyState("passkey-enrol-ticket", { ticketNeeded: true }),
    newKeyState("notice-passkey-not-bound", { notice: "passkey.not-bound" }),
    newKeyState("notice-passkey-known", { notice: "passkey.known" }),
    recoveryState("recovery-code"),
    recoveryState("notice-recovery-wrong", { notice: "recovery.wrong" }),
    recoveryState("notice-recovery-malformed", { notice: "recovery.malformed" }),
    codesState("recovery-codes"),
    codesState("recovery-codes-few", { skippable: true }),
    codesState("notice-recovery-not-kept", { notice: "recovery.not-kept" }),
  ];
}
