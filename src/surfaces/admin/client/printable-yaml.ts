/** YAML as a terminal may see it; apart from printable.ts, so that only who writes YAML loads it. */
import { Document, visit } from "yaml";
import { HIDDEN } from "./printable.ts";

/** YAML that means the same: what has to be escaped stands in double quotes, the one place that knows escapes (YAML 1.2 §5.7). */
export function printableYaml(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string" && node.value.search(HIDDEN) >= 0) node.type = "QUOTE_DOUBLE";
    },
  });
  return document
    .toString({ lineWidth: 0 })
    .replace(HIDDEN, (character) =>
      character === "\n" ? character : `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`,
    );
}
