/**
 * SCIM 2.0 (RFC 7643, RFC 7644) for whoever keeps people in step with another system: `/scim/v2/Users`. It is another
 * spelling of the people operations and nothing of its own: the same guard, scopes, rights, audit and versions. Mounted by
 * compose. It never shows a password and never touches a phone that gets codes.
 */

import { randomBytes } from "node:crypto";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Directory, PeopleOrder, User } from "../../../../core/directory.ts";
import { Breakage } from "../../../../core/errors.ts";
import { faultsOf } from "../../../../core/settings-revisions.ts";
import { takeJsonOnly } from "../../../../kits/web/json-only.ts";
import type { Operation } from "../../contract/operation.ts";
import * as contract from "../../contract/users.ts";
import type { Actor, Handler, Refusal } from "../call.ts";
import type { createGuard } from "../guard.ts";
import { isOne, readFilter } from "./filter.ts";
import { patchBody, patchedView } from "./patch.ts";
import { asSent, externalIdOf, scimUser, scimView } from "./resource.ts";
import { listOfAll, staticAnswers } from "./schemas.ts";

export interface ScimOptions {
  readonly issuer: URL;
  readonly directory: Directory;
  /** Those of the people operations. */
  readonly handlers: readonly Handler[];
  readonly guard: ReturnType<typeof createGuard>;
  readonly addressOf: (request: FastifyRequest) => string;
  readonly onProblem: (problem: unknown, facts: { method: string; path: string }) => void;
}

const SCIM_ROOT = "/scim/v2";
const MOST_PER_PAGE = 200;
const USUAL_PAGE = 100;
const BODY_LIMIT = 256 * 1024;
const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly etag?: string | undefined;
  readonly location?: string | undefined;
}

const wrong = (status: number, detail: string, scimType?: string): Answer => ({
  status,
  body: {
    schemas: [ERROR],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail,
  },
});

/** A refusal of our own operations in SCIM's words (RFC 7644 §3.12). */
function refusedAs({ refused, message, description = message }: Refusal): Answer {
  if (refused === 400 && description.includes("already exists")) return wrong(409, description, "uniqueness");
  return refused === 400 ? wrong(400, description, "invalidValue") : wrong(refused, description);
}

type Asked = {
  readonly request: FastifyRequest;
  readonly actor: Actor;
  readonly ifMatch: string | undefined;
};

