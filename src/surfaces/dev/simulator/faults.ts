/**
 * What the simulator does wrong on request: HTTP errors with Twilio's codes, slowness, connections cut before or after
 * the message was taken, bytes that are no HTTP, messages that never arrive, and silence about what became of them.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Refusal, refusal, send } from "./answers.ts";
import type { End } from "./progress.ts";

/** One rule; the first that matches strikes. Without `status`, `code` or `then` it only delays. */
export const faultSchema = z
  .strictObject({
    match: z
      .strictObject({ to: z.string().optional(), from: z.string().optional(), path: z.string().optional() })
      .optional(),
    times: z.union([z.int().min(1), z.literal("always")]).default(1),
    status: z.int().min(200).max(599).optional(),
    code: z.int().min(1).optional(),
    /** Seconds. */
    retryAfter: z.number().min(0).optional(),
    delayMs: z.number().min(0).max(120_000).optional(),
    // biome-ignore lint/suspicious/noThenProperty: a word of the fault, never awaited
    then: z
      .enum(["reset", "drop-after-accept", "garbage", "undelivered", "failed", "silent", "busy", "no-answer"])
      .optional(),
  })
  .readonly();
export type Fault = z.infer<typeof faultSchema>;
/** A fault as it is written down: `times` may be left out and is 1 then. */
export type FaultRequest = z.input<typeof faultSchema>;

export interface Faults {
  replace(list: readonly Fault[]): void;
  add(fault: Fault): void;
  list(): readonly Fault[];
  /** The hook that lets a fault strike before the request is served. */
  strike(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined>;
  close(): void;
}

/** What the fault that struck still wants of the route that serves the request. */
const later = new WeakMap<FastifyRequest, Fault>();

export function createFaults(): Faults {
  let rules: { fault: Fault; left: number }[] = [];
  const waits = new Map<NodeJS.Timeout, () => void>();
  const ruleOf = (fault: Fault) => ({
    fault,
    left: fault.times === "always" ? Number.POSITIVE_INFINITY : fault.times,
  });

  function next(request: FastifyRequest): Fault | undefined {
    const { To, From } = (request.body ?? {}) as { To?: string; From?: string };
    // Whoever looks what became of one message does so behind the test's back: only a rule that names the path strikes it.
    const isLook = request.method === "GET" && /\/(Messages|Calls)\/\w+\.json$/.test(request.url);
    const rule = rules.find(({ fault: { match } }) => {
      if (isLook && match?.path === undefined) return false;
      const isNumber = (match?.to ?? To) === To && (match?.from ?? From) === From;
      return isNumber && (match?.path === undefined || request.url.includes(match.path));
    });
    if (rule === undefined) return undefined;
    rule.left -= 1;
    if (rule.left === 0) rules = rules.filter((other) => other !== rule);
    return rule.fault;
  }

  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        waits.delete(timer);
        resolve();
      }, ms);
      waits.set(timer, resolve);
    });

  return {
    replace(list) {
      rules = list.map(ruleOf);
    },
    add: (fault) => void rules.push(ruleOf(fault)),
    list: () =>
      rules.map(({ fault, left }) => (fault.times === "always" ? fault : { ...fault, times: left })),
    async strike(request, reply) {
      const fault = next(request);
      if (fault === undefined) return undefined;
      if (fault.delayMs !== undefined) await wait(fault.delayMs);
      if (fault.then === "reset" || fault.then === "garbage") {
        reply.hijack();
        if (fault.then === "reset") request.raw.socket.resetAndDestroy();
        else request.raw.socket.end("SIP/2.0 200 OK\r\n\r\n\u0000");
        return reply;
      }
      const wrong = refusalOf(fault, request);
      if (wrong === undefined) {
        later.set(request, fault);
        return undefined;
      }
      if (fault.retryAfter !== undefined) reply.header("retry-after", String(fault.retryAfter));
      return send(reply, wrong);
    },
    close() {
      for (const [timer, resolve] of waits) {
        clearTimeout(timer);
        resolve();
      }
    },
  };
}

const CODES: Readonly<Record<number, number>> = {
  401: 20003,
  403: 20003,
  404: 20404,
  429: 20429,
  500: 20500,
  503: 20503,
};

function refusalOf({ status, code, then }: Fault, request: FastifyRequest): Refusal | undefined {
  if (then !== undefined || (status === undefined && code === undefined)) return undefined;
  const { To, From } = (request.body ?? {}) as { To?: string; From?: string };
  const http = status ?? 400;
  return refusal(code ?? CODES[http] ?? 20_000 + http, http, { to: To, from: From, path: request.url });
}

/** Cuts the connection instead of answering, if the fault of this request says so; the message has been taken. */
export function dropped(request: FastifyRequest, reply: FastifyReply): boolean {
  if (later.get(request)?.then !== "drop-after-accept") return false;
  reply.hijack();
  request.raw.socket.destroy();
  return true;
}

/** How the message of this request is to end, if a fault says so. */
export function endOf(request: FastifyRequest): End | undefined {
  const fault = later.get(request);
  const { then } = fault ?? {};
  if (then === "busy" || then === "no-answer" || then === "silent") return { status: then };
  return then === "undelivered" || then === "failed"
    ? { status: then, code: fault?.code ?? 30003 }
    : undefined;
}
