/**
 * What a script of one's own is: a module that exports `mechanism`, `factor` or both, against these types. They are
 * what the package publishes as `sallyport/mechanism`. Everything here is plain data or a function over plain data, for
 * a script runs in a process of its own and is spoken to by messages. Opened by compose; the process is kits/script.
 */
import { z } from "zod";
import type { Form } from "./mechanism.ts";
import type { FactorKind, Json } from "./words.ts";

/**
 * What a factor of one's own may put into `amr` (RFC 8176). The others are claims that only the server itself can
 * check: a password, a code that it has sent, a key in hardware.
 */
export const SCRIPT_METHODS = ["kba", "otp", "pin"] as const;
export type ScriptMethod = (typeof SCRIPT_METHODS)[number];

/** The person a login is for, as the directory knows them. */
export type ScriptPerson = {
  readonly username: string;
  readonly claims: Readonly<Record<string, string | boolean | undefined>>;
};

/** The login a step works for. `state` is what the step has answered last; null at first. */
export type ScriptLogin<S = Json> = {
  readonly state: S;
  readonly username: string;
  /** The relying party. */
  readonly client: { readonly id: string; readonly name: string };
  /** The language of the pages (BCP 47). */
  readonly locale: string;
  /** Network address of the browser. */
  readonly address: string;
};

/** The one page a factor of one's own has: plain sentences, in the person's language, and one field named `answer`. */
export type Question = {
  readonly heading: string;
  readonly text?: string | undefined;
  readonly label: string;
  /** `secret`: not shown while it is typed. `digits`: a keyboard with digits. */
  readonly input?: "text" | "digits" | "secret" | undefined;
};

export type ScriptOutcome<S = Json> =
  /** The factor was shown. Which method it is stands in the factor, for all time of this revision. */
  | { readonly kind: "proved" }
  /** The same page with a sentence. While signing in it counts as a wrong answer, and too many pause the factor. */
  | { readonly kind: "retry"; readonly problem: string; readonly state?: S | undefined }
  /** On to the step's next page; not an answer that counts. */
  | { readonly kind: "next"; readonly state: S }
  /** This login cannot go on. */
  | { readonly kind: "stop" };

/** An authenticator of the factor's own kind and of this person. */
export type OwnAuthenticator = { readonly id: string; readonly version: number; readonly data: Json };

/** All that a step can ask of the server. Each is about the person of this login and no other. */
export interface Ports {
  /** A property of the script's entry; undefined where it is not set. */
  property(name: string): string | undefined;
  /** Who signs in. */
  person(): Promise<ScriptPerson>;
  readonly authenticators: {
    list(): Promise<readonly OwnAuthenticator[]>;
    /** In an `enrol` step alone. The data is sealed in the store; at most 10 000 letters of JSON. */
    bind(data: Json): Promise<void>;
    /** False: somebody else has changed it since it was read. */
    update(id: string, version: number, data: Json): Promise<boolean>;
  };
  /** The server's own code by text, with all of its limits, in a `challenge` step alone. The code never comes here. */
  readonly sms: {
    /** Sends a code to the phone of this person, or the same one again. `sent` false: not now. */
    send(): Promise<{ readonly sent: boolean; readonly phone: string }>;
    check(code: string): Promise<"right" | "wrong">;
  };
  /** A line in `logs/script.log`. Nothing is masked in it. */
  log(text: string): void;
}

export interface ScriptStep<S extends Json = Json> {
  /** Once on entering, never on a reload; the state to begin with. */
  prepare?(login: ScriptLogin<null>, ports: Ports): S | Promise<S>;
  /** Reads only. */
  view(login: ScriptLogin<S>, ports: Ports): Question | Promise<Question>;
  /** `form` has `answer` and `action`. */
  authenticate(login: ScriptLogin<S>, form: Form, ports: Ports): ScriptOutcome<S> | Promise<ScriptOutcome<S>>;
}

/** A kind of authenticator of one's own. */
export interface FactorScript<S extends Json = Json> {
  readonly kind: FactorKind;
  readonly method: ScriptMethod;
  /** Whether this person can be asked. */
  held(person: ScriptPerson, ports: Ports): boolean | Promise<boolean>;
  readonly challenge: ScriptStep<S>;
  readonly enrol?: ScriptStep<S> | undefined;
}

const kind = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,30}$/, "2 to 31 lower-case letters, digits or hyphens, a letter in front");

/** What is kept of a module that was looked at, beside its text: all that is known of it without running it. */
export const manifestSchema = z.strictObject({
  mechanism: z
    .strictObject({
      requires: z
        .array(kind)
        .min(1, "at least one factor")
        .max(10)
        .refine((kinds) => new Set(kinds).size === kinds.length, "each factor once"),
      phoneAttribute: z.string().min(1).max(100).optional(),
      /** Whether `next` is the module's own. */
      decides: z.boolean(),
    })
    .optional(),
  factor: z.strictObject({ kind, method: z.enum(SCRIPT_METHODS), enrols: z.boolean() }).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Something wrong with a script, in one sentence, and where in its text (counted from 1). */
export interface ScriptFault {
  readonly message: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** As the engine told it, for the log. */
  readonly stack?: string | undefined;
}

/** `line 3, column 8: …`, as it is said to people. */
export const faultText = ({ message, line, column }: ScriptFault): string =>
  line === undefined
    ? message
    : `line ${line}${column === undefined ? "" : `, column ${column}`}: ${message}`;
