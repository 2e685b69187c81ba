/**
 * How tones look. Colours are the terminal's own sixteen, so that its theme makes them readable on light and on dark; none
 * with NO_COLOR (no-color.org). Nothing is said by a colour alone.
 */
import type { Tone } from "./lines.ts";

/** What the terminal library takes. */
export interface Look {
  readonly color?: string;
  readonly bold?: boolean;
  readonly dimColor?: boolean;
  readonly inverse?: boolean;
}

const LOOKS: Readonly<Record<Tone, Look>> = {
  ok: { color: "green" },
  warn: { color: "magenta" },
  bad: { color: "red", bold: true },
  dim: { dimColor: true },
  strong: { bold: true },
  accent: { color: "cyan", bold: true },
  selected: { inverse: true },
  heading: { bold: true, dimColor: true },
  added: { color: "green" },
  removed: { color: "red" },
};

export function createTheme(environment: Readonly<Record<string, string | undefined>>) {
  const plain = (environment.NO_COLOR ?? "") !== "";
  return (tone: Tone | undefined): Look => {
    if (tone === undefined) return {};
    const { color, ...rest } = LOOKS[tone];
    return plain || color === undefined ? rest : { color, ...rest };
  };
}
