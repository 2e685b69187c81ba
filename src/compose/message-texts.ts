/** A site's own texts of messages: judged before the settings take them, told of at the start, looked over by command. */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MessagePurpose, OwnTexts } from "../core/message-texts.ts";
import type { Fault, SettingsDocument } from "../core/settings.ts";
import { checkMessages, faultOfText, tellOfText } from "../kits/web/messages-check.ts";
import { messagesWithout, sumOfMessages } from "../kits/web/messages-sum.ts";
import { readFolder } from "../kits/web/pages-folder.ts";

type Texts = Pick<SettingsDocument, "texts" | "clients">;

/** Every text that the settings hold, with where it stands. */
function* textsOf({ texts, clients }: Texts): Generator<{
  readonly path: string;
  readonly purpose: MessagePurpose;
  readonly locale: string;
  readonly text: string;
}> {
  const all: readonly (readonly [string, OwnTexts])[] = [
    ["texts", texts],
    ...clients.map((client, index) => [`clients[${index}].texts`, client.texts ?? {}] as const),
  ];
  for (const [at, own] of all)
    for (const [purpose, byLocale] of Object.entries(own))
      for (const [locale, text] of Object.entries(byLocale))
        yield { path: `${at}.${purpose}.${locale}`, purpose: purpose as MessagePurpose, locale, text };
}

/** Texts that cannot be sent. */
export const textFaults = (settings: Texts): readonly Fault[] =>
  [...textsOf(settings)].flatMap(({ path, purpose, locale, text }) => {
    const message = faultOfText(purpose, text, locale);
    return message === undefined ? [] : [{ path, message }];
  });

/** What texts cost that take more than one segment, or leave no room for a name; a line each. */
export const costsOfTexts = (settings: Texts): readonly string[] =>
  [...textsOf(settings)].flatMap(({ path, purpose, locale, text }) => {
    const { level, message } = tellOfText(purpose, text, locale);
    return level === "ok" ? [] : [`${path}: ${message.slice(message.indexOf(": ") + 2)}`];
  });

const defaultDir = fileURLToPath(new URL("../../pages/default", import.meta.url));

/**
 * Faults and costs of a folder's messages, and their sum; of the product's own the sum, or with `all` each text. A text
 * that a folder has as the product has it costs what it did, and is neither listed nor counted.
 */
export function checkMessagesIn(
  folder = defaultDir,
  all = false,
): { readonly ok: boolean; readonly text: string } {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    return { ok: false, text: `${folder} is no folder; give the one that holds your messages/.` };
  const ours = readFolder(defaultDir);
  const own = all ? readFolder(folder).messages : messagesWithout(readFolder(folder).messages, ours.messages);
  const findings = checkMessages(folder, ours, "en", (tag, purpose) => own.get(tag)?.has(purpose) === true);
  const isOurs = folder === defaultDir;
  const sum = isOurs || own.size > 0 ? sumOfMessages(isOurs ? ours.messages : own) : [];
  return {
    ok: findings.every(({ level }) => level !== "error"),
    text: [...findings.map(({ message }) => message), ...sum].join("\n"),
  };
}
