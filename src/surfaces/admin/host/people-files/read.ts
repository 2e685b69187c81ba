/** Which form a file has, and its people. */
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { bytesOfFile } from "../../../../kits/interchange/lines.ts";
import { peopleOfCsv } from "./csv.ts";
import { peopleOfLines } from "./json-lines.ts";
import { peopleOfKeycloak } from "./keycloak.ts";
import { peopleOfLdif } from "./ldif.ts";
import type { Row } from "./person.ts";

export const FORMATS = ["ldif", "keycloak", "auth0", "jsonl", "csv"] as const;
export type Format = (typeof FORMATS)[number];

const BEGINNING = 65_536;

export interface Beginning {
  readonly format: Format;
  /** Of a JSON document that is a list itself. */
  readonly isList: boolean;
  readonly size: number;
}

/** Looks at a file's beginning; `wanted` goes before what is seen there. */
export async function lookAt(file: string, wanted: Format | undefined): Promise<Beginning> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    const text = buffer
      .subarray(0, bytesRead)
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .trimStart();
    return { format: wanted ?? guess(text, extname(file).toLowerCase()), isList: text.startsWith("["), size };
  } finally {
    await handle.close();
  }
}

function guess(text: string, ending: string): Format {
  if (/^(#[^\n]*\n|\s)*(version: *1\s|dn::? )/.test(text)) return "ldif";
  if (text.startsWith("[")) return "keycloak";
  if (!text.startsWith("{")) return "csv";
  const [first = ""] = text.split("\n", 1);
  // A whole object on the first line is one of many lines, unless it is a realm in one line.
  const isLines = /^\.(jsonl|ndjson)$/.test(ending) || first.trimEnd().endsWith("}");
  if (!isLines || /"(realm|users)"\s*:/.test(first)) return "keycloak";
  return /"(user_id|_id|passwordHash)"\s*:/.test(first) ? "auth0" : "jsonl";
}

/** The file's people, one after another; `seen` hears how many bytes were read. */
export function peopleOf(
  file: string,
  { format, isList }: Beginning,
  seen: (bytes: number) => void,
): AsyncGenerator<Row> {
  const bytes = bytesOfFile(file, seen);
  if (format === "ldif") return peopleOfLdif(bytes);
  if (format === "keycloak") return peopleOfKeycloak(bytes, isList ? undefined : "users");
  return format === "csv" ? peopleOfCsv(bytes) : peopleOfLines(bytes, format);
}
