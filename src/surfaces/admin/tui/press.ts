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
  /** One or more characters; several at once where they were typed faster than they were read, or pasted. */
  | { readonly kind: "text"; readonly text: string }
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

/** undefined: a key that means nothing here. */
export function pressOf(input: string, key: Key): Press | undefined {
  if (key.tab === true) return { kind: key.shift === true ? "backtab" : "tab" };
  for (const [name, kind] of NAMES) if (key[name] === true) return { kind };
  if (key.ctrl === true) return { kind: "ctrl", letter: input.toLowerCase() };
  if (key.meta === true || input === "") return undefined;
  return { kind: "text", text: input };
}

/** The same key in the words of vi; for screens on which nothing is typed. */
export function motionOf(press: Press): Press["kind"] | undefined {
  if (press.kind === "ctrl")
    return ({ d: "pagedown", f: "pagedown", u: "pageup", b: "pageup", n: "down", p: "up" } as const)[
      press.letter
    ];
  if (press.kind !== "text") return press.kind;
  return ({ k: "up", j: "down", h: "left", l: "right", g: "home", G: "end" } as const)[press.text];
}
