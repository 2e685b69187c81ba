/** Reads docs/reference/acr-choice.md: what its tables promise is what the tests try. */
import { readFileSync } from "node:fs";
import path from "node:path";

export const SESSIONS = ["none", "password", "both", "stale password", "stale both"] as const;
export const REQUESTS = [
  "nothing",
  "weaker",
  "equal",
  "stronger",
  "unknown",
  "disabled",
  "forbidden",
  "alias",
] as const;
export const MANNERS = ["voluntary", "essential"] as const;
export const PROMPTS = ["", "login", "none"] as const;
export const MAX_AGES = ["0", "600", "86400"] as const;
export type Session = (typeof SESSIONS)[number];
/** Of the tables for apps, passkeys and recovery codes: what the session has shown, and the acr that is asked for. */
export const SHOWN = ["none", "both", "app", "passkey", "recovery"] as const;
export const ACRS = ["twilio_sms", "otp", "fido2", "recovery_code"] as const;
export type Shown = (typeof SHOWN)[number];

/** What a cell promises: the pages and the acr after them, or the error. */
export type Promised =
  | { readonly kind: "acr"; readonly pages: readonly string[]; readonly acr: string }
  | { readonly kind: "error"; readonly error: string };

export interface Cell<S = Session> {
  readonly session: S;
  readonly request: string;
  readonly manner: string;
  readonly prompt: string;
  readonly maxAge: string;
  readonly promised: Promised;
}

/** A client and what it asks for. */
export interface Asked {
  readonly request: string;
  readonly byDefault: string;
  readonly allowed: readonly string[] | undefined;
  readonly acr: string;
}

const file = path.resolve(import.meta.dirname, "../../docs/reference/acr-choice.md");

/** Sections by their heading, each with the rows of its table. */
function sections(): ReadonlyMap<string, readonly (readonly string[])[]> {
  const found = new Map<string, (readonly string[])[]>();
  let rows: (readonly string[])[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading !== undefined) {
      rows = [];
      found.set(heading, rows);
    } else if (/^\|(?! ---)/.test(line)) rows.push(line.split("|").slice(1, -1).map(plain));
  }
  return new Map([...found].map(([heading, [, ...rest]]) => [heading, rest]));
}

const plain = (text: string): string => text.replaceAll("`", "").trim();

function promisedBy(text: string): Promised {
  const [pages, acr, ...more] = text.split(" → ");
  if (more.length > 0 || pages === undefined) throw new Error(`not a cell: ${text}`);
  if (acr === undefined) return { kind: "error", error: pages };
  return { kind: "acr", pages: pages === "no page" ? [] : pages.split(", "), acr };
}

/** Every cell of the page, and the requests its tables speak of. */
export function readTables(): { readonly asked: readonly Asked[]; readonly cells: readonly Cell[] } {
  const all = sections();
  const asked = (all.get("The requests of the tables") ?? []).map(
    ([request = "", byDefault = "", allowed = "", acr = ""]): Asked => ({
      request,
      byDefault,
      allowed: allowed === "all" ? undefined : allowed.split(", "),
      acr,
    }),
  );
  const cells = [
    ...SESSIONS.flatMap((session) =>
      (all.get(`Session: ${session}`) ?? []).flatMap(([request = "", manner = "", ...promised]) =>
        byPrompt(promised, { session, request, manner, maxAge: "" }),
      ),
    ),
    ...(all.get("With max_age") ?? all.get("With `max_age`") ?? []).flatMap(
      ([session = "", maxAge = "", ...promised]) =>
        byPrompt(promised, { session: session as Session, request: "nothing", manner: "voluntary", maxAge }),
    ),
  ];
  return { asked, cells };
}

/** Every cell of the tables for the newer factors. */
export function readFactorTables(): readonly Cell<Shown>[] {
  const all = sections();
  return SHOWN.flatMap((session) =>
    (all.get(`Shown: ${session}`) ?? []).flatMap(([request = "", manner = "", ...promised]) =>
      byPrompt(promised, { session, request, manner, maxAge: "" }),
    ),
  );
}

const byPrompt = <S>(
  promised: readonly string[],
  row: Omit<Cell<S>, "prompt" | "promised">,
): readonly Cell<S>[] =>
  promised.map((text, index) => ({ ...row, prompt: PROMPTS[index] ?? "?", promised: promisedBy(text) }));
