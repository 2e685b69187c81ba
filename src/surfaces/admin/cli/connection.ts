/** The way to the server that the options of a command lead to. */
import process from "node:process";
import { type Client, createClient } from "../client/api.ts";
import { trustAlso } from "../client/host.ts";
import { findIdentity, type Given } from "../client/identity.ts";
import { openTokensFile } from "../client/tokens-file.ts";
import { type DocumentView, type OperationView, viewOf } from "./document.ts";
import { need, tell } from "./screen.ts";

export type ConnectionOptions = Given & { readonly ca?: string | undefined };

export async function connect({ ca, ...given }: ConnectionOptions): Promise<Client> {
  need(trustAlso(ca, tell));
  const tokens = openTokensFile(process.env);
  return createClient(need(await findIdentity(given, { environment: process.env, tokens, tell })), tokens);
}

/** The server's own document. */
export const documentView = async (client: Client): Promise<DocumentView> =>
  viewOf(need(await client.document()));

/** Where an operation is, with the values of its path in it. */
export function pathOf(operation: OperationView, values: Readonly<Record<string, string>>): string {
  return operation.path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(values[name] ?? ""));
}
