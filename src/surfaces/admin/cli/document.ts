/** The server's OpenAPI document, as the commands read it: operations by id, tasks, schemas. */
import { distance } from "fastest-levenshtein";
import { misused } from "./screen.ts";

/** A schema as JSON Schema has it; only what is shown of it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly [more: string]: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description?: string;
  readonly schema: Schema;
}

export interface OperationView {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly task: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly bodyType: string | undefined;
  readonly body: Schema | undefined;
  readonly takesIfMatch: boolean;
}

export interface DocumentView {
  readonly operations: readonly OperationView[];
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** As the original makes a task of a tag: words with one capital, joined. */
export const taskOf = (tag: string): string =>
  tag
    .replace(/\p{L}+/gu, (word) => word[0]?.toUpperCase() + word.slice(1).toLowerCase())
    .replace(/[^\p{L}\p{N}]/gu, "");

interface RawOperation {
  readonly operationId: string;
  readonly "x-aliases"?: readonly string[];
  readonly tags?: readonly string[];
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export function viewOf(document: Readonly<Record<string, unknown>>): DocumentView {
  const paths = document.paths as Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  const { schemas = {} } = (document.components ?? {}) as { schemas?: Record<string, Schema> };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]): OperationView => {
      const [bodyType, content] = Object.entries(raw.requestBody?.content ?? {})[0] ?? [];
      const parameters = raw.parameters ?? [];
      return {
        id: raw.operationId,
        aliases: raw["x-aliases"] ?? [],
        method: method.toUpperCase(),
        path,
        task: taskOf(raw.tags?.[0] ?? ""),
        description: raw.description ?? "",
        parameters: parameters.filter((one) => one.in !== "header"),
        bodyType,
        body: content?.schema,
        takesIfMatch: parameters.some((one) => one.in === "header" && one.name === "If-Match"),
      };
    }),
  );
  return { operations, schemas };
}

/** The names that come nearest to a mistyped one. */
export const nearest = (name: string, names: readonly string[]): string =>
  [...names]
    .map((one) => ({ one, far: distance(name.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ one }) => one)
    .join(", ");

export function findOperation({ operations }: DocumentView, id: string): OperationView {
  const wanted = id.trim();
  const found =
    operations.find((one) => one.id === wanted) ?? operations.find((one) => one.aliases.includes(wanted));
  if (found !== undefined) return found;
  const names = operations.map((one) => one.id);
  return misused(`No Operation ID ${wanted} was found. The nearest are: ${nearest(wanted, names)}`);
}

/** The name of a schema that is only pointed at. */
export const nameOf = (schema: Schema | undefined): string | undefined => schema?.$ref?.split("/").at(-1);

/** `X`, or `Plugin:X` as the original writes schemas of its plug-ins. */
export function findSchema({ schemas }: DocumentView, given: string): Schema {
  const wanted = given.split(":").at(-1)?.trim() ?? "";
  const name = Object.keys(schemas).find((one) => one.toLowerCase() === wanted.toLowerCase());
  const found = name === undefined ? undefined : schemas[name];
  return (
    found ??
    misused(`Schema not found. The nearest to ${wanted} are: ${nearest(wanted, Object.keys(schemas))}`)
  );
}

/** What is behind a reference, and of "this or null" the this. */
export function plain(schema: Schema, { schemas }: DocumentView): Schema {
  const name = nameOf(schema);
  if (name !== undefined) return plain(schemas[name] ?? {}, { schemas, operations: [] });
  const some = schema.anyOf?.filter(({ type }) => type !== "null");
  if (some?.[0] === undefined) return schema;
  const { anyOf: _all, ...around } = schema;
  return { ...plain(some[0], { schemas, operations: [] }), ...around };
}
