/** What directories of one make have in common. Whatever stands here, the configuration may say otherwise. */

/** The values a preset fills in where the configuration says nothing. */
export interface PresetValues {
  readonly people: string;
  readonly filter: string;
  readonly username: string;
  readonly id: string;
  readonly times: { readonly created: string; readonly modified: string };
  readonly claims: Readonly<Record<string, string>>;
  readonly phone: { readonly attribute: string; readonly flag: boolean; readonly multiple: boolean };
  /** How a new password is set: RFC 3062, the attribute itself (the server hashes it), or Active Directory's own. */
  readonly passwordBy: "exop" | "userPassword" | "unicodePwd";
}

const CLAIMS = {
  name: "cn",
  given_name: "givenName",
  family_name: "sn",
  email: "mail",
  locale: "preferredLanguage",
};
const TIMES = { created: "createTimestamp", modified: "modifyTimestamp" };

const openldap: PresetValues = {
  people: "(objectClass=person)",
  filter: "(&(objectClass=person)(uid={username}))",
  username: "uid",
  id: "entryUUID",
  times: TIMES,
  claims: CLAIMS,
  phone: { attribute: "phoneNumberVerified", flag: false, multiple: false },
  passwordBy: "exop",
};

/** The original's schema: `phoneNumberVerified` is a boolean there, and says whether `mobile` is verified. */
const original = (person: string): PresetValues => ({
  ...openldap,
  people: `(objectClass=${person})`,
  filter: `(&(objectClass=${person})(uid={username}))`,
  id: "inum",
  claims: {
    name: "displayName",
    given_name: "givenName",
    family_name: "sn",
    middle_name: "middleName",
    nickname: "nickname",
    email: "mail",
    email_verified: "emailVerified",
    locale: "preferredLanguage",
    zoneinfo: "zoneinfo",
    birthdate: "birthdate",
    website: "website",
    picture: "picture",
  },
  phone: { attribute: "phoneNumberVerified", flag: true, multiple: true },
});

export const PRESETS = {
  openldap,
  "389ds": { ...openldap, id: "nsUniqueId", passwordBy: "userPassword" },
  "active-directory": {
    people: "(&(objectCategory=person)(objectClass=user))",
    filter:
      "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={username})(userPrincipalName={username})))",
    username: "sAMAccountName",
    id: "objectGUID",
    times: { created: "whenCreated", modified: "whenChanged" },
    claims: { ...CLAIMS, name: "displayName" },
    phone: { attribute: "mobile", flag: false, multiple: false },
    passwordBy: "unicodePwd",
  },
  gluu: original("gluuPerson"),
  janssen: original("jansPerson"),
} as const satisfies Readonly<Record<string, PresetValues>>;

export type Preset = keyof typeof PRESETS;
