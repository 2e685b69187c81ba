/**
 * The phone simulator: a server of its own on loopback that speaks Twilio's REST API (2010-04-01: messages, calls,
 * accounts, signed status callbacks), keeps what it was sent, and fails on request. The demo and the tests run the real
 * SDK and the real gateway against it; everybody reaches it over HTTP only. It never leaves loopback, never sends a
 * real text, and forgets everything when it ends.
 *
 *   /2010-04-01/Accounts/…   Twilio's API        /messages, /calls    what arrived, as JSON
 *   /v1/…                    its newer APIs, which have hosts of their own there
 *   /control/faults          what to do wrong
 */
import formbody from "@fastify/formbody";
import Fastify, { type FastifyInstance } from "fastify";
import type { Clock } from "../../../core/words.ts";
import { mountAccount, mountPermissions } from "./account.ts";
import { type Account, createAccounts } from "./accounts.ts";
import { refusal, send } from "./answers.ts";
import { createBook, type Item } from "./book.ts";
import { mountCalls } from "./calls.ts";
import { mountControl } from "./control.ts";
import { createFaults } from "./faults.ts";
import { mountMessages } from "./messages.ts";
import { createProgress } from "./progress.ts";

export interface SimulatorOptions {
  /** Who may use the API; a function is asked at every request. */
  readonly accounts: readonly Account[] | (() => readonly Account[]);
  readonly now: Clock;
  /** Messages and calls kept, each; the oldest go first. */
  readonly keep?: number | undefined;
  /** Milliseconds from one status to the next. */
  readonly paceMs?: number | undefined;
}

/** A message as `/messages` shows it; `at` is ISO 8601. */
export interface SimulatedMessage {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly status: string;
  readonly at: string;
  /** Of a call: what was said, as text. */
  readonly said?: string | undefined;
}

export interface Simulator {
  /** Listens on 127.0.0.1 only; without a port the system chooses one. `url` has no slash at its end. */
  listen(port?: number): Promise<{ readonly url: string }>;
  close(): Promise<void>;
  /** Newest last. */
  messages(): readonly SimulatedMessage[];
}

const BODY_LIMIT = 64 * 1024;

export function createSimulator({ accounts, now, keep = 500, paceMs = 30 }: SimulatorOptions): Simulator {
  const app: FastifyInstance = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true, logger: false });
  const book = createBook(keep);
  const faults = createFaults();
  const known = createAccounts(typeof accounts === "function" ? accounts : () => accounts);
  const progress = createProgress({ now, paceMs, tokenOf: known.tokenOf });

  // A page in the browser may reach loopback under another name (DNS rebinding); it must not read codes.
  app.addHook("onRequest", async (request, reply) => {
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(request.headers.host ?? ""))
      return reply.code(421).send({ message: "The phone simulator answers on loopback only." });
  });
  // Twilio reads forms only: a JSON body is to it a request without parameters.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, _body, done) => done(null, {}));
  app.register(formbody, { bodyLimit: BODY_LIMIT });
  app.setNotFoundHandler((request, reply) => send(reply, refusal(20404, 404, { path: request.url })));
  app.setErrorHandler((problem, _request, reply) => {
    const status = (problem as { statusCode?: number }).statusCode ?? 500;
    return send(reply, refusal(20_000 + status, status));
  });

  app.register(
    async (api) => {
      api.addHook("onRequest", known.authenticate);
      api.addHook("preHandler", faults.strike);
      mountMessages(api, { book, progress, now });
      mountCalls(api, { book, progress, now });
      mountAccount(api);
    },
    { prefix: "/2010-04-01/Accounts/:account" },
  );
  app.register(
    async (api) => {
      api.addHook("onRequest", known.authenticate);
      api.addHook("preHandler", faults.strike);
      mountPermissions(api);
    },
    { prefix: "/v1" },
  );
  app.register(async (control) => mountControl(control, { book, faults, shown }));

  return {
    async listen(port = 0) {
      const address = await app.listen({ host: "127.0.0.1", port });
      return { url: address };
    },
    async close() {
      progress.close();
      faults.close();
      await app.close();
    },
    messages: () => book.messages.all().map(shown),
  };
}

const shown = (item: Item): SimulatedMessage => ({
  sid: item.sid,
  to: item.to,
  from: item.from,
  body: item.body,
  status: item.status,
  at: new Date(item.createdAt).toISOString(),
  ...(item.kind === "call" ? { said: spoken(item.body) } : {}),
});

/** What is heard of TwiML: its words, without what makes the pauses. */
const spoken = (twiml: string): string =>
  twiml
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(lt|gt|quot|amp);/g, (_all, name: string) => NAMED[name] ?? "")
    .replace(/\s+/g, " ")
    .trim();

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&" };
