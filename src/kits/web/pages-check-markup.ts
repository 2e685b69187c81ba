/** Looks over the HTML of one template: what would let a name break out of its place, and what the CSP would block. */
import type { Fault } from "./pages-fault.ts";

const TAG = /<([a-zA-Z][\w-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/g;
const ATTRIBUTE = /([^\s"'<>/=]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/g;
/** Stands for one character of a `{{ … }}`, so that places stay what they are. */
const HOLE = "\u0001";
const EXTERNAL = /^["']?(?:[a-z][a-z0-9+.-]*:)?\/\//i;

/** Faults of `source`; `assets` are the names that `asset` can find. */
export function checkMarkup(file: string, source: string, assets: ReadonlySet<string>): readonly Fault[] {
  const faults: Fault[] = [];
  const say = (at: number, text: string) =>
    faults.push({ file, line: source.slice(0, at).split("\n").length, text, level: "error" });

  for (const { 0: code, index } of source.matchAll(/\{%-?\s*(?:include|render|layout)\s+([^"'\s][^%]*)%\}/g))
    say(index, `${code} takes its name from a variable; write the template's name in quotes`);
  for (const { 1: name, index } of source.matchAll(/"([\w.-]+)"\s*\|\s*asset\b/g))
    if (name !== undefined && name !== "custom.css" && !assets.has(name))
      say(index, `there is no assets/${name}; add the file or mend the name`);

  const bare = hollow(hollow(source, /\{%[\s\S]*?%\}|<!--[\s\S]*?-->/g, " "), /\{\{[\s\S]*?\}\}/g, HOLE);
  for (const { 1: element = "", 2: inside = "", index } of bare.matchAll(TAG)) {
    const name = element.toLowerCase();
    const start = index + 1 + element.length;
    if (name === "style") say(index, "inline styles are blocked by the CSP; put them into assets/custom.css");
    if (name === "script" && !/\ssrc\s*=/.test(inside))
      say(index, "inline scripts are blocked by the CSP; put the script into assets/ and load it by src");
    if (name === "iframe" || name === "object" || name === "embed" || name === "base")
      say(index, `<${name}> is blocked by the CSP; take it out`);
    for (const { 1: attribute = "", 2: value = "", index: offset } of inside.matchAll(ATTRIBUTE)) {
      const at = start + offset;
      const key = attribute.toLowerCase();
      if (!/^["']/.test(value) && value.includes(HOLE))
        say(
          at,
          `${key}= has a {{ … }} without quotes, so a space in it would begin a new attribute; write ${key}="…"`,
        );
      if (key.includes(HOLE)) say(at, "the name of an attribute comes from a {{ … }}; write it out");
      if (/^on[a-z]/.test(key)) say(at, `${key}= is blocked by the CSP; use a script in assets/`);
      if (key === "style") say(at, "style= is blocked by the CSP; use a class and assets/custom.css");
      if (loads(name, key) && EXTERNAL.test(value))
        say(at, `${key}= loads from elsewhere, which the CSP blocks; put the file into assets/`);
      if (/^["']?\s*javascript:/i.test(value))
        say(at, "javascript: is blocked by the CSP; use a script in assets/");
    }
  }
  return faults;
}

const loads = (element: string, attribute: string): boolean =>
  attribute === "src" ||
  attribute === "srcset" ||
  attribute === "action" ||
  attribute === "formaction" ||
  (element === "link" && attribute === "href");

const hollow = (text: string, what: RegExp, with_: string): string =>
  text.replace(what, (found) => found.replace(/[^\n]/g, with_));
