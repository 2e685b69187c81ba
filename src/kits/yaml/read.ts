/**
 * kits/yaml: text that people write, as a value, or one sentence of where it goes wrong. Called for sallyport.yaml and for
 * what commands are given. It repeats no word of the text: what stands at the wrong place may be a secret.
 */
import { type Document, LineCounter, parseDocument, visit } from "yaml";

export type Read =
  | { readonly kind: "read"; readonly value: unknown }
  | { readonly kind: "faulty"; readonly fault: string };

/** By the codes of the parser; its own sentences quote what they stumbled over. */
const WORDS: Readonly<Record<string, string>> = {
  MISSING_CHAR: "a quote, a bracket or a comma is missing",
  BAD_INDENT: "it is not indented like what it belongs to",
  TAB_AS_INDENT: "write spaces in front of it, not tabs",
  DUPLICATE_KEY: "this name stands there twice",
  BLOCK_AS_IMPLICIT_KEY: "a value with a colon in it needs quotes",
  MULTILINE_IMPLICIT_KEY: "a name is without its colon, or a value needs quotes",
  BAD_SCALAR_START: "a value that begins with such a sign needs quotes",
  BAD_ALIAS: "a value that begins with * or & needs quotes",
  TAG_RESOLVE_FAILED: "a value that begins with ! needs quotes",
  MULTIPLE_DOCS: "a second document begins; take the line --- away",
  BAD_DQ_ESCAPE: "a backslash in double quotes is written twice",
};
const OTHER = "what stands there fits nowhere; look at its quotes and its indentation";

/** Reads one document of YAML, and so of JSON too; empty text is `undefined`. */
export function readYaml(text: string): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const faulty = (at: number | undefined, words: string): Read => {
    const { line, col } = lines.linePos(at ?? 0);
    return { kind: "faulty", fault: at === undefined ? words : `line ${line}, column ${col}: ${words}` };
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) return faulty(problem.pos[0], WORDS[problem.code] ?? OTHER);
  const lost = lostAlias(document);
  if (lost !== undefined) return faulty(lost, WORDS.BAD_ALIAS ?? OTHER);
  try {
    return {
      kind: "read",
      value: document.contents === null ? undefined : document.toJS({ maxAliasCount: 100 }),
    };
  } catch {
    return faulty(undefined, "it points to itself too often");
  }
}

/** Where an alias stands whose anchor is nowhere: a password that begins with `*`. */
function lostAlias(document: Document.Parsed): number | undefined {
  let at: number | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      at = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return at;
}
