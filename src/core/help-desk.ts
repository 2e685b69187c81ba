/**
 * What somebody of the help desk can see and do for a person, as pages know it. Implemented by compose over the very
 * handlers of the admin API, so that rights, reasons, events, notices and a second administrator's approval are the same
 * whichever way an act comes.
 */
import type { Approval } from "./approvals.ts";
import type { User } from "./directory.ts";
import type { DeskAct } from "./help-desk-settings.ts";
import type { EpochMs, FactorKind, Subject } from "./words.ts";

/** Who helps, with the roles of this moment. */
export type Agent = { readonly user: Pick<User, "id" | "username" | "roles">; readonly address: string };

/** Something a person signs in with; a number by its last two digits. */
export interface DeskFactor {
  readonly id: string;
  readonly kind: FactorKind;
  readonly label: string;
  readonly boundAt: EpochMs;
  readonly pausedUntil?: EpochMs | undefined;
  readonly disabled: boolean;
}

export interface DeskWay {
  readonly by: "window" | "ticket";
  readonly factor: FactorKind;
  readonly until: EpochMs;
  readonly openedBy: string;
}

export type DeskAnswer =
  | { readonly kind: "done" }
  /** What is handed over: of `set-password` a temporary password; where there is a `url` it is typed there. */
  | { readonly kind: "ticket"; readonly ticket: string; readonly act: DeskAct; readonly url: string }
  /** A second administrator has to approve it. */
  | { readonly kind: "waits"; readonly until: EpochMs }
  /** `rights`: they have more than the agent; `state`: it does not suit what is there (any more). */
  | { readonly kind: "refused"; readonly why: "rights" | "gone" | "state" };

export interface HelpDesk {
  /** Whether these roles help others at all. */
  isAgent(roles: readonly string[]): boolean;
  /** Whether the agent's rights reach this person. */
  reaches(agent: Agent, person: Pick<User, "roles">): boolean;
  factors(agent: Agent, person: Subject): Promise<readonly DeskFactor[]>;
  ways(agent: Agent, person: Subject): Promise<readonly DeskWay[]>;
  removeFactor(agent: Agent, person: Subject, id: string, reason: string): Promise<DeskAnswer>;
  /** `lost`: everything of this kind goes first. Any kind but a phone only for whoever holds nothing. */
  openWay(
    agent: Agent,
    person: Subject,
    way: { readonly by: "window" | "ticket"; readonly factor: FactorKind; readonly lost: boolean },
    reason: string,
  ): Promise<DeskAnswer>;
  /** A ticket for a new password; the second factor is asked for as ever. */
  passwordTicket(agent: Agent, person: Subject, reason: string): Promise<DeskAnswer>;
  closeWays(agent: Agent, person: Subject, reason: string): Promise<DeskAnswer>;
  endSessions(agent: Agent, person: Subject, reason: string): Promise<DeskAnswer>;
  /** Those that wait and those of the last hours; none holds a ticket or what was asked. */
  approvals(agent: Agent): Promise<readonly SeenApproval[]>;
  approve(agent: Agent, id: string): Promise<DeskAnswer>;
  decline(agent: Agent, id: string, reason: string): Promise<DeskAnswer>;
  /** The ticket of an approved act, to whoever asked, once. */
  ticket(agent: Agent, id: string): Promise<DeskAnswer>;
}

/** An approval as it may be looked at. */
export type SeenApproval = Pick<
  Approval,
  "id" | "state" | "act" | "person" | "subject" | "reason" | "until"
> & {
  readonly askedBy: string;
  readonly decidedBy: string;
  readonly hasTicket: boolean;
};
