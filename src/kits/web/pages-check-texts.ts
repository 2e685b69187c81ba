/** Looks over a site's texts: missing, unknown, not valid, or with values that the page does not give. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "./pages-fault.ts";
import type { Folder } from "./pages-folder.ts";
import { argumentsOf, compileText } from "./texts.ts";

/** `templates` are all that would be used: the site's over the product's. */
export function checkTexts(
  dir: string,
  own: Folder,
  base: Folder,
  templates: ReadonlyMap<string, string>,
  locale: string,
): readonly Fault[] {
  const faults: Fault[] = [];
  const standard = base.texts.get(locale) ?? new Map<string, string>();
  const named = new Map<string, { file: string; line: number }>();
  for (const [name, source] of templates)
    for (const { 1: key = "", index } of source.matchAll(/"([\w.-]+)"\s*\|\s*t\b/g))
      named.set(key, { file: `templates/${name}.liquid`, line: source.slice(0, index).split("\n").length });

  const ownStandard = own.texts.get(locale);
  for (const [key, { file, line }] of named)
    if (!standard.has(key) && ownStandard?.has(key) !== true)
      faults.push({
        file,
        line,
        text: `there is no text ${key}; add it to texts/${locale}.json`,
        level: "error",
      });

  for (const [tag, texts] of own.texts) {
    const file = `texts/${tag}.json`;
    const source = readFileSync(join(dir, file), "utf8");
    const lineOf = (key: string) =>
      source.slice(0, Math.max(0, source.indexOf(JSON.stringify(key)))).split("\n").length;
    const say = (key: string, text: string, level: Fault["level"]) =>
      faults.push({ file, line: lineOf(key), text, level });
    for (const [key, text] of texts) {
      const compiled = compileText(text, tag);
      if (compiled instanceof Error) {
        say(key, `${key} is ${compiled.message}; mend its braces`, "error");
        continue;
      }
      const model = standard.get(key);
      // Names of scopes, claims and acrs are a site's own; the pages look for them.
      if (model === undefined) {
        if (!named.has(key) && !/^(?:scope|claim|acr|error)\./.test(key))
          say(key, `no page shows a text ${key}; mend the name or remove it`, "warning");
        continue;
      }
      const given = argumentsOf(model);
      const odd = [...argumentsOf(text)].filter((name) => !given.has(name));
      if (odd.length > 0)
        say(
          key,
          `${key} wants {${odd.join("}, {")}}, which the page does not give; ${given.size === 0 ? "it gives nothing" : `it gives {${[...given].join("}, {")}}`}`,
          "error",
        );
    }
    const missing =
      tag === locale
        ? []
        : [...standard.keys()].filter((key) => !texts.has(key) && !base.texts.get(tag)?.has(key));
    if (missing.length > 0)
      faults.push({
        file,
        line: 1,
        text: `${missing.length} texts are missing and are shown in ${locale}, the first of them ${missing.slice(0, 3).join(", ")}; add them`,
        level: "warning",
      });
  }
  return faults;
}
