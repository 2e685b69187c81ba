/** People in a CSV of our own columns, named in its first line. */
import { Readable } from "node:stream";
import { type Info, parse } from "csv-parse";
import { type Bytes, LONGEST_LINE } from "../../../../kits/interchange/lines.ts";
import { CLAIMS, own } from "./json-lines.ts";
import type { Row } from "./person.ts";

const COLUMNS: readonly string[] = [
  "id",
  "username",
  "password_hash",
  "status",
  "phone",
  "phone_verified",
  "created_at",
  "external_id",
  "external_client",
  ...CLAIMS,
];

/** Reads row by row; a column nobody knows is refused before the first one. */
export async function* peopleOfCsv(bytes: Bytes): AsyncGenerator<Row> {
  let unknown: readonly string[] = [];
  let odd = 0;
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_LINE,
    trim: true,
    relax_column_count: true,
    columns: (names: string[]) => {
      unknown = names.filter((name) => !COLUMNS.includes(name));
      return names;
    },
  });
  const source = Readable.from(bytes);
  source.on("error", (problem) => parser.destroy(problem));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: Info;
    }>) {
      if (unknown.length > 0) {
        const why = `has columns nobody knows: ${unknown.slice(0, 5).join(", ")}; known are ${COLUMNS.join(", ")}`;
        yield { kind: "fault", line: 1, why };
        return;
      }
      const uneven = info.invalid_field_length > odd;
      odd = info.invalid_field_length;
      if (uneven)
        yield { kind: "fault", line: info.lines, why: "has another number of fields than the first line" };
      else yield own(record, info.lines);
    }
  } catch (problem) {
    const { lines, code } = problem as { lines?: number; code?: string };
    if (code === undefined || !code.startsWith("CSV_")) throw problem;
    yield { kind: "fault", line: lines ?? 1, why: `is no CSV (${code}); nothing behind it was read` };
  } finally {
    source.destroy();
    parser.destroy();
  }
}