export async function mountScim(app: FastifyInstance, options: ScimOptions): Promise<void> {
  const { directory, handlers } = options;
  const base = `${options.issuer.origin}${SCIM_ROOT}`;

  async function run(operation: Operation, call: object): Promise<{ body: unknown } | Refusal> {
    const handler = handlers.find((one) => one.operation.id === operation.id);
    if (handler === undefined) throw new Error(`nobody does ${operation.id}`);
    const answer = await handler.run(call as never);
    // None of these operations takes two administrators; should one ever, SCIM has no word for waiting.
    return "waits" in answer ? { refused: 409, message: "it takes a second administrator" } : answer;
  }

  const shown = (user: User, { actor }: Asked, status = 200): Answer => {
    const body = scimView(user, base, actor.client);
    return { status, body, etag: body.meta.version, location: body.meta.location };
  };
  const who = async ({ params }: FastifyRequest) => directory.get((params as { id: string }).id);
  const nobody = () => wrong(404, "There is no such user");

  async function put(user: User, body: unknown, asked: Asked): Promise<Answer> {
    const { actor, ifMatch } = asked;
    const read = parsed(scimUser, body);
    if ("status" in read) return read;
    if (read.value.id != null && read.value.id !== user.id)
      return wrong(400, "id: cannot be changed", "mutability");
    const sent = parsed(contract.customUser, asSent(read.value, user));
    if ("status" in sent) return sent;
    const externalId = externalIdOf(read.value);
    const call = { params: {}, query: {}, body: sent.value, actor, ifMatch, externalId };
    const done = await run(contract.putUser, call);
    if ("refused" in done) return refusedAs(done);
    const after = await directory.get(user.id);
    return after === undefined ? nobody() : shown(after, asked);
  }

  async function add(asked: Asked): Promise<Answer> {
    const { request, actor } = asked;
    const read = parsed(scimUser, request.body);
    if ("status" in read) return read;
    const sent = parsed(contract.customUser, asSent(read.value, undefined));
    if ("status" in sent) return sent;
    // Whoever comes without a password has one that nobody knows, until one is set.
    const userPassword = sent.value.userPassword ?? randomBytes(48).toString("base64url");
    const body = { ...sent.value, userPassword };
    const externalId = externalIdOf(read.value);
    const call = { params: {}, query: {}, body, actor, ifMatch: undefined, externalId };
    const done = await run(contract.postUser, call);
    if ("refused" in done) return refusedAs(done);
    const user = await directory.get((done.body as { inum: string }).inum);
    return user === undefined ? nobody() : shown(user, asked, 201);
  }

  async function list({ request, actor }: Asked): Promise<Answer> {
    const query = request.query as Readonly<Record<string, string | undefined>>;
    for (const name of ["filter", "sortBy", "sortOrder", "startIndex", "count"])
      if (Array.isArray(query[name])) return wrong(400, `${name}: stands there twice`, "invalidValue");
    const filter = readFilter(query.filter);
    if (typeof filter === "string") return wrong(400, `filter: ${filter}`, "invalidFilter");
    const sortBy = query.sortBy === undefined ? "inum" : orderOf(query.sortBy);
    if (sortBy === undefined)
      return wrong(400, `sortBy: can be ${Object.keys(ORDERS).join(", ")}`, "invalidPath");
    const start = Math.max(1, wholeOf(query.startIndex, 1));
    const count = Math.min(MOST_PER_PAGE, Math.max(0, wholeOf(query.count, USUAL_PAGE)));
    const { id, externalId, ...rest } = filter;
    const external = externalId === undefined ? undefined : { client: actor.client, id: externalId };
    const conditions = { ...rest, external };
    const view = (user: User) => scimView(user, base, actor.client);
    if (id !== undefined) {
      const user = await directory.get(id);
      const fits = user !== undefined && isOne(user, conditions);
      const found = fits && start === 1 && count > 0 ? [view(user)] : [];
      return { status: 200, body: listOfAll(found, fits ? 1 : 0, start) };
    }
    const page = await directory.list({
      filter: conditions,
      sortBy,
      descending: query.sortOrder?.toLowerCase() === "descending",
      limit: Math.max(1, count),
      skip: start - 1,
      total: true,
    });
    const people = page.users.slice(0, count).map(view);
    return { status: 200, body: listOfAll(people, page.total ?? 0, start) };
  }

  const routes: readonly (readonly [
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    operation: Operation,
    act: (asked: Asked) => Promise<Answer>,
  ])[] = [
    ["GET", "/Users", contract.getUsers, list],
    ["POST", "/Users", contract.postUser, add],
    [
      "GET",
      "/Users/:id",
      contract.getUser,
      async (asked) => {
        const { request } = asked;
        const user = await who(request);
        if (user === undefined) return nobody();
        const answer = shown(user, asked);
        return request.headers["if-none-match"] === answer.etag ? { status: 304, etag: answer.etag } : answer;
      },
    ],
    [
      "PUT",
      "/Users/:id",
      contract.putUser,
      async (asked) => {
        const user = await who(asked.request);
        return user === undefined ? nobody() : put(user, asked.request.body, asked);
      },
    ],
    [
      "PATCH",
      "/Users/:id",
      contract.patchUser,
      async (asked) => {
        const user = await who(asked.request);
        if (user === undefined) return nobody();
        const read = parsed(patchBody, asked.request.body);
        if ("status" in read) return read;
        const next = patchedView(scimView(user, base, asked.actor.client), read.value.Operations);
        if (typeof next === "string") return wrong(400, next, "invalidPath");
        // On the version that was read: what a patch was laid over must still be there.
        return put(user, next, { ...asked, ifMatch: asked.ifMatch ?? String(user.version) });
      },
    ],
    [
      "DELETE",
      "/Users/:id",
      contract.deleteUser,
      async ({ request, actor, ifMatch }) => {
        const { id } = request.params as { id: string };
        const query = { reason: "SCIM" };
        const done = await run(contract.deleteUser, { params: { inum: id }, query, actor, ifMatch });
        return "refused" in done ? refusedAs(done) : { status: 204 };
      },
    ],
    ...Object.entries(staticAnswers(base, MOST_PER_PAGE)).map(
      ([path, body]) =>
        ["GET", path.replaceAll(":", "::"), contract.getUsers, async () => ({ status: 200, body })] as const,
    ),
  ];

  await app.register(
    async (scope) => {
      takeJsonOnly(scope, ["application/scim+json", "application/json"], BODY_LIMIT);
      scope.setNotFoundHandler((_request, reply) => send(reply, wrong(404, "There is nothing here")));
      scope.setErrorHandler((problem: FastifyError, request, reply) => fail(problem, request, reply));
      for (const [method, url, operation, act] of routes)
        scope.route({
          method,
          url,
          exposeHeadRoute: false,
          bodyLimit: BODY_LIMIT,
          onRequest: async (request, reply) => {
            const { authorization } = request.headers;
            const verdict = await options.guard(operation, authorization, options.addressOf(request));
            if (verdict.kind === "refused") {
              reply.header("www-authenticate", verdict.challenge);
              return send(reply, wrong(verdict.status, verdict.message));
            }
            (request as { actor?: Actor }).actor = verdict.actor;
          },
          handler: async (request, reply) => {
            const { actor } = request as { actor?: Actor };
            if (actor === undefined) throw new Error("nobody was let in");
            return send(
              reply,
              await act({ request, actor, ifMatch: versionIn(request.headers["if-match"]) }),
            );
          },
        });
    },
    { prefix: SCIM_ROOT },
  );

  function fail(problem: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (problem instanceof Breakage && problem.retryAfter !== undefined)
      reply.header("retry-after", String(problem.retryAfter));
    const busy = problem instanceof Breakage && /^(store|hashing|directory)-/.test(problem.code);
    const status = busy ? 503 : (problem.statusCode ?? 500);
    if (status >= 500)
      options.onProblem(problem, { method: request.method, path: request.url.split("?")[0] ?? "" });
    const said = status === 400 ? "The body is not JSON" : "This cannot be done; the server's log says why";
    return send(reply, wrong(status, said, status === 400 ? "invalidSyntax" : undefined));
  }
}

