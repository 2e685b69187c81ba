/**
 * surfaces/admin/contract: what the admin API takes and answers, as zod schemas; the OpenAPI document, the checks of the
 * server and the tools of an administrator are all made of these. Imported by api, client, cli and tui. It holds no
 * behaviour and knows no port.
 */
import type { z } from "zod";
import type { Scope } from "./scopes.ts";

type Shape = z.ZodObject;

/** Answers beyond those that every operation has (401 and 403 unless it is open, and 400 where something is sent). */
export type Problem = 403 | 404 | 409 | 412 | 503;

/** One operation of the API: an id, a path, who may, and the schemas of what comes and goes. */
export interface Operation {
  readonly id: string;
  /** Ids that older documents use for it. */
  readonly aliases?: readonly string[] | undefined;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/jans-config-api`; parameters as `{name}`. */
  readonly path: string;
  /** The group it belongs to in the OpenAPI document; without spaces the task of `--info`. */
  readonly tag: string;
  readonly summary: string;
  /** The scope a token must hold; `open`: no token is asked for. */
  readonly scope: Scope | "open";
  readonly params?: Shape | undefined;
  readonly query?: Shape | undefined;
  readonly body?: z.ZodType | undefined;
  /** `application/json` unless told. */
  readonly bodyType?: "application/json-patch+json" | undefined;
  readonly status: 200 | 201 | 204;
  readonly answer?: z.ZodType | undefined;
  /** Answered with 202 and an Approval where the settings want a second administrator for it. */
  readonly mayWait?: true | undefined;
  readonly problems?: readonly Problem[] | undefined;
  /** Answers carry an ETag; a change with If-Match is refused with 412 when somebody was faster. */
  readonly etag?: boolean | undefined;
}

/** Declares an operation, keeping the types of its schemas. */
export const operation = <const O extends Operation>(declared: O): O => declared;

type Given<S> = S extends z.ZodType ? z.output<S> : Record<string, never>;

/** What a handler of the operation is called with, checked. */
export interface Asked<O extends Operation> {
  readonly params: Given<O["params"]>;
  readonly query: Given<O["query"]>;
  readonly body: O["body"] extends z.ZodType ? z.output<O["body"]> : undefined;
}

/** What it answers, before it is checked and stripped of everything the contract does not name. */
export type Answered<O extends Operation> = O["answer"] extends z.ZodType ? z.input<O["answer"]> : undefined;
