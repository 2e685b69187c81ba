/**
 * What a directory says of an account beside its password: closed, locked for good, expired. A lock that wrong guesses
 * brought on and time will lift is not among it: a stranger must not be able to end anybody's sessions by guessing, and
 * at a sign-in the bind itself says so.
 */
import type { User } from "../../../core/directory.ts";
import type { EpochMs } from "../../../core/words.ts";
import { type Attributes, first, values } from "./attributes.ts";

/** Asked for with every entry; a server leaves out what it does not know. */
export const TRUTH_ATTRIBUTES = [
  "pwdAccountLockedTime",
  "pwdEndTime",
  "nsAccountLock",
  "userAccountControl",
  "accountExpires",
  "shadowExpire",
  "jansStatus",
  "gluuStatus",
];

const DAY = 86_400_000;
/** Locked until an administrator unlocks it (draft-behera-ldap-password-policy-10 §5.3.3). */
const LOCKED_FOR_GOOD = "000001010000Z";
const ACCOUNT_DISABLED = 0x2;
/** Active Directory's times count 100 ns since 1601; these two mean never. */
const AD_EPOCH = 11_644_473_600_000n;
const NEVER = ["0", "9223372036854775807"];

/** A further attribute of the site's own that says so. */
export interface ClosedRule {
  readonly attribute: string;
  readonly values: readonly string[];
}

export function statusOf(entry: Attributes, now: EpochMs, rule?: ClosedRule): User["status"] {
  const closed =
    first(entry, "pwdAccountLockedTime") === LOCKED_FOR_GOOD ||
    (generalizedTime(first(entry, "pwdEndTime")) ?? Number.POSITIVE_INFINITY) <= now ||
    first(entry, "nsAccountLock")?.toUpperCase() === "TRUE" ||
    (Number(first(entry, "userAccountControl") ?? 0) & ACCOUNT_DISABLED) !== 0 ||
    adTime(first(entry, "accountExpires")) <= now ||
    shadowEnd(first(entry, "shadowExpire")) <= now ||
    ["jansStatus", "gluuStatus"].some(
      (name) => (first(entry, name) ?? "active").toLowerCase() !== "active",
    ) ||
    (rule !== undefined &&
      values(entry, rule.attribute).some((value) =>
        rule.values.some((one) => one.toLowerCase() === value.toLowerCase()),
      ));
  return closed ? "disabled" : "active";
}

function adTime(value: string | undefined): number {
  if (value === undefined || NEVER.includes(value) || !/^\d{1,19}$/.test(value))
    return Number.POSITIVE_INFINITY;
  return Number(BigInt(value) / 10_000n - AD_EPOCH);
}

/** Days since 1970 (shadow(5)); a negative number and none mean never. */
function shadowEnd(value: string | undefined): number {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) * DAY : Number.POSITIVE_INFINITY;
}

/** A GeneralizedTime (RFC 4517 §3.3.13); undefined for anything else. */
export function generalizedTime(value: string | undefined): EpochMs | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,]\d+)?(Z|[+-]\d{2}(?:\d\d)?)$/.exec(
    value ?? "",
  );
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute = "00", second = "00", zone = "Z"] = parts;
  const offset = zone === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(3) || "00"}`;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  return Number.isNaN(at) ? undefined : at;
}
