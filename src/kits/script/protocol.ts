/** What goes between the server and the process of a script; all of it can be copied. */
import type { Manifest, ScriptFault } from "../../core/script.ts";
import type { ScriptCall } from "../../core/script-module.ts";
import type { Json } from "../../core/words.ts";

/** The first message. */
export interface Loaded {
  readonly text: string;
  /** Address of the module; packages and files beside it are found from there. */
  readonly url: string;
  /** Names that a script may import of ours, and where they stand. */
  readonly published: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
}

export type ToScript =
  | { readonly kind: "call"; readonly id: number; readonly call: ScriptCall }
  | {
      readonly kind: "answer";
      readonly ask: number;
      readonly value?: unknown;
      readonly problem?: string | undefined;
    };

export type FromScript =
  | { readonly kind: "ready"; readonly manifest: Manifest }
  | { readonly kind: "refused"; readonly fault: ScriptFault }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "threw"; readonly id: number; readonly fault: ScriptFault }
  | {
      readonly kind: "ask";
      readonly call: number;
      readonly ask: number;
      readonly port: string;
      readonly input: Json;
    };
