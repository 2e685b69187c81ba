/**
 * Every page in every state, with made-up facts: for whoever designs an overlay (`/dev/pages`), and for the tests that
 * look at every one of them. Called by preview-pages.ts; it reads nothing of a real sign-in.
 */
import type { Page, PageFacts } from "../../core/pages.ts";
import { accountStates } from "./account-states.ts";
import { deskStates } from "./desk-states.ts";
import { factorStates } from "./factor-states.ts";
import {
  CODE_NOTICES,
  DEVICE_NOTICES,
  FAILURES,
  OVER,
  PASSWORD_NOTICES,
  PHONE_NOTICES,
  PROBLEMS,
} from "./said-states.ts";

/** A page to look at. `name`: lower case, digits and hyphens, unique. */
export interface PreviewState {
  readonly name: string;
  readonly page: Page;
}

const common = { brand: "Sallyport", appName: "Harbour Office" };
const form = { ...common, action: "/login/preview", csrf: "0.preview" };
const LONG = "Maximiliana-Wilhelmine.von.Hohenstein-Oberammergau+abteilung.einkauf@subsidiary.example.org";
const RTL = "مكتب الميناء";
const password: PageFacts<"password"> = { ...form, username: "", pinned: false, canSwitch: false };
const countries = [
  { code: "EG", name: "Egypt", calling: "+20" },
  { code: "DE", name: "Germany", calling: "+49" },
  { code: "GB", name: "United Kingdom", calling: "+44" },
  { code: "US", name: "United States", calling: "+1" },
];
const phone: PageFacts<"phone"> = {
  ...form,
  number: "",
  country: "US",
  countries,
  ticketNeeded: false,
  canOtherMethod: false,
};
const code: PageFacts<"code"> = {
  ...form,
  masked: "•••• 43",
  digits: 6,
  delivery: "sent",
  channel: "sms",
  stateAt: 1_795_517_207,
  stateMinutes: 0,
  resendIn: 28,
  endsIn: 294,
  canCall: false,
  canChangeNumber: false,
  adding: false,
  others: [],
  canOtherMethod: false,
  host: "login.example.org",
};
const consent: PageFacts<"consent"> = {
  ...form,
  username: "ada",
  clientHost: "harbour.example.org",
  scopes: ["openid", "profile", "phone", "offline_access", "tide:read"],
  policyUrl: "https://harbour.example.org/privacy",
  termsUrl: "https://harbour.example.org/terms",
};
const error: PageFacts<"error"> = {
  ...common,
  problem: "expired",
  problemArgs: { host: "login.example.org" },
  reference: "",
  restartUrl: "",
  oauthError: "",
  oauthDescription: "",
};
const demo: PageFacts<"demo"> = {
  ...common,
  appName: "Demo application",
  acrs: ["simple_password_auth", "twilio_sms"],
  claims: [],
  problem: "",
  phoneUrl: "/dev/phone",
};
const claims = Object.entries({
  sub: "5b1f0c1e-9d53-4c7a-8f0e-3a2f6d1c7e42",
  acr: "twilio_sms",
  amr: '["pwd","sms","mfa"]',
  auth_time: "1795517207",
  iss: "http://localhost:8080",
  aud: "demo",
  iat: "1795517209",
  exp: "1795520809",
  phone_number: "+12025550143",
  phone_number_verified: "true",
}).map(([name, value]) => ({ name, value }));
const PASSWORD_ONLY: Readonly<Record<string, string>> = { acr: "simple_password_auth", amr: '["pwd"]' };
const text = (value: string, at: string) => ({
  kind: "text" as const,
  to: "+1 202 555 0143",
  from: "+1 202 555 0100",
  text: value,
  status: "delivered",
  at,
});

