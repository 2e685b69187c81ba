/** OpenAPI 3.1 documents of our APIs, made of the schemas that check what comes and goes. */
import { z } from "zod";

/** What a document says of one operation. */
export interface Described {
  readonly id: string;
  readonly aliases?: readonly string[] | undefined;
  readonly method: string;
  /** Below the server's URL; parameters as `{name}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** The scope a token must hold; `open`: no token is asked for. */
  readonly scope: string;
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly bodyType?: string | undefined;
  readonly status: number;
  readonly answer?: z.ZodType | undefined;
  readonly problems?: readonly number[] | undefined;
  readonly etag?: boolean | undefined;
  /** What is answered with 202 where nothing is done yet: the name of its schema, and a sentence. */
  readonly waits?: { readonly schema: string; readonly why: string } | undefined;
}

export interface DocumentOptions {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  /** Where the API is reached: the issuer and its path. */
  readonly server: string;
  readonly scopes: readonly string[];
  /** Schemas with a name of their own, by it; `error` is the one of a refusal. */
  readonly named: ReadonlyMap<string, z.ZodType>;
  readonly error: string;
}

type Json = Record<string, unknown>;

const REFERENCE = (id: string) => `#/components/schemas/${id}`;
const CODES: Readonly<Record<number, string>> = {
  400: "Something sent is wrong; every fault is named",
  401: "No access token, or one that is no longer good; or its person has to show a second factor",
  403: "The token does not hold the scope, or the person may not",
  404: "There is no such thing",
  409: "There is one already",
  412: "Somebody has changed it since it was read",
  415: "The body is of another media type",
  413: "The body is too large",
  503: "The server or its store is busy; try again after Retry-After",
};

export function openApi(operations: readonly Described[], options: DocumentOptions): Json {
  const { title, description, version, server, scopes } = options;
  const paths: Record<string, Json> = {};
  for (const one of operations) {
    paths[one.path] ??= {};
    (paths[one.path] as Json)[one.method.toLowerCase()] = operationOf(one, options.error);
  }
  const issuer = new URL(server).origin;
  return {
    openapi: "3.1.0",
    info: { title, version, description },
    servers: [{ url: server }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((tag) => ({ name: tag })),
    paths,
    components: {
      schemas: componentSchemas(options.named),
      securitySchemes: {
        oauth2: {
          type: "oauth2",
          flows: {
            clientCredentials: {
              tokenUrl: `${issuer}/token`,
              scopes: Object.fromEntries(scopes.map((scope) => [scope, scope])),
            },
          },
        },
      },
    },
  };
}

function operationOf(one: Described, error: string): Json {
  const { id, tag, summary, scope, params, query, body, bodyType = "application/json", etag } = one;
  const sends = body !== undefined;
  const parameters = [
    ...parametersOf(params, "path"),
    ...parametersOf(query, "query"),
    ...(etag === true && one.method !== "GET"
      ? [{ name: "If-Match", in: "header", required: false, schema: { type: "string", maxLength: 200 } }]
      : []),
  ];
  const failures = [
    ...(params !== undefined || query !== undefined || sends ? [400] : []),
    ...(scope === "open" ? [] : [401, 403]),
    ...(sends ? [413, 415] : []),
    ...(one.problems ?? []),
    503,
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: summary,
    ...(one.aliases === undefined ? {} : { "x-aliases": one.aliases }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(sends
      ? { requestBody: { required: true, content: { [bodyType]: { schema: schemaOf(body, "input") } } } }
      : {}),
    responses: {
      [one.status]: {
        description: one.status === 204 ? "Done" : "The answer",
        ...(etag === true && one.status !== 204
          ? { headers: { ETag: { description: "For If-Match", schema: { type: "string" } } } }
          : {}),
        ...(one.answer === undefined
          ? {}
          : { content: { "application/json": { schema: schemaOf(one.answer, "output") } } }),
      },
      ...(one.waits === undefined
        ? {}
        : {
            202: {
              description: one.waits.why,
              content: { "application/json": { schema: { $ref: REFERENCE(one.waits.schema) } } },
            },
          }),
      // Refused before anything of ours reads it, in plain text.
      ...(params === undefined ? {} : { 414: { description: "The path is too long" } }),
      431: { description: "The path, the query or the header is too large" },
      ...Object.fromEntries(
        failures.map((status) => [
          status,
          {
            description: CODES[status] ?? "",
            content: { "application/json": { schema: { $ref: REFERENCE(error) } } },
          },
        ]),
      ),
    },
    security: scope === "open" ? [] : [{ oauth2: [scope] }],
  };
}

function parametersOf(shape: z.ZodObject | undefined, place: "path" | "query"): readonly Json[] {
  if (shape === undefined) return [];
  return Object.entries(shape.shape).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema as z.ZodType, "input");
    return {
      name,
      in: place,
      required: place === "path",
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** The schema in JSON Schema 2020-12; a named one, at any depth, as a reference. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const id = schema.meta()?.id;
  return id === undefined ? plainSchema(schema, io) : { $ref: REFERENCE(id) };
}

function plainSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema, $defs, id, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return references(rest) as Json;
}

const componentSchemas = (named: DocumentOptions["named"]): Json =>
  Object.fromEntries(
    [...named].map(([id, schema]) => {
      const { $defs } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
      const { id: _name, ...rest } = ($defs?.[id] ?? {}) as Json;
      return [id, references(rest)];
    }),
  );

/** zod points into the `$defs` of each schema; the document keeps named ones in one place. */
function references(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(references);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === "$ref" && typeof inner === "string"
        ? [key, inner.replace("#/$defs/", REFERENCE(""))]
        : [key, references(inner)],
    ),
  );
}
