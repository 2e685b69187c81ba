/** An operation with what does it, their types kept together. */
import type { z } from "zod";
import type { Caller, Refusal } from "./caller.ts";
import type { Operation } from "./contract.ts";

type Given<S> = S extends z.ZodType ? z.output<S> : undefined;

/** A call that has been checked. */
export interface Call<O extends Operation> {
  readonly params: Given<O["params"]>;
  readonly body: Given<O["body"]>;
  readonly caller: Caller;
}

type Reply<O extends Operation> =
  | { readonly body: O["answer"] extends z.ZodType ? z.input<O["answer"]> : undefined }
  | Refusal;

export interface Handler {
  readonly operation: Operation;
  run(call: Call<Operation>): Promise<Reply<Operation>>;
}

export const handle = <O extends Operation>(
  operation: O,
  run: (call: Call<O>) => Promise<Reply<O>>,
): Handler => ({ operation, run: run as unknown as Handler["run"] });
