/** `sallyport pages check DIR`: lints an overlay folder and says what to mend. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createPages } from "../../../kits/web/pages.ts";
import type { Said } from "./people.ts";

const defaultDir = fileURLToPath(new URL("../../../../pages/default", import.meta.url));

export async function checkOverlay(folder: string): Promise<Said> {
  if (!existsSync(folder))
    return {
      ok: false,
      text: `${folder} is not there; give the folder that holds your templates/, texts/ and assets/.`,
    };
  const findings = await createPages({
    defaultDir,
    overlayDir: folder,
    brand: "Sallyport",
    locale: "en",
  }).check();
  const faults = findings.filter(({ level }) => level !== "ok");
  if (faults.length === 0) return { ok: true, text: `${folder} is sound.` };
  return {
    ok: faults.every(({ level }) => level === "warning"),
    text: faults.map(({ message }) => message).join("\n"),
  };
}
