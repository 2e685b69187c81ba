/**
 * What an acr is made of. A mechanism composes factors; a factor offers steps; a step shows one page at a time and
 * says what came of a form. Everything that crosses these shapes is plain data, so that a custom script can implement
 * them in a worker thread. None of them sees a request or a response: they cannot set cookies, redirect or leak.
 */
import type { AuditEvent } from "./audit.ts";
import type { Authenticator } from "./authenticators.ts";
import type { Along, Claim } from "./claim.ts";
import type { User } from "./directory.ts";
import type { PageFacts } from "./pages.ts";
import type { Write } from "./records.ts";
import type { Acr, Amr, EpochMs, FactorKind, Json, Subject } from "./words.ts";

/** What a mechanism may decide by. */
export interface Facts {
  /** Kinds with a proof that counts in this login. */
  readonly proved: readonly FactorKind[];
  /** Kinds proved within the last minutes, recent enough to bind a new authenticator on. */
  readonly fresh: readonly FactorKind[];
  /** Kinds of which the person holds a usable authenticator; empty until the person is known. */
  readonly held: readonly FactorKind[];
}

/** The next thing to do: show a factor, or bind one that the person lacks. */
export type Task = {
  readonly factor: FactorKind;
  readonly act: "challenge" | "enrol";
};

export interface Mechanism {
  readonly acr: Acr;
  /** Higher is stronger; a session of a higher level satisfies a request for a lower one. */
  readonly level: number;
  readonly aliases?: readonly Acr[] | undefined;
  /** Every one of these must have been proved before the gate gives out this acr. */
  readonly requires: readonly FactorKind[];
  /** Attribute of the directory that holds the phone of whoever signs in by this mechanism (script.ts). */
  readonly phoneAttribute?: string | undefined;
  /** undefined: nothing is left to do. The gate checks `requires` all the same. */
  next(facts: Facts): Task | undefined | Promise<Task | undefined>;
}

/** Which factors an acr is made of; its name, level and aliases stand in the script's entry. */
export interface MechanismScript {
  /** Every one of these is shown before the gate gives out the acr, whatever `next` says. */
  readonly requires: readonly FactorKind[];
  /**
   * Attribute of the directory that holds the person's phone. Where it holds a number that receives texts, the code
   * goes there; where it does not, to the phone the person has bound.
   */
  readonly phoneAttribute?: string | undefined;
  /** What comes next; undefined: nothing is left. Without it the factors come in their order. Pure; 5 s at most. */
  next?(facts: Facts): Task | undefined | Promise<Task | undefined>;
}

/** What a step is told about the login it works for. */
export interface Login<S extends Json = Json> {
  readonly id: string;
  readonly state: S;
  readonly subject: Subject | undefined;
  readonly username: string;
  /** The person is fixed: a signed-in session that is too weak. */
  readonly pinned: boolean;
  readonly client: { readonly id: string; readonly name: string };
  readonly locale: string;
  readonly endsAt: EpochMs;
  readonly visitor: Visitor;
  /** Of the page that is shown or was sent: one form counts for each. Challenges are derived from it. */
  readonly turn: number;
  /** Kinds shown within the last minutes, recent enough to bind a new authenticator on. */
  readonly fresh: readonly FactorKind[];
  /** The person has come to have something bound, and is signed in already: the form of the last page adds it. */
  readonly adding?: boolean | undefined;
  /** The person may go on without this step (the form's action `skip`). */
  readonly skippable?: boolean | undefined;
  /** Where a factor that says itself who signs in can stand in for the whole of what is asked: its invitation. */
  readonly passkey?: Invitation | undefined;
  /** Whether the person may show another factor instead of this one, for no less (the form's action `other-method`). */
  readonly canOtherMethod?: boolean | undefined;
  /** Of the mechanism: where the directory holds the person's phone. */
  readonly phoneAttribute?: string | undefined;
  /** The engine's name of the session that this login strengthens. */
  readonly session?: string | undefined;
}

/** What a page needs to ask a browser for a key that says who it belongs to (WebAuthn, conditional mediation). */
export interface Invitation {
  readonly rpId: string;
  /** base64url, of this login and turn alone. */
  readonly challenge: string;
}

/** The browser in front of the page, as far as steps may know it. */
export interface Visitor {
  /** Hash of this browser's own cookie. */
  readonly browser: string;
  /** Network address of the peer, or of the client behind a trusted proxy. */
  readonly address: string;
  /** Marks of people who signed in here before; see device.ts. */
  readonly marks: readonly string[];
  /** Devices that it says it is, with hashes of their secrets; nobody has looked whether that is so (stand-in.ts). */
  readonly devices?: readonly { readonly id: string; readonly hash: string }[] | undefined;
  /** The browser in words of ours. */
  readonly agent?: string | undefined;
}

export type Form = Readonly<Record<string, string>>;

export type Notice = {
  readonly key: string;
  readonly args?: Readonly<Record<string, string | number>> | undefined;
};

/** What is committed together with the login's new state, and what is sent after that. */
export interface Effects {
  readonly writes?: readonly Write[] | undefined;
  /** The outbox key of a message. */
  readonly deliver?: string | undefined;
  readonly events?: Events | undefined;
}

