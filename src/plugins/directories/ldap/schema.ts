/** What `sallyport.yaml` says of one LDAP directory, and what the presets fill in. */
import { isIP } from "node:net";
import { FilterParser } from "ldapts";
import { z } from "zod";
import { Secret } from "../../../core/secret.ts";
import { PRESETS, type Preset, type PresetValues } from "./presets.ts";

const attribute = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9.;-]{0,100}$/, "must be the name of an attribute such as mail");
const dn = z.string().regex(/^[a-zA-Z0-9.-]+\s*=[^\0]+$/, "must be a DN such as ou=people,dc=example,dc=org");
const filter = z.string().superRefine((text, context) => {
  try {
    FilterParser.parseString(text.replaceAll("{username}", "x"));
  } catch (problem) {
    context.addIssue({
      code: "custom",
      message: `is no LDAP filter (RFC 4515): ${(problem as Error).message}`,
    });
  }
});
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

const phone = z.strictObject({
  /** Where the verified number stands; or, as in the original, whether the one in `numbers` is verified. */
  attribute: attribute.optional(),
  /** TRUE in `attribute` says that `numbers` is verified; seen in an entry it is believed without this. */
  flag: z.boolean().optional(),
  numbers: z.array(attribute).min(1).optional(),
  /** Whether a number that is bound, changed or taken away here is written into the directory. */
  write: z.boolean().default(false),
  /** Whether a person may have several numbers; without, a new one takes the place of the old one in one modify. */
  multiple: z.boolean().optional(),
  /** Added to the entry with the first number, where the entry's own classes do not allow the attribute. */
  object_class: attribute.optional(),
  /** Country of numbers in national writing (ISO 3166-1). */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, "must be an ISO country code such as DE")
    .optional(),
  /** Whether a number that an administrator deleted opens the way to a new one for 24 hours. */
  window: z.boolean().default(true),
});

const fields = z.strictObject({
  type: z.literal("ldap"),
  /** Names the directory in the log, the audit and the subjects of its people. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "must be 1 to 31 lower-case letters, digits or hyphens"),
  urls: z.array(z.string()).min(1).max(10),
  preset: z.enum(Object.keys(PRESETS) as [Preset, ...Preset[]]).default("openldap"),
  /** ldap:// is turned into TLS before anything is sent; ldaps:// is TLS from the beginning. */
  start_tls: z.boolean().default(true),
  /** PEM of the authority that signed the server's certificate, where the system does not know it. */
  ca: z.string().optional(),
  /** The name the certificate has to be for, where it is not the URL's host. */
  tls_name: z.string().optional(),
  bind_dn: dn.optional(),
  bind_password: z.instanceof(Secret).optional(),
  base: dn,
  scope: z.enum(["sub", "one"]).default("sub"),
  /** Whoever is a person here. */
  people: filter.optional(),
  /** Finds one by what was typed; `{username}` stands for it as a value, never as a part of the filter. */
  filter: filter
    .refine((text) => /=\{username\}\)/.test(text), "must contain (ATTRIBUTE={username})")
    .optional(),
  /** The attribute that people see as the username. */
  username: attribute.optional(),
  /** What is typed behind it, such as @example.org; the directory does not know it. */
  username_suffix: z.string().min(1).max(100).optional(),
  /** Rules for which names are looked for here, `*` for anything; without any, all (or all with the suffix). */
  names: z.array(z.string().min(1).max(200)).min(1).optional(),
  /** The attribute that never changes. `sub` is made of it. */
  id: attribute.optional(),
  /** In front of the id in `sub`; `NAME.` if not given. */
  subject_prefix: z
    .string()
    .regex(/^[a-z0-9.-]{0,40}$/, "must be lower-case letters, digits, dots and hyphens")
    .optional(),
  /** Claim → attribute, laid over the preset's. */
  claims: z
    .record(z.string().regex(/^[a-z_]{1,50}$/, "must be a claim such as given_name"), attribute)
    .default({}),
  /** Who administers: values of an attribute. */
  roles: z
    .strictObject({
      attribute: attribute.default("memberOf"),
      admin: z.array(z.string()).default([]),
      helpdesk: z.array(z.string()).default([]),
      auditor: z.array(z.string()).default([]),
    })
    .optional(),
  /** A further attribute whose values say that an account is closed. */
  disabled: z.strictObject({ attribute, values: z.array(z.string()).min(1) }).optional(),
  phone: phone.prefault({}),
  /** An entry with a password nobody knows and no lockout: whoever is unknown is compared with it. */
  decoy_dn: dn.optional(),
  /** Whether bind_dn may set the password of a person who has forgotten it. */
  resets_passwords: z.boolean().default(false),
  /** How long what was read is believed by those who are signed in. */
  fresh_seconds: z.int().min(1).max(300).default(30),
  connect_seconds: z.number().min(0.1).max(30).default(2),
  operation_seconds: z.number().min(0.1).max(30).default(4),
  connections: z.int().min(1).max(64).default(8),
  /** Most people a list reads. */
  most_listed: z.int().min(10).max(10_000).default(1000),
});

export const ldapSchema = fields
  .superRefine((config, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const [index, url] of config.urls.entries()) {
      const parsed = URL.canParse(url) ? new URL(url) : undefined;
      if (parsed === undefined || !["ldap:", "ldaps:"].includes(parsed.protocol) || parsed.hostname === "")
        issue(["urls", index], "must be ldaps://HOST[:PORT] or ldap://HOST[:PORT]");
      else if (!["", "/"].includes(parsed.pathname) || parsed.search !== "" || parsed.username !== "")
        issue(["urls", index], "must be scheme, host and port alone; the base stands in base");
      else if (parsed.protocol === "ldap:" && !config.start_tls && !LOOPBACK.includes(parsed.hostname))
        issue(
          ["urls", index],
          "would send passwords in clear; use ldaps://, or leave start_tls on (only this host's own addresses may do without)",
        );
    }
    if ((config.bind_dn === undefined) !== (config.bind_password === undefined))
      issue(
        ["bind_dn"],
        "and bind_password go together; give both or, for a directory that anybody may read, none",
      );
    if (config.bind_password !== undefined && config.bind_password.reveal() === "")
      issue(["bind_password"], "is empty, and an empty password binds as nobody");
  })
  .transform((config) => {
    const preset: PresetValues = PRESETS[config.preset];
    return {
      ...config,
      people: config.people ?? preset.people,
      filter: config.filter ?? preset.filter,
      username: config.username ?? preset.username,
      id: config.id ?? preset.id,
      subject_prefix: config.subject_prefix ?? `${config.name}.`,
      claims: { ...preset.claims, ...config.claims } as Readonly<Record<string, string>>,
      times: preset.times,
      passwordBy: preset.passwordBy,
      phone: {
        ...config.phone,
        attribute: config.phone.attribute ?? preset.phone.attribute,
        flag: config.phone.flag ?? preset.phone.flag,
        numbers: config.phone.numbers ?? ["mobile", "telephoneNumber"],
        multiple: config.phone.multiple ?? preset.phone.multiple,
      },
      names: config.names ?? [`*${config.username_suffix ?? ""}`],
    };
  });

/** One directory, whole: what the file says over what its preset says. */
export type LdapConfig = z.infer<typeof ldapSchema>;

/** The fields as they are written, for the reference. */
export const ldapFields = fields;

/** The name a server's certificate must carry; undefined for an address, which is compared as one. */
export const tlsName = (config: Pick<LdapConfig, "tls_name">, url: string): string | undefined => {
  if (config.tls_name !== undefined) return config.tls_name;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? host : undefined;
};
