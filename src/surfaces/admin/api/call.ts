/**
 * surfaces/admin/api: the admin API over HTTP. Mounted by compose on the web server; it checks who calls and what is
 * sent against the contract, calls a handler, and lets out nothing that the contract does not name. It holds no rule of
 * signing in, and its tools never come in here: they speak HTTP.
 */
import type { z } from "zod";
import type { Role } from "../../../core/roles.ts";
import type { Fault } from "../../../core/settings.ts";
import type { Subject } from "../../../core/words.ts";
import type { approvalShape } from "../contract/approvals.ts";
import type { Answered, Asked, Operation, Problem } from "../contract/operation.ts";

/** Who calls: a machine, or a person with what their roles allow now. */
export interface Actor {
  readonly client: string;
  readonly subject: Subject | undefined;
  readonly roles: readonly Role[];
  readonly scopes: readonly string[];
  /** For the audit and the history: the username, or the client's id. */
  readonly label: string;
  readonly address: string;
  /** Where a second administrator had to approve what is done: who has. */
  readonly approvedBy?: string | undefined;
}

export interface Call<O extends Operation> extends Asked<O> {
  readonly actor: Actor;
  /** The ETag of If-Match; undefined: whatever it is now. */
  readonly ifMatch: string | undefined;
  /** What the calling client names the person; null: nothing any more. SCIM alone has a place for it. */
  readonly externalId?: string | null | undefined;
}

/** What a handler answers with: the body and its ETag, or why not. */
export type Reply<O extends Operation> =
  | { readonly body: Answered<O>; readonly etag?: string | undefined }
  | Refusal;

export interface Refusal {
  readonly refused: 400 | Problem;
  /** A word for programs, or a sentence. */
  readonly message: string;
  readonly description?: string | undefined;
  readonly faults?: readonly Fault[] | undefined;
}

/** An operation with what does it. */
export interface Handler {
  readonly operation: Operation;
  run(call: Call<Operation>): Promise<Reply<Operation> | Waiting>;
  /** Whether it could be done at this moment; changes nothing. */
  ready?(call: Call<Operation>): Promise<Refusal | undefined>;
}

/** Asked for, and not done: a second administrator has to approve it (approvals.ts). */
export interface Waiting {
  readonly waits: z.input<typeof approvalShape>;
}

/** Joins an operation and its handler, keeping their types together. */
export const handle = <O extends Operation>(
  operation: O,
  run: (call: Call<O>) => Promise<Reply<O>>,
  ready?: (call: Call<O>) => Promise<Refusal | undefined>,
): Handler => ({
  operation,
  run: run as unknown as Handler["run"],
  ...(ready === undefined ? {} : { ready: ready as unknown as NonNullable<Handler["ready"]> }),
});

export const isRefusal = (answer: object): answer is Refusal => "refused" in answer;

/** Who is behind an act, as its event says it. */
export const behind = ({ label, approvedBy }: Actor) => ({
  by: label,
  ...(approvedBy === undefined ? {} : { approvedBy }),
});

export const refuse = (refused: Refusal["refused"], message: string, description?: string): Refusal => ({
  refused,
  message,
  description,
});

/** Faults as one refusal: a sentence each, and each with its place. */
export const refuseFaults = (
  faults: readonly Fault[],
  message = "What was sent cannot be taken",
): Refusal => ({
  refused: 400,
  message,
  description: faults.map((fault) => `${fault.path}: ${fault.message}`).join("; "),
  faults,
});

export const notFound = (what: string): Refusal => refuse(404, `The requested ${what} doesn't exist`);
export const lost = (): Refusal =>
  refuse(
    412,
    "Changed meanwhile",
    "somebody has changed it since you read it; read it again and repeat your change",
  );
