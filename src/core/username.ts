/**
 * When two usernames are one. Directories find people by this key and the throttle counts unknown names by it, so that
 * no spelling of a name has a counter or an account of its own (CVE-2025-24806). Never changes what is shown to people.
 */

/** Longest username in code points, as typed and as compared. */
const LONGEST = 128;
/** Controls, formats (with all bidi overrides), lone surrogates, private use, unassigned; what has no glyph; breaks. */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u;

/**
 * The form in which usernames are compared: as RFC 8265 UsernameCaseMapped (width mapping, lower case, normal form),
 * but with NFKC, which also joins ligatures and other look-alikes of one letter, and with runs of spaces as one.
 */
export function usernameKey(username: string): string {
  const folded = username.normalize("NFKC").trim().toLowerCase().replace(/ς/g, "σ").replace(/ +/g, " ");
  // Lower case can leave the normal form (U+0130).
  return folded.normalize("NFKC");
}

/** Why a name cannot be a username, as half a sentence; undefined when it can. */
export function usernameFault(username: string): string | undefined {
  const key = usernameKey(username);
  if (key === "") return "it is empty.";
  if (UNSEEN.test(username) || UNSEEN.test(key))
    return "it contains a character that cannot be seen; leave it out.";
  if (/^\p{Z}|\p{Z}$/u.test(username)) return "it begins or ends with a space; leave the space out.";
  if ([...username].length > LONGEST || [...key].length > LONGEST)
    return `it has more than ${LONGEST} characters; choose a shorter one.`;
  return undefined;
}
