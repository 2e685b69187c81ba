/** Mounts the operations on Fastify: guard, checks by the contract, ETags, answers stripped to the contract, JSON errors. */

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { Breakage } from "../../../core/errors.ts";
import type { Fault } from "../../../core/settings.ts";
import { faultsOf } from "../../../core/settings-revisions.ts";
import { takeJsonOnly } from "../../../kits/web/json-only.ts";
import { approvalShape } from "../contract/approvals.ts";
import { openApi } from "../contract/openapi.ts";
import type { Operation } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";
import type { Actor, Handler, Refusal, Waiting } from "./call.ts";
import type { createGuard } from "./guard.ts";
import { typed } from "./typed.ts";

export interface AdminOptions {
  readonly issuer: URL;
  readonly version: string;
  readonly handlers: readonly Handler[];
  readonly guard: ReturnType<typeof createGuard>;
  readonly addressOf: (request: FastifyRequest) => string;
  readonly onProblem: (problem: unknown, facts: { method: string; path: string }) => void;
}

export const API_ROOT = "/jans-config-api";
const MGT = `${API_ROOT}/api/v1/mgt/`;

/** People of the original live beside `/api/v1`, not under it; whoever looks for them there finds them. */
export const rewriteApi = (url: string): string =>
  url.startsWith(MGT) ? `${API_ROOT}/mgt/${url.slice(MGT.length)}` : url;

const BODY_LIMIT = 2 * 1024 * 1024;
const NOBODY: Actor = { client: "", subject: undefined, roles: [], scopes: [], label: "nobody", address: "" };

export async function mountAdmin(app: FastifyInstance, options: AdminOptions): Promise<void> {
  // What the contract declares and nobody does, or the other way round, is a server that must not start.
  const handled = new Set(options.handlers.map(({ operation }) => operation.id));
  const idle = operations.find(({ id }) => !handled.has(id));
  if (idle !== undefined || handled.size !== operations.length)
    throw new Error(`operations and handlers differ: ${idle?.id ?? "a handler too many"}`);
  const document = JSON.stringify(
    openApi(operations, `${options.issuer.origin}${API_ROOT}`, options.version),
  );
  await app.register(
    async (scope) => {
      takeJsonOnly(scope, ["application/json", "application/json-patch+json"], BODY_LIMIT);
      scope.setNotFoundHandler((_request, reply) =>
        send(reply, 404, error(404, "There is no such operation")),
      );
      scope.setErrorHandler((problem: FastifyError, request, reply) => fail(problem, request, reply));
      scope.get("/api/v1/openapi.json", { exposeHeadRoute: false }, (_request, reply) =>
        reply.header("content-type", "application/json").send(Buffer.from(document)),
      );
      for (const handler of options.handlers) mountOne(scope, handler);
    },
    { prefix: API_ROOT },
  );

  function mountOne(scope: FastifyInstance, { operation, run }: Handler): void {
    scope.route({
      method: operation.method,
      url: operation.path.replace(/\{(\w+)\}/g, ":$1"),
      exposeHeadRoute: false,
      bodyLimit: BODY_LIMIT,
      onRequest: async (request, reply) => {
        if (operation.scope === "open") return;
        const verdict = await options.guard(
          operation,
          request.headers.authorization,
          options.addressOf(request),
        );
        if (verdict.kind === "actor") {
          (request as { actor?: Actor }).actor = verdict.actor;
          return;
        }
        reply.header("www-authenticate", verdict.challenge);
        return send(reply, verdict.status, error(verdict.status, verdict.message));
      },
      handler: async (request, reply) => {
        const { params, query, body, faults } = check(operation, request);
        if (faults.length > 0)
          return answer(reply, operation, {
            refused: 400,
            message: "What was sent cannot be taken",
            ...spoken(faults),
          });
        const actor = (request as { actor?: Actor }).actor ?? {
          ...NOBODY,
          address: options.addressOf(request),
        };
        const ifMatch = etagOf(request.headers["if-match"]);
        return answer(reply, operation, await run({ params, query, body, actor, ifMatch } as never));
      },
    });
  }

  function fail(problem: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (problem instanceof Breakage && problem.retryAfter !== undefined)
      reply.header("retry-after", String(problem.retryAfter));
    const status =
      problem instanceof Breakage &&
      /^(store|hashing|directory)-(unavailable|conflict|busy)$/.test(problem.code)
        ? 503
        : (problem.statusCode ?? 500);
    if (status >= 500)
      options.onProblem(problem, { method: request.method, path: request.url.split("?")[0] ?? "" });
    return send(
      reply,
      status,
      error(status, SAID[status] ?? "Something failed here; the server's log says what"),
    );
  }
}

const SAID: Readonly<Record<number, string>> = {
  400: "The body is not JSON",
  413: "The body is too large",
  415: "The body must be JSON, with Content-Type: application/json",
  503: "The server is busy; try again in a moment",
};

const spoken = (faults: readonly Fault[]) => ({
  description: faults.map(({ path, message }) => `${path}: ${message}`).join("; "),
  faults,
});

function check(operation: Operation, request: FastifyRequest) {
  const faults: Fault[] = [];
  const part = (schema: z.ZodType | undefined, value: unknown): unknown => {
    if (schema === undefined) return {};
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    faults.push(
      ...faultsOf(parsed.error).map(({ path, message }) => ({ path: path === "" ? "body" : path, message })),
    );
    return {};
  };
  const { params, query, body } = operation;
  return {
    params: part(params, request.params),
    query: part(query, query === undefined ? {} : typed(request.query, query)),
    body: body === undefined ? undefined : part(body, request.body),
    faults,
  };
}

/** `*` and an absent field both mean: whatever it is now. */
const etagOf = (field: string | undefined): string | undefined =>
  field === undefined || field.trim() === "*"
    ? undefined
    : field.trim().replace(/^W\//, "").replace(/^"|"$/g, "");

function answer(
  reply: FastifyReply,
  operation: Operation,
  result: { body: unknown; etag?: string | undefined } | Refusal | Waiting,
) {
  if ("waits" in result) return send(reply, 202, approvalShape.parse(result.waits));
  if ("refused" in result) {
    const { refused, message, description, faults } = result;
    return send(reply, refused, {
      code: String(refused),
      message,
      ...(description === undefined ? {} : { description }),
      ...(faults === undefined ? {} : { faults }),
    });
  }
  if (result.etag !== undefined) reply.header("etag", `"${result.etag}"`);
  if (operation.answer === undefined) return reply.code(operation.status).send("");
  // What the contract does not name does not go out, whatever a handler has put there.
  return send(reply, operation.status, operation.answer.parse(result.body));
}

const error = (status: number, message: string) => ({ code: String(status), message });

/** Without a charset: tools of the original read an answer as JSON only under this very name. */
const send = (reply: FastifyReply, status: number, body: unknown): FastifyReply =>
  reply
    .code(status)
    .header("content-type", "application/json")
    .send(Buffer.from(JSON.stringify(body)));