type Args = Readonly<Record<string, string | number>>;
/** All of them, in the order in which a person would meet them. */
export function previewStates(): readonly PreviewState[] {
  const states: PreviewState[] = [];
  const add = (name: string, page: Page) => states.push({ name, page });
  const noticed = <F extends object>(facts: F, notice: string, noticeArgs: Args) => ({
    ...facts,
    notice,
    noticeArgs: { ...noticeArgs },
  });
  const dashed = (key: string) => key.replace(".", "-");

  add("password", { page: "password", facts: password });
  add("password-known", { page: "password", facts: { ...password, username: "ada" } });
  add("password-no-app", { page: "password", facts: { ...password, appName: "" } });
  add("password-again", {
    page: "password",
    facts: { ...password, username: "ada", pinned: true, canSwitch: true },
  });
  add("password-long-names", {
    page: "password",
    facts: { ...password, username: LONG, pinned: true, canSwitch: true, appName: LONG.repeat(2) },
  });
  add("password-rtl-names", { page: "password", facts: { ...password, username: RTL, appName: RTL } });
  add("password-hostile-names", {
    page: "password",
    facts: { ...password, username: '{{7*7}}"><script>alert(1)</script>', appName: `$\{7*7} <%= 7*7 %>` },
  });
  const known = { pinned: true, canSwitch: true };
  for (const [key, args] of Object.entries(PASSWORD_NOTICES))
    add(`notice-${dashed(key)}`, {
      page: "password",
      facts: noticed(
        { ...password, username: "ada", ...(key === "password.other-person" ? known : {}) },
        key,
        args,
      ),
    });

  add("phone", { page: "phone", facts: phone });
  add("phone-demanded", {
    page: "phone",
    facts: { ...phone, demand: "soon", demandDays: 1, skippable: true },
  });
  add("phone-other-method", { page: "phone", facts: { ...phone, canOtherMethod: true } });
  add("phone-ticket", { page: "phone", facts: { ...phone, ticketNeeded: true } });
  for (const [key, args] of Object.entries(PHONE_NOTICES))
    add(`notice-${dashed(key)}`, {
      page: "phone",
      facts: noticed(
        { ...phone, number: "030 1234", country: "DE", ticketNeeded: key === "phone.ticket-wrong" },
        key,
        args,
      ),
    });

  add("code", { page: "code", facts: code });
  add("code-add-phone", { page: "code", facts: { ...code, canChangeNumber: true, adding: true } });
  add("code-new-phone", { page: "code", facts: { ...code, canChangeNumber: true } });
  add("code-remember", { page: "code", facts: { ...code, rememberDays: 30 } });
  add("code-two-phones", {
    page: "code",
    facts: { ...code, others: [{ id: "0b3e", masked: "•••• 99" }] },
  });
  add("code-sending", { page: "code", facts: { ...code, delivery: "sending" } });
  add("code-resend-open", { page: "code", facts: { ...code, resendIn: 0, endsIn: 181 } });
  add("code-resend-over", { page: "code", facts: { ...code, resendIn: -1, endsIn: 44 } });
  add("code-over", { page: "code", facts: { ...code, resendIn: 0, endsIn: 0 } });
  add("code-eight-digits", { page: "code", facts: { ...code, digits: 8 } });
  add("code-nothing-sent", {
    page: "code",
    facts: noticed(
      { ...code, masked: "", delivery: "failed" as const, resendIn: 0, endsIn: 0 },
      "code.paused",
      { minutes: 9 },
    ),
  });
  add("code-delivered", { page: "code", facts: { ...code, delivery: "delivered", canCall: true } });
  add("code-delivered-earlier", {
    page: "code",
    facts: { ...code, delivery: "delivered", stateMinutes: 3, resendIn: 0, canOtherMethod: true },
  });
  add("code-every-way", {
    page: "code",
    facts: { ...code, resendIn: 0, canCall: true, canChangeNumber: true, canOtherMethod: true },
  });
  const call = { ...code, channel: "call" as const, canCall: true };
  for (const delivery of ["sending", "sent", "delivered"] as const)
    add(`call-${delivery}`, { page: "code", facts: { ...call, delivery } });
  add("call-failed", {
    page: "code",
    facts: { ...call, delivery: "failed", deliveryText: "send-failed-not-answered", best: "call" },
  });
  for (const [failure, best] of FAILURES)
    add(`send-failed-${failure}-${best}`, {
      page: "code",
      facts: {
        ...code,
        delivery: "failed",
        deliveryText: `send-failed-${failure}`,
        best,
        canCall: best === "call",
        canChangeNumber: best === "change-number",
        canOtherMethod: best === "other-method",
      },
    });
  for (const [key, args] of Object.entries(CODE_NOTICES))
    add(`notice-${dashed(key)}`, { page: "code", facts: noticed({ ...code, ...OVER[key] }, key, args) });
  add("notice-code-resend-too-soon-new", {
    page: "code",
    facts: noticed({ ...code, endsIn: 0 }, "code.resend-too-soon", { seconds: 12 }),
  });

  for (const { name, page } of factorStates(form)) add(name, page);

  add("consent", { page: "consent", facts: consent });
  add("consent-plain", {
    page: "consent",
    facts: { ...consent, scopes: ["openid"], policyUrl: "", termsUrl: "" },
  });
  add("consent-long-names", {
    page: "consent",
    facts: { ...consent, username: LONG, appName: LONG, clientHost: `${LONG.slice(-40)}` },
  });
  add("consent-rtl-names", { page: "consent", facts: { ...consent, username: RTL, appName: RTL } });

  const device = { ...form, appName: "", action: "/device", xsrf: "preview", userCode: "" };
  add("device", { page: "device", facts: device });
  add("device-filled", { page: "device", facts: { ...device, userCode: "WDJB-MJHT" } });
  for (const [key, args] of Object.entries(DEVICE_NOTICES))
    add(`notice-${dashed(key)}`, {
      page: "device",
      facts: noticed({ ...device, userCode: "WDJB-MJH" }, key, args),
    });
  const asks = { ...device, appName: "Sallyport command line", userCode: "WDJB-MJHT", username: "" };
  const asked = {
    ...asks,
    scopes: ["openid", "admin-api", "enrolment-api"],
    address: "198.51.100.23",
    minutes: 0,
  };
  add("device-confirm", { page: "device-confirm", facts: asked });
  add("device-confirm-signed-in", {
    page: "device-confirm",
    facts: { ...asked, username: LONG, minutes: 3, address: "2001:db8:85a3:8d3:1319:8a2e:370:7348" },
  });
  add("notice-device-confirm-stale", { page: "device-confirm", facts: noticed(asked, "form.stale", {}) });
  for (const state of ["allowed", "refused", "expired"] as const)
    add(`device-${state}`, {
      page: "device-done",
      facts: { ...common, appName: "Sallyport command line", state, continueUrl: "/device" },
    });

  const recover = { ...form, appName: "", action: "/admin/recover/preview", username: "root" };
  add("recover", { page: "recover", facts: recover });
  add("notice-recover-differ", { page: "recover", facts: noticed(recover, "recover.differ", {}) });
  add("notice-recover-refused", {
    page: "recover",
    facts: noticed({ ...recover, username: LONG }, "recover.refused", { why: "it is too easy to guess." }),
  });
  add("recover-done", { page: "recover-done", facts: { ...common, appName: "" } });

  add("logout", { page: "logout", facts: { ...common, action: "/end_session/confirm", xsrf: "preview" } });
  add("logout-no-app", {
    page: "logout",
    facts: { ...common, appName: "", action: "/end_session/confirm", xsrf: "preview" },
  });
  add("logged-out", { page: "logged-out", facts: common });

  for (const { name, page } of [...accountStates(), ...deskStates()]) add(name, page);

  for (const problem of PROBLEMS)
    add(`error-${problem}`, {
      page: "error",
      facts: {
        ...error,
        problem,
        ...(problem === "expired" ? { restartUrl: "/demo" } : {}),
        ...(problem === "broken" ? { reference: "qX3v9LpA" } : {}),
        ...(problem === "oauth"
          ? {
              oauthError: "invalid_redirect_uri",
              oauthDescription: "redirect_uri did not match any registered",
            }
          : {}),
      },
    });

  add("error-expired-no-way-back", { page: "error", facts: { ...error, problem: "expired" } });
  for (const state of ["finished", "other-browser", "other-person"] as const)
    add(`elsewhere-${state}`, {
      page: "elsewhere",
      facts: { ...common, state, username: state === "other-person" ? "grace" : "", continueUrl: "/demo" },
    });

  add("post-on", {
    page: "post-on",
    facts: { ...common, action: "/dev/pages/logged-out", fields: [{ name: "code", value: "preview" }] },
  });
  add("demo", { page: "demo", facts: demo });
  add("demo-claims", { page: "demo", facts: { ...demo, claims } });
  const cancelled = "access_denied: the person cancelled the sign-in";
  add("demo-cancelled", { page: "demo", facts: { ...demo, problem: cancelled } });
  add("demo-cancelled-step-up", {
    page: "demo",
    facts: {
      ...demo,
      problem: cancelled,
      claims: claims.map(({ name, value }) => ({ name, value: PASSWORD_ONLY[name] ?? value })),
    },
  });
  add("demo-problem", { page: "demo", facts: { ...demo, problem: "login_required: nobody is signed in" } });
  add("simulator", {
    page: "simulator",
    facts: {
      ...common,
      messages: [
        text(
          "048213 is your code to sign in to Harbour Office. Valid 5 minutes. Never share it.\n\n@login.example.org #048213",
          "2026-11-24T10:02:11Z",
        ),
        text(
          "719004 is your code to sign in to Harbour Office. Valid 5 minutes. Never share it.\n\n@login.example.org #719004",
          "2026-11-24T10:04:40Z",
        ),
        {
          ...text(
            "Hello. This is your code to sign in to Harbour Office. Never tell it to anybody. 7 1 9 0 0 4 Once more, your code is: 7 1 9 0 0 4",
            "2026-11-24T10:05:02Z",
          ),
          kind: "call" as const,
          status: "completed",
        },
      ],
    },
  });
  add("simulator-empty", { page: "simulator", facts: { ...common, messages: [] } });
  return states;
}
