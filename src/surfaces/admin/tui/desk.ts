/** What screens are and what they may do: open another, ask with a form, edit a text, say how it went. */
import type { Outcome } from "../client/trouble.ts";
import type { Api } from "./api.ts";
import type { Line, Tone } from "./lines.ts";
import type { Press } from "./press.ts";

/** Something that can be done here, under one key. */
export interface Act {
  readonly key: string;
  readonly label: string;
  readonly run: () => void | Promise<void>;
}

/** A screen. It draws itself into the room it is given. */
export interface View {
  readonly title: string;
  /** The command that shows the same. */
  command(): string | undefined;
  /** How much there is, in a few words. */
  count(): string;
  /** Milliseconds after which it looks again by itself. */
  readonly every?: number | undefined;
  /** Every key goes to it: somebody types. */
  readonly typing: boolean;
  acts(): readonly Act[];
  load(): Promise<void>;
  /** Whether it took the key. */
  press(press: Press): boolean;
  lines(width: number, height: number): readonly Line[];
}

/** Something on top of a screen that has every key until it is closed. */
export interface Dialog {
  readonly title: string;
  /** What would be gone if it were closed. */
  readonly unsaved: boolean;
  hints(): string;
  press(press: Press): void;
  lines(width: number, height: number): readonly Line[];
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value?: string | undefined;
  /** Never shown. */
  readonly secret?: boolean | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly required?: boolean | undefined;
  readonly hint?: string | undefined;
}

export type Values = Readonly<Record<string, string>>;

/** Something that is asked for before it is done. */
export interface FormSpec {
  readonly title: string;
  /** What will happen; a paragraph each. */
  readonly about?: readonly string[] | undefined;
  readonly lines?: readonly Line[] | undefined;
  readonly fields: readonly Field[];
  /** What Enter does, in a word or two. */
  readonly verb: string;
  /** The command that does the same; no secret is among what it is given. */
  readonly command: (values: Values) => string;
  /** Does it; answers what to say. */
  readonly send: (values: Values) => Promise<Outcome<string>>;
  /** Reads anew what somebody else has changed meanwhile: the other side of each field. The next `send` goes on top of it. */
  readonly theirs?: (() => Promise<Outcome<Values>>) | undefined;
  /** Instead of looking at the screen again. */
  readonly afterwards?: (() => void) | undefined;
}

/** A text that is worked on in the person's editor. */
export interface EditSpec {
  readonly title: string;
  /** Name of the file, with the ending that editors know. */
  readonly file: string;
  readonly text: string;
  readonly etag: string | undefined;
  readonly command: string;
  /** What it would do, beside what differs as text. */
  readonly review?: ((text: string) => Promise<Outcome<readonly Line[]>>) | undefined;
  readonly save: (text: string, etag: string | undefined) => Promise<Outcome<string>>;
  readonly reread: () => Promise<Outcome<{ readonly text: string; readonly etag: string | undefined }>>;
}

export interface Said {
  readonly text: string;
  readonly tone: Tone;
  readonly command?: string | undefined;
}

export interface Desk {
  readonly api: Api;
  open(view: View): void;
  ask(spec: FormSpec): void;
  /** A text on top of the screen; `once`: it cannot be shown again. */
  show(title: string, lines: readonly Line[], once?: boolean): void;
  confirm(question: string, yes: () => void): void;
  dialog(dialog: Dialog): void;
  closeDialog(dialog: Dialog): void;
  edit(spec: EditSpec): Promise<void>;
  say(said: Said | undefined): void;
  /** Closes the screen that is open, unless it is the first one. */
  back(): boolean;
  /** Looks again at the screen that is open. */
  reload(): Promise<void>;
  /** Draws. */
  changed(): void;
}
