/** SCIM's own patch (RFC 7644 §3.5.2) over what a reader sees of a person. Paths are names we know, and nothing is run. */
import { z } from "zod";

export const patchBody = z.looseObject({
  schemas: z.array(z.string().max(200)).max(10).nullish(),
  Operations: z
    .array(
      z.looseObject({
        op: z.string().regex(/^(add|replace|remove)$/i, "must be add, replace or remove"),
        path: z.string().max(300).nullish(),
        // A removal has none.
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(100),
});
type Act = z.infer<typeof patchBody>["Operations"][number];

const USER = /^urn:ietf:params:scim:schemas:core:2\.0:User:/i;
/** Attribute → whether it has parts (`one`) or values (`many`). */
const ATTRIBUTES: Readonly<Record<string, "text" | "one" | "many">> = {
  userName: "text",
  externalId: "text",
  displayName: "text",
  nickName: "text",
  profileUrl: "text",
  locale: "text",
  timezone: "text",
  active: "text",
  password: "text",
  name: "one",
  emails: "many",
  phoneNumbers: "many",
  roles: "many",
};
const PARTS = ["formatted", "familyName", "givenName", "middleName"];
/**
 * What the User schema has (RFC 7643 §4.1) and is not kept here, and every extension: passed over, as it is in a whole
 * user. A directory sends what it has in one patch, and a job title must not hold back that somebody has left.
 */
const NOT_KEPT =
  /^(title|userType|preferredLanguage|addresses|ims|photos|entitlements|x509Certificates|name\.honorific(Prefix|Suffix))\b|^urn:(?!ietf:params:scim:schemas:core:2\.0:User$)/i;
/** Attribute names are the same in any case (RFC 7643 §2.1). */
const named = (list: readonly string[], text: string): string | undefined =>
  list.find((one) => one.toLowerCase() === text.toLowerCase());
const PATH =
  /^([A-Za-z]+)(?:\[\s*(type|value|primary)\s+eq\s+(?:"([^"\\]*)"|(true|false))\s*\])?(?:\.([A-Za-z]+))?$/i;

type Entry = Record<string, unknown>;

/** The view after all of it; text: why not, and nothing is changed then. */
export function patchedView(view: object, acts: readonly Act[]): Entry | string {
  const next = structuredClone(view) as Entry;
  for (const [index, act] of acts.entries()) {
    const why = apply(next, act);
    if (why !== undefined) return `Operations[${index}]: ${why}`;
  }
  return next;
}

function apply(view: Entry, { op, path, value }: Act): string | undefined {
  const verb = op.toLowerCase();
  if (path == null || path === "") {
    if (verb === "remove") return "remove needs a path";
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return "without a path the value has to be an object";
    for (const [name, inner] of Object.entries(value)) {
      // As in a whole user: what is not ours to change, or not known, is passed over.
      if (attributeIn(name) === undefined) continue;
      const why = apply(view, { op, path: name, value: inner });
      if (why !== undefined) return why;
    }
    return undefined;
  }
  const plain = path.replace(USER, "");
  if (NOT_KEPT.test(plain)) return undefined;
  const found = PATH.exec(plain);
  const name = attributeIn(plain);
  if (found === null || name === undefined)
    return `${JSON.stringify(path)} is no path here; known are ${Object.keys(ATTRIBUTES).join(", ")}`;
  const [, , by, wanted, flag, part] = found;
  const gone = verb === "remove";
  switch (ATTRIBUTES[name]) {
    case "one": {
      if (by !== undefined) return `${name} has no values to choose from`;
      const inner = (view[name] ?? {}) as Entry;
      view[name] = inner;
      if (part !== undefined) {
        const key = named(PARTS, part);
        if (key === undefined) return `${name}.${part} is not kept`;
        setOrRemove(inner, key, gone, value);
      } else if (gone) delete view[name];
      else if (typeof value !== "object" || value === null) return `${name} is an object`;
      else view[name] = { ...inner, ...value };
      // Of the two names of one thing the one counts that was changed.
      if (part?.toLowerCase() === "formatted" && !gone) view.displayName = value;
      return undefined;
    }
    case "many":
      return applyMany(
        view,
        name,
        gone,
        verb,
        value,
        by === undefined ? undefined : [by, wanted ?? flag ?? ""],
        part,
      );
    default:
      if (by !== undefined || part !== undefined) return `${name} has no parts`;
      setOrRemove(view, name, gone, value);
      return undefined;
  }
}

/** The attribute a path begins with, if it is one of ours. */
const attributeIn = (path: string): string | undefined =>
  named(Object.keys(ATTRIBUTES), /^[A-Za-z]+/.exec(path.replace(USER, ""))?.[0] ?? "");

function setOrRemove(into: Entry, name: string, gone: boolean, value: unknown): void {
  if (gone) delete into[name];
  else into[name] = value;
}

function applyMany(
  view: Entry,
  name: string,
  removes: boolean,
  verb: string,
  value: unknown,
  by: readonly [string, string] | undefined,
  part: string | undefined,
): string | undefined {
  const list = Array.isArray(view[name]) ? (view[name] as Entry[]) : [];
  if (part !== undefined && part.toLowerCase() !== "value") return undefined;
  const fits = (entry: Entry) =>
    by === undefined || String(entry[by[0].toLowerCase()] ?? "").toLowerCase() === by[1].toLowerCase();
  // An empty value of one entry is how a directory says that there is none any more.
  const gone = removes || (part !== undefined && (value == null || value === ""));
  if (gone) {
    view[name] = by === undefined ? [] : list.filter((entry) => !fits(entry));
    return undefined;
  }
  if (part !== undefined) {
    const chosen = list.filter(fits);
    if (chosen.length > 0) for (const entry of chosen) entry.value = value;
    // Directories that push people write to a work address that is not there yet.
    else view[name] = [...list, { value, ...(by?.[0].toLowerCase() === "type" ? { type: by[1] } : {}) }];
    return undefined;
  }
  const given = (Array.isArray(value) ? value : [value]).map((one) =>
    typeof one === "string" ? { value: one } : one,
  ) as Entry[];
  // One mail address and one number are kept: the one that was added counts.
  view[name] = verb === "add" && name === "roles" ? [...list, ...given] : given;
  return undefined;
}
