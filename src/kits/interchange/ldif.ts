/** LDIF (RFC 2849): entries, one after another. Change records and references to other files are refused. */
import { type Bytes, linesOf, textOf } from "./lines.ts";

/** An entry; names of attributes in lower case and without options. `line` is where it begins. */
export interface LdifEntry {
  readonly line: number;
  readonly dn: string;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

export interface LdifFault {
  readonly line: number;
  readonly why: string;
}

const LONGEST_ENTRY = 1 << 20;
const MOST_VALUES = 500;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reads entry by entry. Of the attributes only the `wanted` ones (lower case) are kept. */
export async function* readLdif(
  bytes: Bytes,
  wanted: ReadonlySet<string>,
): AsyncGenerator<LdifEntry | LdifFault> {
  let line = 0;
  let dn: string | undefined;
  let fault: LdifFault | undefined;
  let attributes = new Map<string, string[]>();
  let size = 0;
  let begun = false;
  let open: { readonly number: number; text: string } | undefined;

  const wrong = (number: number, why: string) => {
    fault ??= { line: number, why };
  };

  function take(): void {
    if (open === undefined) return;
    const { number, text } = open;
    open = undefined;
    if (text.startsWith("#")) return;
    const why = takeLine(number, text);
    if (why !== undefined) wrong(number, why);
  }

  /** Why the line cannot be taken; undefined: it was. */
  function takeLine(number: number, text: string): string | undefined {
    const [, rawName, mark = "", raw = ""] = /^([A-Za-z0-9][\w.;-]*):([:<]?) *(.*)$/s.exec(text) ?? [];
    if (rawName === undefined) return "is no line of LDIF (name: value)";
    const [name = ""] = rawName.toLowerCase().split(";");
    if (!begun && name === "version") return raw === "1" ? undefined : "LDIF has version 1";
    if (!begun) {
      begun = true;
      line = number;
      if (name !== "dn") return "an entry begins with dn:";
    } else if (name === "dn") return "dn: stands inside of an entry; put an empty line in front";
    if (name === "changetype" || name === "control") return "is a change record; export entries, not changes";
    if (name !== "dn" && !wanted.has(name)) return undefined;
    if (mark === "<") return `${name} is in another file (:<), which is not read`;
    const value = mark === ":" ? fromBase64(raw) : raw;
    if (value === undefined) return `${name} is no base64 of UTF-8`;
    if (name === "dn") {
      dn = value;
      return undefined;
    }
    const values = attributes.get(name) ?? [];
    if (values.length >= MOST_VALUES) return `${name} has more than ${MOST_VALUES} values`;
    values.push(value);
    attributes.set(name, values);
    return undefined;
  }

  function entry(): LdifEntry | LdifFault | undefined {
    take();
    const made = fault ?? (begun ? { line, dn: dn ?? "", attributes } : undefined);
    [dn, fault, attributes, size, begun] = [undefined, undefined, new Map(), 0, false];
    return made;
  }

  for await (const { number, text, why } of linesOf(bytes)) {
    if (text === "") {
      const made = entry();
      if (made !== undefined) yield made;
      continue;
    }
    size += text?.length ?? 0;
    if (text === undefined) wrong(number, why ?? "cannot be read");
    else if (size > LONGEST_ENTRY) wrong(number, "the entry is larger than 1 MiB");
    else if (text.startsWith(" ")) {
      // A folded line; a comment can be folded too.
      if (open === undefined) wrong(number, "goes on with a line that is not there");
      else open.text += text.slice(1);
    } else {
      take();
      open = { number, text };
    }
  }
  const last = entry();
  if (last !== undefined) yield last;
}

function fromBase64(text: string): string | undefined {
  const right = BASE64.test(text) && text.replace(/=+$/, "").length % 4 !== 1;
  return right ? textOf(Buffer.from(text, "base64")) : undefined;
}
