/** What a template is given: a page's facts, with nothing left out and every URL one that may be followed. */
import { type Page, type PageName, pageFacts } from "../../core/pages.ts";

/** Optional facts, as a template sees them when they are absent; `heading` a template gives to the layout. */
const ABSENT = {
  heading: "",
  helpDesk: false,
  appName: "",
  notice: "",
  noticeArgs: {},
  deliveryText: "",
  best: "",
  rpId: "",
  challenge: "",
  forgotten: false,
  problemArgs: {},
  rememberDays: 0,
  demand: "",
  demandDays: 0,
  skippable: false,
} as const;
const LINKS = [
  "backUrl",
  "olderUrl",
  "policyUrl",
  "termsUrl",
  "restartUrl",
  "continueUrl",
  "phoneUrl",
] as const;

/** Names that every template may use besides its page's own facts. */
export const GLOBALS: readonly string[] = ["locale", "dir", "page"];

/** Names of the facts of a page. */
export const factNames = (page: PageName): readonly string[] => [
  ...new Set([...Object.keys(ABSENT), ...Object.keys(pageFacts[page].shape)]),
];

/** The facts of a page, complete, and with `""` for a link that is not http, https or a path of ours (S22). */
export function factsFor({ page, facts }: Page): Readonly<Record<string, unknown>> {
  const given: Record<string, unknown> = { ...ABSENT, ...facts };
  for (const name of LINKS) if (name in given) given[name] = safeLink(String(given[name]));
  // An answer may be posted to an application's own scheme; never to one that a browser runs or reads (S22).
  if (page === "post-on" && runs(facts.action)) given.action = "";
  return given;
}

// Parsed as a browser does it: it skips tabs, line breaks and control characters on its way to `javascript:`.
const runs = (url: string): boolean =>
  /^(?:javascript|data|vbscript|blob|file|about|view-source):$/.test(URL.parse(url)?.protocol ?? "");

const safeLink = (url: string): string =>
  /^(?:https?:\/\/[^\s"<>\\]+|\/(?![/\\])[^\s"<>\\]*)$/i.test(url) ? url : "";
