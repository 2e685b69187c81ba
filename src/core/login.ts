/** The stored state of one login and what the outside sees of it. State never travels through the browser. */
import type { Attained } from "./gate.ts";
import type { LoginEndings } from "./login-endings.ts";
import type { Notice, StepPage, StopReason, Task, Visitor } from "./mechanism.ts";
import type { Records, Storage, Write } from "./records.ts";
import type { Sessions } from "./sessions.ts";
import type { Acr, EpochMs, FactorKind, Json, Proof, Subject } from "./words.ts";

export type LoginRecord = {
  readonly id: string;
  readonly acr: Acr;
  /** The relying party takes this acr and no other, however strong. */
  readonly essential?: boolean | undefined;
  /** The acrs that the request named, for the audit: by them another setting can be tried on what has happened. */
  readonly requested?: readonly Acr[] | undefined;
  /** What was asked for, where the person has turned to another way: nothing weaker is taken. */
  readonly asked?: Acr | undefined;
  /** Ways that the person has turned away from, as they stood: coming back enters nothing anew, and sends nothing. */
  readonly parked?: readonly Parked[] | undefined;
  /** The person is choosing among several ways. */
  readonly choosing?: true | undefined;
  /** Kinds that are bound, as they were when the step was entered. */
  readonly holds?: readonly FactorKind[] | undefined;
  /** Kinds shown within the last minutes when the step was entered. */
  readonly fresh?: readonly FactorKind[] | undefined;
  /** Held kinds of which one is shown before something is bound. */
  readonly stepUp?: readonly FactorKind[] | undefined;
  /** What is to be bound when every factor has been shown. */
  readonly enrol?: FactorKind | undefined;
  readonly enrolled?: true | undefined;
  /** The step stands behind the sign-in and adds nothing to it: what was asked to be bound, or an offer that may be left. */
  readonly extra?: "enrol" | "offer" | undefined;
  readonly offered?: true | undefined;
  /** The password has to be changed before this login may end. */
  readonly mustChange?: true | undefined;
  /** The policy demands what is bound here; `days` are left, 0: it is due. */
  readonly demanded?: { readonly days: number } | undefined;
  /** Request and client let a remembered device stand in for a further factor, and this browser be remembered. */
  readonly mayStandIn?: true | undefined;
  /** Days for which this browser is remembered if the person ticks the box of this step. */
  readonly rememberDays?: number | undefined;
  /** The person has ticked it. */
  readonly remember?: true | undefined;
  /** The device that has stood in, by its id. */
  readonly stoodIn?: string | undefined;
  /** The device whose secret the browser gets at the end, made of `nonce` (stand-in.ts); `until`: when it is over. */
  readonly device?:
    | {
        readonly id: string;
        readonly nonce: string;
        readonly until: EpochMs;
        readonly instead: readonly string[];
      }
    | undefined;
  /** The settings it began on and ends on, whatever is changed meanwhile. */
  readonly revision: number;
  readonly client: { readonly id: string; readonly name: string };
  /** The language of its pages and messages (BCP 47), one that there are pages in. */
  readonly locale: string;
  /** Hash of the cookie of the one browser this login belongs to. */
  readonly browser: string;
  readonly startedAt: EpochMs;
  readonly endsAt: EpochMs;
  /** The engine's name of the session that it strengthens. */
  readonly session?: string | undefined;
  readonly subject?: Subject | undefined;
  readonly username: string;
  readonly pinned: boolean;
  readonly proofs: readonly Proof[];
  readonly task: Task;
  /** Of the mechanism that has been entered (mechanism.ts). */
  readonly phoneAttribute?: string | undefined;
  readonly state: Json;
  /** Rises with every form that is taken, so that of two submits of one page one counts. */
  readonly turn: number;
  readonly notice?: Notice | undefined;
  readonly ended?: LoginEnd | undefined;
  /** Where the person can start anew: the authorization request as it was made. */
  readonly restart: string;
  /** Where the relying party is reached in the end; for the surface's own use. */
  readonly redirectUri: string;
};

