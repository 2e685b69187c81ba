/**
 * Looks over a site's folder of pages before anybody is shown them. Called by `Pages.check` (`sallyport pages check`).
 * It reads the folder only; every finding is one sentence with file and line that says what to do.
 */
import { statSync } from "node:fs";
import type { Finding } from "../../core/finding.ts";
import { checkMarkup } from "./pages-check-markup.ts";
import { checkTemplates } from "./pages-check-templates.ts";
import { checkTexts } from "./pages-check-texts.ts";
import type { Fault } from "./pages-fault.ts";
import { type Folder, readFolder } from "./pages-folder.ts";

/** Faults of the folder `dir` as it would lie over `base`; a single finding of level `ok` when there are none. */
export function checkFolder(dir: string, base: Folder, locale: string): readonly Finding[] {
  if (statSync(dir, { throwIfNoEntry: false })?.isFile())
    return [{ level: "error", message: `${dir} is a file; give a folder.` }];
  const own = readFolder(dir);
  const faults: Fault[] = [];
  const say = (file: string, line: number, text: string, level: Fault["level"] = "error") =>
    faults.push({ file, line, text, level });

  for (const fault of own.faults) say(dir, 0, fault);
  for (const file of own.strangers)
    say(
      file,
      0,
      "nothing uses this file; put it into templates/, texts/, messages/ or assets/, or remove it",
      "warning",
    );

  const templates = new Map([...base.templates, ...own.templates]);
  const assets = new Set([...base.assets.keys(), ...own.assets.keys()]);
  for (const [name, source] of own.templates)
    faults.push(...checkMarkup(`templates/${name}.liquid`, source, assets));
  for (const [name, { bytes }] of own.assets)
    if (name.endsWith(".css")) faults.push(...checkStyles(`assets/${name}`, bytes.toString("utf8")));
  faults.push(...checkTexts(dir, own, base, templates, locale));
  faults.push(...checkTemplates(own, templates, base));

  const seen = new Set<string>();
  const findings = faults.flatMap(({ file, line, text, level }): Finding[] => {
    const message = line === 0 ? `${file}: ${text}.` : `${file}:${line}: ${text}.`;
    if (seen.has(message)) return [];
    seen.add(message);
    return [{ level, message }];
  });
  if (
    findings.length === 0 &&
    own.templates.size + own.texts.size + own.messages.size + own.assets.size === 0
  )
    return [
      {
        level: "warning",
        message: `${dir} holds no templates/, texts/ or assets/; nothing is changed.`,
      },
    ];
  return findings.length > 0 ? findings : [{ level: "ok", message: `${dir} is sound.` }];
}

function checkStyles(file: string, source: string): readonly Fault[] {
  const faults: Fault[] = [];
  for (const match of source.matchAll(/@import\b|url\(\s*["']?(?:[a-z]+:)?\/\//gi))
    faults.push({
      file,
      line: source.slice(0, match.index).split("\n").length,
      text: "browsers are told to load nothing from elsewhere; put the file into assets/ and name it by /assets/…",
      level: "error",
    });
  return faults;
}
