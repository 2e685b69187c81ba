/** Mounts the operations: who calls, JSON alone, checks by the contract, answers stripped to it, errors as JSON. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { ENROLMENT_API } from "../../core/access.ts";
import { Breakage } from "../../core/errors.ts";
import type { Fault } from "../../core/settings.ts";
import { faultsOf } from "../../core/settings-revisions.ts";
import { takeJsonOnly } from "../../kits/web/json-only.ts";
import type { Caller, Callers, Refusal } from "./caller.ts";
import { BY_ADDRESS, documentOf, NOT_DONE, operations } from "./contract.ts";
import type { Handler } from "./operation.ts";

export interface EnrolmentOptions {
  readonly issuer: URL;
  readonly version: string;
  readonly callers: Callers;
  readonly handlers: readonly Handler[];
  readonly addressOf: (request: FastifyRequest) => string;
  readonly onProblem: (problem: unknown, facts: { method: string; path: string }) => void;
}

/** Where the original's own pages have it. */
const ELSEWHERE = "/casa/rest/";

/** The path of the original's older installations. */
export const rewriteCasa = (url: string): string =>
  url.startsWith(ELSEWHERE) ? `${ENROLMENT_API}/${url.slice(ELSEWHERE.length)}` : url;

/** Bytes; the largest body that is taken has some hundred. */
const BODY_LIMIT = 8_192;

export async function mountEnrolment(app: FastifyInstance, options: EnrolmentOptions): Promise<void> {
  const handled = new Set(options.handlers.map(({ operation }) => operation.id));
  if (handled.size !== operations.length || operations.some(({ id }) => !handled.has(id)))
    throw new Error("operations and handlers of the enrolment API differ");
  const document = JSON.stringify(documentOf(`${options.issuer.origin}${ENROLMENT_API}`, options.version));
  await app.register(
    async (scope) => {
      takeJsonOnly(scope, ["application/json"], BODY_LIMIT);
      scope.setNotFoundHandler((_request, reply) =>
        send(reply, 404, { code: "NOT_FOUND", message: "There is no such operation" }),
      );
      scope.setErrorHandler((problem: FastifyError, request, reply) => fail(problem, request, reply));
      scope.get("/openapi.json", { exposeHeadRoute: false }, (_request, reply) =>
        reply.header("content-type", "application/json").send(Buffer.from(document)),
      );
      for (const handler of options.handlers) mountOne(scope, handler);
      // The original takes numbers and codes in the address, where every log and every proxy keeps them.
      for (const url of BY_ADDRESS)
        scope.get(url, { exposeHeadRoute: false }, (_request, reply) =>
          send(reply.header("allow", "POST"), 405, {
            code: "METHOD_NOT_ALLOWED",
            message: "Send a POST with a JSON body, and nothing in the address",
          }),
        );
      for (const [url, message] of NOT_DONE)
        scope.all(url, (_request, reply) => send(reply, 501, { code: "NOT_IMPLEMENTED", message }));
    },
    { prefix: ENROLMENT_API },
  );

  function mountOne(scope: FastifyInstance, { operation, run }: Handler): void {
    scope.route({
      method: operation.method,
      url: operation.path.replace(/\{(\w+)\}/g, ":$1"),
      exposeHeadRoute: false,
      bodyLimit: BODY_LIMIT,
      onRequest: async (request, reply) => {
        const { authorization } = request.headers;
        const caller = await options.callers.of(operation, authorization, options.addressOf(request));
        if ("refused" in caller) return refuse(reply, caller);
        (request as { caller?: Caller }).caller = caller;
      },
      handler: async (request, reply) => {
        const { caller } = request as { caller?: Caller };
        if (caller === undefined) throw new Error("nobody was let in");
        const { params, body, faults } = check(operation, request);
        if (faults.length > 0) {
          const missing = { code: "MISSING_PARAMS", message: "What was sent cannot be taken", faults };
          return send(reply, 400, missing);
        }
        const result = await run({ params, body, caller } as never);
        if ("refused" in result) return refuse(reply, result);
        if (operation.answer === undefined) return reply.code(operation.status).send("");
        // What the contract does not name does not go out, whatever a handler has put there.
        return send(reply, operation.status, operation.answer.parse(result.body));
      },
    });
  }

  function fail(problem: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (problem instanceof Breakage && problem.retryAfter !== undefined)
      reply.header("retry-after", String(problem.retryAfter));
    const busy = problem instanceof Breakage && /^(store|hashing|directory)-/.test(problem.code);
    const status = busy ? 503 : (problem.statusCode ?? 500);
    if (status >= 500)
      options.onProblem(problem, { method: request.method, path: request.url.split("?")[0] ?? "" });
    const message = SAID[status] ?? "Something failed here; the server's log says what";
    return send(reply, status, { code: status >= 500 ? "FAILURE" : "MISSING_PARAMS", message });
  }
}

const SAID: Readonly<Record<number, string>> = {
  400: "The body is not JSON",
  413: "The body is too large",
  415: "The body must be JSON, with Content-Type: application/json",
  503: "The server is busy; try again in a moment",
};

function check(operation: Handler["operation"], request: FastifyRequest) {
  const faults: Fault[] = [];
  const part = (schema: z.ZodType | undefined, value: unknown): unknown => {
    const parsed = schema?.safeParse(value);
    if (parsed === undefined) return undefined;
    if (parsed.success) return parsed.data;
    const found = faultsOf(parsed.error);
    faults.push(...found.map(({ path, message }) => ({ path: path === "" ? "body" : path, message })));
    return undefined;
  };
  return { params: part(operation.params, request.params), body: part(operation.body, request.body), faults };
}

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { refused, challenge, retryAfter, ...body } = refusal;
  if (challenge !== undefined) reply.header("www-authenticate", challenge);
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  return send(reply, refused, body);
}

const send = (reply: FastifyReply, status: number, body: unknown): FastifyReply =>
  reply
    .code(status)
    .header("content-type", "application/json")
    .send(Buffer.from(JSON.stringify(body)));
