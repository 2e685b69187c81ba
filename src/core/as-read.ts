/**
 * What JSON would give back of a value, without the way through its text. Used by storage.ts, for rows that are read soon
 * after they were written.
 */
import type { Json } from "./words.ts";

type Fields = Record<string, Json | undefined>;

/** Without the properties that are undefined. Whatever has none is shared, not copied. */
export function asRead<T extends Json>(value: T): T;
export function asRead(value: Json | undefined): Json | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? listAsRead(value) : fieldsAsRead(value as Fields);
}

function listAsRead(list: readonly Json[]): readonly Json[] {
  let copy: Json[] | undefined;
  for (const [index, inner] of list.entries()) {
    const read = asRead(inner);
    if (read !== inner) {
      copy ??= [...list];
      copy[index] = read;
    }
  }
  return copy ?? list;
}

// The names are listed first: a loop over the object itself is compiled for the shapes it has seen, and thrown away and
// compiled anew for ever, where it sees as many as here.
function fieldsAsRead(fields: Fields): Json {
  const names = Object.keys(fields);
  let copy: Fields | undefined;
  for (const [at, name] of names.entries()) {
    const inner = fields[name];
    const read = inner === undefined ? undefined : asRead(inner);
    if (copy === undefined && (read !== inner || read === undefined)) copy = only(names.slice(0, at), fields);
    if (copy !== undefined && read !== undefined) put(copy, name, read);
  }
  return copy ?? fields;
}

/** These properties alone, which are as they are read. */
function only(names: readonly string[], fields: Fields): Fields {
  const copy: Fields = {};
  for (const name of names) put(copy, name, fields[name]);
  return copy;
}

function put(copy: Fields, name: string, value: Json | undefined): void {
  // A name that came from outside must not become a prototype.
  if (name === "__proto__")
    Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true });
  else copy[name] = value;
}
