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
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as string;
    const inner = fields[name];
    const read = inner === undefined ? undefined : asRead(inner);
    if (copy === undefined && (read !== inner || read === undefined)) copy = upTo(at, names, fields);
    if (copy !== undefined && read !== undefined) put(copy, name, read);
  }
  return copy ?? fields;
}

/** Of an object whose properties before this one are as they are read. */
function upTo(end: number, names: readonly string[], fields: Fields): Fields {
  const copy: Fields = {};
  for (let at = 0; at < end; at += 1) {
    const name = names[at] as string;
    put(copy, name, fields[name]);
  }
  return copy;
}

function put(copy: Fields, name: string, value: Json | undefined): void {
  // A name that came from outside must not become a prototype.
  if (name === "__proto__")
    Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true });
  else copy[name] = value;
}
