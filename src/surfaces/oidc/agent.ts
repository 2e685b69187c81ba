/** What a browser calls itself, in words of ours: enough to know a device again, nothing an attacker could have written. */
import { kept } from "../../kits/web/kept.ts";

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|HeadlessChrome|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:iPhone|iPad)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows NT\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** `Firefox on Windows` for a User-Agent header (RFC 9110 §10.1.5); empty where neither is known. */
export const agentOf = (header: string | undefined): string => wordsOf((header ?? "").slice(0, 500));

const wordsOf = kept((sent) => {
  const of = (list: typeof BROWSERS) => list.find(([pattern]) => pattern.test(sent))?.[1];
  return [of(BROWSERS), of(SYSTEMS)].filter((word) => word !== undefined).join(" on ");
});
