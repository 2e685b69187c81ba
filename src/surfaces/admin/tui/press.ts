/** A key that was pressed, or a text that was pasted, as the screens take it. */

export type Press =
  | {
      readonly kind:
        | "up"
        | "down"
        | "left"
        | "right"
        | "enter"
        | "escape"
        | "tab"
        | "backtab"
        | "pageup"
        | "pagedown"
        | "home"
        | "end"
        | "backspace"
        | "delete";
    }
  /** One or more characters; several at once where they were typed faster than they were read. */
  | { readonly kind: "text"; readonly text: string }
  /** Goes into a text and is no keys: whoever pastes into a list means none of its acts. */
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "ctrl"; readonly letter: string };

/** What the terminal library says of a key. */
interface Key {
  readonly [name: string]: unknown;
}

const NAMES = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["return", "enter"],
  ["escape", "escape"],
  ["home", "home"],
  ["end", "end"],
  ["backspace", "backspace"],
  ["delete", "delete"],
] as const;

/** What was read at once: one key as a rule, several over a slow line. */
export function pressesOf(input: string, key: Key): readonly Press[] {
  if (key.tab === true) return [{ kind: key.shift === true ? "backtab" : "tab" }];
  for (const [name, kind] of NAMES) if (key[name] === true) return [{ kind }];
  if (key.ctrl === true) return [{ kind: "ctrl", letter: input.toLowerCase() }];
  if (key.meta === true) return [];
  return input.split(CONTROL).flatMap((part): readonly Press[] => {
    if (part === "") return [];
    const control = part.length === 1 ? part.charCodeAt(0) : 32;
    if (control === 13 || control === 10) return [{ kind: "enter" }];
    if (control === 9) return [{ kind: "tab" }];
    if (control === 8 || control === 127) return [{ kind: "backspace" }];
    if (control < 27) return [{ kind: "ctrl", letter: String.fromCharCode(control + 96) }];
    return control < 32 ? [] : [{ kind: "text", text: part }];
  });
}

/** Between the letters that were read at once; a paste comes by itself and is no keys. */
const CONTROL = /(\p{Cc})/u;

/** The same key in the words of vi; for screens on which nothing is typed. */
export function motionOf(press: Press): Press["kind"] | undefined {
  if (press.kind === "ctrl")
    return ({ d: "pagedown", f: "pagedown", u: "pageup", b: "pageup", n: "down", p: "up" } as const)[
      press.letter
    ];
  if (press.kind !== "text") return press.kind;
  return ({ k: "up", j: "down", h: "left", l: "right", g: "home", G: "end" } as const)[press.text];
}
