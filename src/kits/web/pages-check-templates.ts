/** Looks over the templates as pages: whether they parse, have what their form needs, and show only what is there. */
import { type PageName, pageFacts } from "../../core/pages.ts";
import { createLiquid } from "./pages-engine.ts";
import { factNames, GLOBALS } from "./pages-facts.ts";
import type { Fault } from "./pages-fault.ts";
import type { Folder } from "./pages-folder.ts";
import { createCatalogue } from "./texts.ts";

/** What has to be somewhere on a page, as it is written in HTML. */
const NEEDED: Partial<Record<PageName, readonly (readonly [RegExp, string])[]>> = {
  password: [field("csrf"), posts(), field("username"), field("password"), notice(), action("cancel")],
  phone: [
    field("csrf"),
    posts(),
    field("phone"),
    field("country"),
    field("ticket"),
    notice(),
    action("cancel"),
    [/"phone\.risk"/, 'the text {{ "phone.risk" | t }} (people must be told of the risks of texts)'],
  ],
  code: [
    field("csrf"),
    posts(),
    field("code"),
    notice(),
    action("resend"),
    action("call"),
    action("change-number"),
    action("cancel"),
  ],
  consent: [field("csrf"), posts(), action("cancel")],
  device: [field("csrf"), field("xsrf"), posts(), field("user_code"), notice()],
  "device-confirm": [
    field("csrf"),
    field("xsrf"),
    posts(),
    notice(),
    action("refuse"),
    action("other"),
    [/\{\{-?\s*userCode\b/, "{{ userCode }} (people must compare it with their device)"],
  ],
  recover: [field("csrf"), posts(), field("password"), field("repeat"), notice()],
  logout: [field("xsrf"), posts(), field("logout")],
  "post-on": [
    posts(),
    [/name="\{\{-?\s*field\.name/, 'a field name="{{ field.name }}" for each of `fields`'],
  ],
};

function field(name: string): readonly [RegExp, string] {
  return [new RegExp(`name="${name}"`), `a field name="${name}"`];
}
function action(value: string): readonly [RegExp, string] {
  return [
    new RegExp(`name="action"\\s+value="${value}"`),
    `a button name="action" value="${value}" formnovalidate`,
  ];
}
function posts(): readonly [RegExp, string] {
  return [/<form\b[^>]*\baction="\{\{-? ?action ?-?\}\}"/, 'a <form method="post" action="{{ action }}">'];
}
function notice(): readonly [RegExp, string] {
  return [/\{\{-?\s*notice\s*\|\s*t\b/, 'what went wrong ({% include "notice" %})'];
}

/** `templates` are all that would be used: those of `own` over those of `base`. */
export function checkTemplates(
  own: Folder,
  templates: ReadonlyMap<string, string>,
  base: Folder,
): readonly Fault[] {
  const faults: Fault[] = [];
  const fileOf = (name: string) => `templates/${name}.liquid`;
  const catalogue = createCatalogue([], () => {});
  const liquid = createLiquid({ templates, catalogue, assetPath: () => "" });
  const broken = new Set<string>();
  for (const [name, source] of own.templates)
    try {
      liquid.parse(source, name);
    } catch (problem) {
      broken.add(name);
      const { message, token } = problem as Error & { token?: { getPosition?: () => number[] } };
      const why = message.split(", file:")[0]?.split("\n")[0] ?? "";
      faults.push({
        file: fileOf(name),
        line: token?.getPosition?.()[0] ?? 1,
        text: `this does not parse (${why}); until it is mended, the product's own page is shown`,
        level: "error",
      });
    }

  const used = new Set<string>();
  for (const page of Object.keys(pageFacts) as PageName[]) {
    const parts = partsOf(page, templates);
    for (const part of parts) used.add(part);
    const touched = [...parts].some((part) => own.templates.has(part));
    if (!touched || [...parts].some((part) => broken.has(part))) continue;
    const file = own.templates.has(page) ? fileOf(page) : `templates (page ${page})`;
    const whole = expand(page, templates);
    for (const [pattern, what] of NEEDED[page] ?? [])
      if (!pattern.test(whole))
        faults.push({ file, line: 1, text: `the page lacks ${what}; add it`, level: "error" });
    const first = /<button\b[^>]*>/.exec(whole)?.[0];
    if (first !== undefined && /name="action"/.test(first))
      faults.push({
        file,
        line: 1,
        text: "the Enter key would press the first button, which is not the main one; put the main button first",
        level: "error",
      });

    const known = new Set([...factNames(page), ...GLOBALS]);
    try {
      for (const [variable, places] of Object.entries(liquid.analyzeSync(liquid.parseFileSync(page)).globals))
        for (const { location } of known.has(variable) ? [] : places)
          if (own.templates.has(location.file ?? ""))
            faults.push({
              file: fileOf(location.file ?? ""),
              line: location.row,
              text: `the page ${page} has no ${variable}; it has ${[...known].sort().join(", ")}`,
              level: "error",
            });
    } catch (problem) {
      const why = (problem as Error).message.split("\n")[0];
      faults.push({
        file,
        line: 1,
        text: `the page cannot be put together (${why}); mend that`,
        level: "error",
      });
    }
  }
  for (const name of own.templates.keys())
    if (!used.has(name) && !base.templates.has(name))
      faults.push({
        file: fileOf(name),
        line: 0,
        text: "no page uses this template; include it in one, or name it after the page it replaces",
        level: "warning",
      });
  return faults;
}

const PARTIAL = /\{%-?\s*(?:include|render|layout)\s+["']([\w-]+)["'][^%]*%\}/g;

/** A page with all templates it is made of. */
function partsOf(
  page: string,
  templates: ReadonlyMap<string, string>,
  seen = new Set<string>(),
): Set<string> {
  const source = templates.get(page);
  if (source === undefined || seen.has(page)) return seen;
  seen.add(page);
  for (const [, name] of source.matchAll(PARTIAL)) if (name !== undefined) partsOf(name, templates, seen);
  return seen;
}

/** The page's source with its partials in their places; the layout stays out. */
function expand(page: string, templates: ReadonlyMap<string, string>, depth = 0): string {
  const source = templates.get(page) ?? "";
  if (depth > 5) return "";
  return source.replace(PARTIAL, (_all, name: string) =>
    name === "layout" ? "" : expand(name, templates, depth + 1),
  );
}
