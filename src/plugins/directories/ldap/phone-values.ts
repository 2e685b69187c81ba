/**
 * The phone in an entry. Either an attribute holds the verified number, or, as in the original, it is a boolean that says
 * whether `mobile` (and where there is none `telephoneNumber`) is verified. A boolean in an entry speaks for itself.
 */
import { Attribute, Change } from "ldapts";
import { type Attributes, values } from "./attributes.ts";
import type { LdapConfig } from "./schema.ts";

type PhoneConfig = LdapConfig["phone"];

/** What is written, in the writing of whoever wrote it. */
export interface WrittenPhones {
  /** Numbers that count as verified. */
  readonly numbers: readonly string[];
  /** The attribute they stand in, and everything that stands there. */
  readonly attribute: string;
  readonly all: readonly string[];
  /** The boolean, as it is written; undefined: there is none (yet). */
  readonly flag?: string | undefined;
  readonly byFlag: boolean;
  /** Whether the entry already has the class that allows the attribute. */
  readonly hasClass: boolean;
}

const isFlag = (value: string): boolean => /^(true|false)$/i.test(value);

export function phonesOf(entry: Attributes, config: PhoneConfig): WrittenPhones {
  const written = values(entry, config.attribute);
  const flag = written.find(isFlag);
  const byFlag = flag !== undefined || (config.flag && written.length === 0);
  const wanted = config.object_class?.toLowerCase();
  const hasClass =
    wanted === undefined || values(entry, "objectClass").some((one) => one.toLowerCase() === wanted);
  if (!byFlag) return { numbers: written, attribute: config.attribute, all: written, byFlag, hasClass };
  const [fallback = "mobile"] = config.numbers;
  const attribute = config.numbers.find((name) => values(entry, name).length > 0) ?? fallback;
  const all = values(entry, attribute);
  const numbers = flag?.toUpperCase() === "TRUE" ? all : [];
  return { numbers, attribute, all, flag, byFlag, hasClass };
}

const change = (operation: "add" | "delete", type: string, ...of: readonly string[]): Change =>
  new Change({ operation, modification: new Attribute({ type, values: [...of] }) });

/**
 * The changes of one modify that make `number` a verified number. Whatever it takes the place of is named by its value:
 * where that is not there any more, the server refuses the whole.
 */
export function toAdd(
  number: string,
  now: WrittenPhones,
  config: PhoneConfig,
): { readonly changes: Change[]; readonly after: WrittenPhones } {
  const changes: Change[] = [];
  if (!now.hasClass && config.object_class !== undefined)
    changes.push(change("add", "objectClass", config.object_class));
  // By the original's boolean, numbers nobody has verified must not become so together with the new one.
  const goes = (now.byFlag && now.numbers.length === 0) || !config.multiple ? now.all : [];
  const gone = goes.filter((one) => one !== number);
  if (gone.length > 0) changes.push(change("delete", now.attribute, ...gone));
  if (!now.all.includes(number)) changes.push(change("add", now.attribute, number));
  if (now.byFlag && now.flag?.toUpperCase() !== "TRUE") changes.push(...toFlag("TRUE", now, config));
  const all = [...now.all.filter((one) => one !== number && !gone.includes(one)), number];
  const flag = now.byFlag ? "TRUE" : undefined;
  return { changes, after: { ...now, numbers: all, all, flag, hasClass: true } };
}

/** The changes that take the value `raw` away; the boolean falls with the last one. */
export function toRemove(
  raw: string,
  now: WrittenPhones,
  config: PhoneConfig,
): { readonly changes: Change[]; readonly after: WrittenPhones } {
  const all = now.all.filter((one) => one !== raw);
  const falls = now.byFlag && all.length === 0;
  const changes = [change("delete", now.attribute, raw), ...(falls ? toFlag("FALSE", now, config) : [])];
  const after = { ...now, all, numbers: now.numbers.filter((one) => one !== raw) };
  return { changes, after: falls ? { ...after, flag: "FALSE" } : after };
}

const toFlag = (to: string, now: WrittenPhones, config: PhoneConfig): Change[] => [
  ...(now.flag === undefined ? [] : [change("delete", config.attribute, now.flag)]),
  change("add", config.attribute, to),
];