/** What the audit says of a turn; durable with the login's new state, and by itself where that is refused. */
export type Events = readonly AuditEvent[];

export type StopReason =
  | "no-factor"
  | "factor-disabled"
  | "enrolment-needs-ticket"
  | "too-many-factors"
  | "person-gone"
  | "password-elsewhere"
  | "script-failed"
  | "cancelled";

export type Prepared<S extends Json> =
  | ({ readonly kind: "ready"; readonly state: S; readonly notice?: Notice | undefined } & Effects)
  | { readonly kind: "stop"; readonly reason: StopReason };

export type Outcome<S extends Json> =
  /** On to the step's next page. */
  | ({ readonly kind: "next"; readonly state: S; readonly notice?: Notice | undefined } & Effects)
  /** The same page again, with a reason. */
  | ({ readonly kind: "retry"; readonly notice: Notice; readonly state?: S | undefined } & Effects)
  | { readonly kind: "stop"; readonly reason: StopReason; readonly events?: Events | undefined }
  /** The factor was shown. `user` names the person when this step is the one that found out who it is. */
  | {
      readonly kind: "proved";
      readonly method: Amr;
      /** The authenticator has checked a second factor of its own (words.ts, `Proof`). */
      readonly multi?: boolean | undefined;
      /** What was shown has to be changed by the person, once every factor is shown. */
      readonly mustChange?: boolean | undefined;
      readonly user?: User | undefined;
      readonly events?: Events | undefined;
      /** What is committed with it, of a step that took its turn. */
      readonly along?: Along | undefined;
      /** What has come of the form where that has come to nothing. */
      readonly instead?: Outcome<S> | undefined;
    };

/** The facts a step gives its page; the surface adds those every form has. */
export type StepPage = {
  [P in StepPageName]: {
    readonly page: P;
    readonly facts: Omit<PageFacts<P>, "action" | "csrf" | "notice" | "noticeArgs" | "appName" | "brand">;
  };
}[StepPageName];

type StepPageName =
  | "password"
  | "phone"
  | "code"
  | "question"
  | "ways"
  | "totp"
  | "totp-enrol"
  | "passkey"
  | "passkey-enrol"
  | "recovery-code"
  | "recovery-codes"
  | "new-password";

export interface Step<S extends Json = Json> {
  /** Once on entering, never on a reload. `bound`: all that is bound to the person, where it was read just now. */
  prepare(login: Login<Json>, bound?: readonly Authenticator[]): Promise<Prepared<S>>;
  /** Reads only: a reload never sends, spends or skips anything. */
  view(login: Login<S>): Promise<{ readonly page: StepPage; readonly notice?: Notice | undefined }>;
  /** `claim` is given to a step that `takesTurn`. Where it is lost, nobody looks at the outcome. */
  authenticate(login: Login<S>, form: Form, claim?: Claim): Promise<Outcome<S>>;
  /**
   * It takes the turn of its form itself, before anything that could not be done twice: in the first commit it makes, or
   * not at all where it makes none. For any other step the walk takes it first.
   */
  readonly takesTurn?: boolean | undefined;
}

/** A kind of authenticator and how it is shown and bound. */
export interface Factor {
  readonly kind: FactorKind;
  readonly challenge: Step;
  readonly enrol?: Step | undefined;
  /** Whether the person can be challenged, by a mechanism with this `phoneAttribute`; `bound`: all that is bound, where it was read already. */
  held(subject: Subject, phoneAttribute?: string, bound?: readonly Authenticator[]): Promise<boolean>;
  /** Of a factor that says itself who signs in. */
  invite?(login: Login): Invitation;
}

/** A mechanism that comes with the product, as an administrator finds it among the scripts. */
export interface BuiltInScript {
  readonly acr: Acr;
  readonly inum: string;
  /** Further inums that find it. */
  readonly alsoKnownAs?: readonly string[] | undefined;
  readonly description: string;
  readonly level: number;
  /** What its entry has to be given; `hide`: a secret. */
  readonly properties: readonly {
    readonly value1: string;
    readonly hide: boolean;
    readonly description: string;
  }[];
  /** Where its source stands. */
  readonly file: URL;
  /** What its source exports. */
  readonly mechanism: MechanismScript;
}

/**
 * The usual order: the factors one after the other, each bound first where the person lacks it. For a script's own
 * `next` to fall back on.
 */
export function nextInOrder(
  requires: readonly FactorKind[],
  { proved, fresh, held }: Facts,
): Task | undefined {
  const first = requires[0];
  const factor = requires.find((kind) => !proved.includes(kind));
  if (factor === undefined) return undefined;
  if (factor === first || held.includes(factor)) return { factor, act: "challenge" };
  // A session cookie alone must not bind a factor (CVE-2023-3597): the first factor is shown anew before.
  if (first !== undefined && !fresh.includes(first)) return { factor: first, act: "challenge" };
  return { factor, act: "enrol" };
}

/** The usual mechanism: its factors in their order. */
export const composeMechanism = (options: {
  acr: Acr;
  level: number;
  requires: readonly FactorKind[];
  aliases?: readonly Acr[] | undefined;
  phoneAttribute?: string | undefined;
}): Mechanism => ({ ...options, next: (facts) => nextInOrder(options.requires, facts) });
