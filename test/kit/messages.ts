/** The texts of messages as a server has them, with settings and files of a test over the product's own. */
import assert from "node:assert/strict";
import type { MessageTexts, OwnTexts } from "../../src/core/message-texts.ts";
import { createMessageTexts } from "../../src/kits/web/messages.ts";
import { readFolder } from "../../src/kits/web/pages-folder.ts";
import { DEFAULT_PAGES } from "./page-server.ts";

export const ourFolder = readFolder(DEFAULT_PAGES);

export interface TestTexts {
  readonly texts?: OwnTexts;
  readonly clients?: readonly { readonly client_id: string; readonly texts: OwnTexts }[];
  /** A site's files by locale and purpose. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly onProblem?: (message: string) => void;
}

export function messageTexts(options: TestTexts = {}): MessageTexts {
  const { texts = {}, clients = [], files = {}, onProblem = assert.fail } = options;
  const site = new Map(Object.entries(files).map(([tag, own]) => [tag, new Map(Object.entries(own))]));
  const folders = [site, ourFolder.messages];
  const settings = { texts, clients };
  return createMessageTexts({ files: () => folders, settings: () => settings, locale: "en", onProblem });
}