/** What a step is told of standing behind the sign-in. */
export const extraOf = ({ extra }: Pick<LoginRecord, "extra">) =>
  extra === "offer" ? { skippable: true } : extra === "enrol" ? { adding: true } : {};

export type Parked = {
  readonly acr: Acr;
  readonly task: Task;
  readonly state: Json;
  readonly phoneAttribute?: string | undefined;
};

export type LoginEnd =
  | {
      readonly kind: "proven";
      readonly attained: Attained;
      readonly subject: Subject;
      readonly proofs: readonly Proof[];
      readonly firstFactorHere: boolean;
    }
  | { readonly kind: "stopped"; readonly reason: StopReason };

export interface LoginStart {
  readonly id: string;
  /** What is asked for, chosen by the surface (acr_values, the client's default, the server's default). */
  readonly acr: Acr;
  readonly essential?: boolean | undefined;
  readonly requested?: readonly Acr[] | undefined;
  readonly revision: number;
  readonly client: { readonly id: string; readonly name: string };
  readonly locale: string;
  readonly visitor: Visitor;
  /** Proofs of the session this login strengthens, if it has one. */
  readonly proofs: readonly Proof[];
  /** Proofs older than this do not count (`max_age`, `prompt=login`). */
  readonly notBefore: EpochMs;
  readonly session?: string | undefined;
  readonly subject?: Subject | undefined;
  readonly username: string;
  readonly pinned: boolean;
  /** A kind to be bound when every factor has been shown (docs/tour.md). */
  readonly enrol?: FactorKind | undefined;
  readonly mayStandIn?: true | undefined;
  readonly restart: string;
  /** Where the relying party is reached in the end; for the surface's own use. */
  readonly redirectUri: string;
}

/** Where a login stands; `open` is waiting for the person. */
export type Standing =
  | { readonly kind: "open"; readonly login: LoginRecord }
  | {
      readonly kind: "proven";
      readonly login: LoginRecord;
      readonly end: Extract<LoginEnd, { kind: "proven" }>;
    }
  | { readonly kind: "stopped"; readonly login: LoginRecord; readonly reason: StopReason }
  | { readonly kind: "expired"; readonly login?: LoginRecord | undefined }
  /** The login belongs to another browser. */
  | { readonly kind: "other-browser" };

/** The same with the page of an open login. */
export type Turn =
  | Exclude<Standing, { kind: "open" }>
  | {
      readonly kind: "page";
      readonly page: StepPage;
      readonly notice?: Notice | undefined;
      readonly turn: number;
      readonly login: LoginRecord;
    };

/** Logins, in a group for each person once it is known who they are. */
export const loginRows = (storage: Storage): Records<LoginRecord> => storage.records<LoginRecord>("login");

/** Records outlive their login, so that a late page can offer a new start. */
const KEEP = 3_600_000;

export const loginWrite = (
  rows: Records<LoginRecord>,
  record: LoginRecord,
  expect: number | "absent",
): Write =>
  rows.write(record.id, record, record.endsAt + KEEP, {
    expect,
    // So that whoever ends everything of a person ends what is under way as well.
    ...(record.subject === undefined ? {} : { group: record.subject }),
  });

const AT_ONCE = 100;

/** Ends every login of a person that is under way, or has ended and is not taken up yet, but this one. */
export async function endLogins(
  { storage, endings }: { readonly storage: Storage; readonly endings: LoginEndings },
  subject: Subject,
  but?: string,
): Promise<void> {
  const rows = loginRows(storage);
  await endings.mark(subject);
  if (but === undefined) return rows.removeGroup(subject);
  let others: readonly LoginRecord[];
  do {
    others = (await rows.list(subject, AT_ONCE)).filter(({ id }) => id !== but);
    for (const { id } of others) await rows.remove(id);
  } while (others.length > 0);
}

/** Sessions of which the end of all ends logins as well: whoever has shown the old password must not go on to a session. */
export const endingLogins = (sessions: Sessions, deps: Parameters<typeof endLogins>[0]): Sessions => ({
  ...sessions,
  async endAll(subject, by, reason, but) {
    await endLogins(deps, subject);
    return sessions.endAll(subject, by, reason, but);
  },
});
