/** `sallyport cli`: one operation of the API, spelt as the original's tool spells it. */
import type { ApiAnswer } from "../client/api.ts";
import type { Outcome } from "../client/trouble.ts";
import { readBody } from "./body.ts";
import { type ConnectionOptions, connect, documentView, pathOf } from "./connection.ts";
import { findOperation, findSchema, nameOf, type OperationView } from "./document.ts";
import { infoOf, sampleOf, schemaText } from "./info.ts";
import { type Patch, readPairs, readPatch, removal } from "./pairs.ts";
import { Failure, misused, need, print, printJson, tell } from "./screen.ts";

export interface CliOptions extends ConnectionOptions {
  readonly operationId?: string;
  readonly urlSuffix?: string;
  readonly endpointArgs?: string;
  readonly data?: string;
  readonly info?: string;
  readonly schema?: string;
  readonly schemaSample?: string;
  readonly patchAdd?: readonly string[];
  readonly patchReplace?: readonly string[];
  readonly patchRemove?: readonly string[];
  readonly ifMatch?: string;
  readonly color: boolean;
}

export async function runCli(options: CliOptions): Promise<void> {
  const { info, schema, schemaSample, operationId } = options;
  if ([info, schema, schemaSample, operationId].every((one) => one === undefined))
    misused("No arguments were provided. Type sallyport cli -h to get help.");
  const client = await connect(options);
  const document = await documentView(client);
  if (info !== undefined) return print(infoOf(document, info));
  if (schemaSample !== undefined) return printJson(sampleOf(document, schemaSample), false);
  if (schema !== undefined) return print(schemaText(document, schema));
  const operation = findOperation(document, operationId ?? "");
  const { path, query } = addressOf(operation, options);
  const body = await bodyOf(operation, options);
  const answer = await client.ask({
    method: operation.method,
    path,
    query,
    body,
    bodyType: operation.bodyType,
    ifMatch: options.ifMatch,
  });
  show(answer, operation, options.color);

  /** The original's order of precedence: --data, then add, remove, replace. */
  async function bodyOf(one: OperationView, given: CliOptions): Promise<unknown> {
    const patches: readonly Patch[] = [
      ...(given.patchAdd ?? []).map((text) => readPatch("add", text)),
      ...(given.patchRemove ?? []).map(removal),
      ...(given.patchReplace ?? []).map((text) => readPatch("replace", text)),
    ];
    if (patches.length > 0 && one.method !== "PATCH")
      misused(`--patch-add, --patch-remove and --patch-replace do nothing for ${one.id}; it takes --data.`);
    if (one.body === undefined) return undefined;
    if (given.data !== undefined) return readBody(given.data);
    if (patches.length > 0) return patches;
    const name = nameOf(one.body) ?? nameOf(one.body.items);
    if (name !== undefined) findSchema(document, name);
    return misused(
      `${one.id} needs --data FILE (or - for standard input)${name === undefined ? "" : `; sallyport cli --schema-sample ${name} prints a sample`}.`,
    );
  }
}

/** The path with its values, and everything else that was given as the query. */
function addressOf(operation: OperationView, { urlSuffix = "", endpointArgs = "" }: CliOptions) {
  const suffix = readPairs(urlSuffix);
  const args = readPairs(endpointArgs);
  for (const piece of [...suffix.dropped, ...args.dropped])
    tell(`${piece} is left out: it has no name; write name:value, and a comma in a value as \\,`);
  const values = { ...args.pairs, ...suffix.pairs };
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  for (const name of inPath) {
    if ((values[name] ?? "") !== "") continue;
    const said = operation.parameters.find((one) => one.name === name)?.description ?? name;
    misused(
      `This operation requires a value for url-suffix ${name}\nFor example: --url-suffix="${name}:${said}"`,
    );
  }
  const query = Object.fromEntries(Object.entries(values).filter(([name]) => !inPath.includes(name)));
  return { path: pathOf(operation, values), query };
}

/** The server's answer on standard output, whatever it is; what it means on standard error. */
function show(answer: Outcome<ApiAnswer>, operation: OperationView, colour: boolean): void {
  if (answer.kind !== "done") {
    if ("body" in answer && answer.body !== undefined) printJson(answer.body, colour);
    throw new Failure(answer);
  }
  const { body, etag } = need(answer);
  if (operation.method === "GET" && etag !== undefined) tell(`For --if-match: ${etag}`);
  if (operation.method === "DELETE") tell("Object was successfully deleted.");
  if (body !== undefined) printJson(body, colour);
}
