/** `--info`, `--schema` and `--schema-sample`: the document in the original's words. */
import { type DocumentView, findSchema, nameOf, nearest, plain, type Schema } from "./document.ts";
import { misused } from "./screen.ts";

const COMMAND = "sallyport cli";

const typeOf = (schema: Schema): string => {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  return typeof type === "string" ? type : schema.enum === undefined ? "" : "string";
};

/** What `--info Task` prints: every operation of the task, its parameters and its schema. */
export function infoOf(document: DocumentView, task: string): string {
  const tasks = [...new Set(document.operations.map((one) => one.task))].sort();
  const name = tasks.find((one) => one.toLowerCase() === task.trim().toLowerCase());
  if (name === undefined)
    return misused(
      `--info ${task}: there is no such task; the nearest are ${nearest(task, tasks)}. All: ${tasks.join(", ")}`,
    );
  const lines: string[] = [];
  let last: string | undefined;
  for (const one of document.operations.filter((operation) => operation.task === name)) {
    lines.push(`Operation ID: ${one.id}`, `  Description: ${one.description}`);
    if (one.parameters.length > 0) lines.push("  Parameters:");
    for (const { name: parameter, description, schema } of one.parameters) {
      const said = description ?? "No description is provided for this parameter";
      lines.push(`  ${parameter}: ${said} [${typeOf(plain(schema, document))}]`);
    }
    const schema = nameOf(one.body);
    const inner = nameOf(one.body?.items);
    if (schema !== undefined) lines.push(`  Schema: ${schema}`);
    else if (inner !== undefined) lines.push(`  Schema: Array of ${inner}`);
    last = schema ?? inner ?? last;
  }
  if (last !== undefined)
    lines.push(
      "",
      `To get sample schema type ${COMMAND} --schema-sample <schema>, for example ${COMMAND} --schema-sample ${last}`,
    );
  return lines.join("\n");
}

/** What `--schema X` prints: a line per property, and below it what it is bound to. */
export function schemaText(document: DocumentView, name: string): string {
  const { properties = {}, required = [] } = plain(findSchema(document, name), document);
  const title = (property: string) => `${property}${required.includes(property) ? "*" : ""}`;
  const width = Math.max(0, ...Object.keys(properties).map((property) => title(property).length)) + 2;
  const lines: string[] = [];
  for (const [property, raw] of Object.entries(properties)) {
    const schema = plain(raw, document);
    const items = schema.items === undefined ? undefined : plain(schema.items, document);
    const type = typeOf(schema);
    const shown =
      type === "array" ? `array of ${items === undefined ? "__NA__" : typeOf(items)}` : type || "__NA__";
    lines.push(`${title(property).padEnd(width)}${shown}`);
    const indent = " ".repeat(width);
    if (schema.enum !== undefined) lines.push(`${indent}enum: ${JSON.stringify(schema.enum)}`);
    for (const rule of [
      "format",
      "minLength",
      "maxLength",
      "minimum",
      "maximum",
      "pattern",
      "default",
    ] as const)
      if (schema[rule] !== undefined) lines.push(`${indent}${rule}: ${JSON.stringify(schema[rule])}`);
    for (const [sub, inner] of Object.entries(schema.properties ?? items?.properties ?? {}))
      lines.push(`${indent}  ${sub}: ${typeOf(plain(inner, document)) || "__NA__"}`);
  }
  return lines.join("\n");
}

/** What `--schema-sample X` prints: one value that has every property. The original throws dice, this does not. */
export const sampleOf = (document: DocumentView, name: string): unknown =>
  sample(findSchema(document, name), document, 0);

function sample(raw: Schema, document: DocumentView, depth: number): unknown {
  const schema = plain(raw, document);
  if (schema.default !== undefined) return schema.default;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.properties !== undefined)
    return depth > 5
      ? {}
      : Object.fromEntries(
          Object.entries(schema.properties).map(([key, inner]) => [key, sample(inner, document, depth + 1)]),
        );
  switch (typeOf(schema)) {
    case "array":
      return schema.items === undefined ? [] : [sample(schema.items, document, depth + 1)];
    case "boolean":
      return true;
    case "integer":
    case "number":
      return Math.max(1, Number(schema.minimum ?? 1));
    case "object":
      return {};
    default:
      return "string";
  }
}
