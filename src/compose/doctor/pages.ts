/** The site's own pages and the texts of messages, in every language there is. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BootConfig } from "../../config.ts";
import type { Finding } from "../../core/finding.ts";
import { createPages } from "../../kits/web/pages.ts";
import { checkMessagesIn } from "../message-texts.ts";

const defaultDir = fileURLToPath(new URL("../../../pages/default", import.meta.url));

export async function pageFindings({ pages: overlayDir, settings }: BootConfig): Promise<readonly Finding[]> {
  if (overlayDir !== undefined && !existsSync(overlayDir))
    return [
      {
        level: "error",
        check: "pages",
        message: `pages: the folder ${overlayDir} is not there; the product's own pages are shown.`,
        remedy: "Put the folder back, or take pages out of sallyport.yaml.",
      },
    ];
  const said = (check: string, remedy: string) => (finding: Finding) =>
    finding.level === "ok" ? { ...finding, check } : { ...finding, check, remedy };
  const pages = createPages({
    defaultDir,
    brand: settings.brand,
    locale: "en",
    ...(overlayDir === undefined ? {} : { overlayDir }),
  });
  const own = await pages.check();
  const messages = overlayDir === undefined ? { ok: true, text: "" } : checkMessagesIn(overlayDir);
  const faults = own.filter(({ level }) => level !== "ok");
  return [
    ...(faults.length > 0
      ? faults.map(said("pages", `Mend the file; sallyport pages check ${overlayDir} looks again.`))
      : [
          {
            level: "ok" as const,
            check: "pages",
            message: `Pages are sound in ${pages.locales().length} languages: ${pages.locales().join(", ")}.`,
          },
        ]),
    ...(messages.ok
      ? [
          {
            level: "ok" as const,
            check: "messages",
            message: "Texts of messages are sound in every language.",
          },
        ]
      : [
          {
            level: "error" as const,
            check: "messages",
            message: `Texts of messages are faulty: ${messages.text.replaceAll("\n", " ")}`,
            remedy: `Mend them; sallyport messages check ${overlayDir} looks again.`,
          },
        ]),
  ];
}
