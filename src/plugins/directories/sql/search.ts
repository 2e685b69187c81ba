/** How people are found by a part of their name: what a pattern looks into, and what it looks for. */
import type { Claims } from "../../../core/directory.ts";
import { usernameKey } from "../../../core/username.ts";

/** Longest text kept for looking into, and longest pattern: SQLite refuses patterns beyond 50,000 bytes. */
const MOST = 1000;
const LONGEST_PATTERN = 200;

/** Case, width and normal form as usernames have them (P12). PostgreSQL knows no NUL in a text. */
export const fold = (text: string): string => usernameKey(text.replaceAll("\0", "")).slice(0, MOST);

/** What is kept beside a person so that a pattern and an email address find them. */
export function searchOf(
  username: string,
  claims: Claims,
): {
  search: string;
  emailKey: string | null;
  nameKey: string | null;
} {
  const { name, given_name: given, family_name: family, email } = claims;
  const shown = typeof name === "string" ? name : [given, family].filter(isText).join(" ");
  const parts = [username, shown, isText(email) ? email : ""].map(fold);
  return {
    search: parts.filter((part) => part !== "").join("\n"),
    emailKey: isText(email) ? fold(email) : null,
    nameKey: shown.trim() === "" ? null : fold(shown),
  };
}

/** The pattern for LIKE … ESCAPE '\\'; undefined for a text that can be part of nothing. */
export function likeOf(pattern: string): string | undefined {
  if (pattern.includes("\0") || !pattern.isWellFormed() || pattern.length > LONGEST_PATTERN) return undefined;
  // Spaces at its ends are part of it: "van " finds nobody whose name ends there.
  const folded = pattern
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKC")
    .replace(/ς/g, "σ")
    .replace(/ +/g, " ");
  return `%${folded.replace(/[\\%_]/g, (special) => `\\${special}`)}%`;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
