/** People in an LDIF of Gluu 4 or Janssen (or of a directory with the usual attributes). */
import { readLdif } from "../../../../kits/interchange/ldif.ts";
import type { Bytes } from "../../../../kits/interchange/lines.ts";
import { asText, type FoundPhone, fieldOf, isTrue, listOf, type Row } from "./person.ts";

/** Attribute (lower case) → claim. */
const CLAIMS: Readonly<Record<string, string>> = {
  mail: "email",
  displayname: "name",
  givenname: "given_name",
  sn: "family_name",
  middlename: "middle_name",
  nickname: "nickname",
  birthdate: "birthdate",
  gender: "gender",
  preferredlanguage: "locale",
  locale: "locale",
  zoneinfo: "zoneinfo",
  website: "website",
  profile: "profile",
  picture: "picture",
};
const WANTED = new Set([
  ...Object.keys(CLAIMS),
  ..."objectclass uid inum entryuuid userpassword gluustatus jansstatus emailverified mobile telephonenumber".split(
    " ",
  ),
  ..."phonenumberverified jansmobiledevices oxmobiledevices jansadminuirole createtimestamp oxcreationtimestamp janscreationtimestamp".split(
    " ",
  ),
]);
const PERSON = /^(gluuperson|jansperson|inetorgperson|person)$/i;

/** Reads entry by entry. */
export async function* peopleOfLdif(bytes: Bytes): AsyncGenerator<Row> {
  for await (const entry of readLdif(bytes, WANTED)) {
    if ("why" in entry) {
      yield { kind: "fault", ...entry };
      continue;
    }
    const { line, attributes } = entry;
    const all = (name: string) => attributes.get(name) ?? [];
    const one = (name: string) => all(name)[0];
    if (!all("objectclass").some((name) => PERSON.test(name))) {
      yield { kind: "other", line };
      continue;
    }
    const claims: Record<string, string | boolean | undefined> = {};
    for (const [name, claim] of Object.entries(CLAIMS)) claims[claim] ??= one(name);
    claims.phone_number = one("mobile") ?? one("telephonenumber");
    if (one("emailverified") !== undefined) claims.email_verified = isTrue(one("emailverified"));
    const status = one("gluustatus") ?? one("jansstatus");
    const hashes = all("userpassword");
    const notes = [
      ...(one("jansadminuirole") === undefined
        ? []
        : ["is an administrator there; give roles here by hand (sallyport user roles)"]),
      ...(hashes.length > 1 ? ["has several passwords; the first one counts"] : []),
    ];
    yield {
      kind: "person",
      line,
      id: one("inum") ?? one("entryuuid"),
      username: one("uid"),
      hash: hashes[0],
      active: status === undefined || /^active$/i.test(status),
      claims,
      phones: phonesOf(all, notes),
      createdAt: timeOf(one("createtimestamp") ?? one("janscreationtimestamp") ?? one("oxcreationtimestamp")),
      notes,
    };
  }
}

/**
 * Casa has sent a code to what stands in its own list, so that is verified. `phoneNumberVerified` is the original's
 * boolean, which gates `mobile` and then `telephoneNumber`; the original's page has a number in it, which is taken too.
 */
function phonesOf(all: (name: string) => readonly string[], notes: string[]): readonly FoundPhone[] {
  const [flag] = all("phonenumberverified");
  const verified = isTrue(flag);
  const said =
    flag !== undefined && flag.replace(/\D/g, "").length >= 5 ? [{ number: flag, verified: true }] : [];
  const devices = [...all("jansmobiledevices"), ...all("oxmobiledevices")].flatMap((text) => {
    const parsed = fromJson(text);
    if (parsed === undefined) notes.push("its list of mobile devices is no JSON, and is not read");
    return listOf(fieldOf(parsed, "phones")).flatMap((phone) => {
      const number = asText(fieldOf(phone, "number"));
      return number === undefined ? [] : [{ number, verified: true, bare: !number.startsWith("+") }];
    });
  });
  const plain = [...all("mobile"), ...all("telephonenumber")].map((number) => ({ number, verified }));
  return [...said, ...devices, ...plain];
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `20231105093000.123Z` (RFC 4517 §3.3.13), or ISO 8601. */
function timeOf(text: string | undefined): number | undefined {
  const plain = text?.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/, "$1-$2-$3T$4:$5:$6Z");
  const at = plain === undefined ? Number.NaN : Date.parse(plain);
  return Number.isNaN(at) ? undefined : at;
}
