/**
 * What people type and paste into a telephone field, reduced to digits with an optional `+` in front. Used by phones.ts.
 */

/** E.164 has at most 15 digits (ITU-T E.164 §6.2.1); prefixes to dial abroad and `(0)` come on top. */
const MOST_DIGITS = 20;
const LONGEST = 64;

/**
 * The readings to try in order; none where the text is anything but one number. Letters, extensions (`;ext=1`, `x12`)
 * and a second `+` are refused: what is kept must be what the person meant, to the digit.
 */
export function readNumber(input: string): readonly string[] {
  if (input.length > LONGEST) return [];
  const text = input
    .normalize("NFKC")
    // Address books paste direction marks and zero-width characters around numbers.
    .replace(/\p{Cf}/gu, "")
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x0660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x06f0))
    .trim()
    .replace(/^tel:/i, "");
  if (!/^[\s(]*\+?[\d\s().\-/\p{Pd}]+$/u.test(text)) return [];
  const digits = text.replace(/\D/g, "");
  if (digits.length < 4 || digits.length > MOST_DIGITS) return [];
  if (text.includes("+")) return [`+${digits}`];
  // 00 is how most of the world dials abroad (ITU-T E.164), wherever the chosen country may be; where the country
  // has another prefix, the library knows it.
  return digits.startsWith("00") ? [`+${digits.slice(2)}`, digits] : [digits];
}