/** What an index sorts by (RFC 7644 §3.4.2.3); names of attributes are in any case. */
const ORDERS: Readonly<Record<string, PeopleOrder>> = {
  id: "inum",
  userName: "username",
  "meta.created": "createdAt",
  "meta.lastModified": "updatedAt",
};
const orderOf = (name: string): PeopleOrder | undefined =>
  Object.entries(ORDERS).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];

const wholeOf = (text: string | undefined, usual: number): number =>
  text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : usual;

/** `W/"7"` → `7`; `*` and an absent field both mean: whatever it is now. */
const versionIn = (field: string | undefined): string | undefined =>
  field === undefined || field.trim() === "*"
    ? undefined
    : field.trim().replace(/^W\//, "").replace(/^"|"$/g, "");

function parsed<T extends z.ZodType>(schema: T, body: unknown): { readonly value: z.output<T> } | Answer {
  const read = schema.safeParse(body);
  if (read.success) return { value: read.data };
  const faults = faultsOf(read.error).map(
    ({ path, message }) => `${path === "" ? "body" : path}: ${message}`,
  );
  return wrong(400, faults.join("; "), "invalidValue");
}

function send(reply: FastifyReply, { status, body, etag, location }: Answer): FastifyReply {
  if (etag !== undefined) reply.header("etag", etag);
  if (location !== undefined) reply.header("location", location);
  reply.code(status);
  if (body === undefined) return reply.send();
  return reply.header("content-type", "application/scim+json").send(Buffer.from(JSON.stringify(body)));
}
