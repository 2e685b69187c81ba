/** `/Messages`: takes texts, shows, lists, redacts and removes them, and `/Accounts/:sid` itself. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { countSegments } from "../../../core/message.ts";
import type { Clock } from "../../../core/words.ts";
import { accountJson, messageJson, pageJson, refusal, send } from "./answers.ts";
import { type Book, type Item, newSid } from "./book.ts";
import { dropped, endOf, laidOver } from "./faults.ts";
import { type Fields, messageFault } from "./parameters.ts";
import type { Progress } from "./progress.ts";

export interface ApiDeps {
  readonly book: Book;
  readonly progress: Progress;
  readonly now: Clock;
}

/** The number a messaging service sends from. */
const SERVICE_SENDER = "+12025550100";

/** The single-valued fields of a form or query; of a repeated one the last. */
export function fieldsOf(form: unknown): Fields {
  const entries = Object.entries((form ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, String(Array.isArray(value) ? value.at(-1) : value)]),
  );
}

export function mountMessages(api: FastifyInstance, { book, progress, now }: ApiDeps): void {
  type Params = { account: string; sid?: string };
  const params = (request: FastifyRequest) => request.params as Params;
  const find = (request: FastifyRequest) => {
    const { account, sid = "" } = params(request);
    return sid.endsWith(".json") ? book.messages.find(account, sid.slice(0, -5)) : undefined;
  };
  const notFound = (request: FastifyRequest, reply: FastifyReply) =>
    send(reply, refusal(20404, 404, { path: request.url }));

  api.get("", (request, reply) => {
    const { account } = params(request);
    return account.endsWith(".json")
      ? reply.send(laidOver(request, accountJson(account.slice(0, -5))))
      : notFound(request, reply);
  });

  api.post("/Messages.json", (request, reply) => {
    const fields = fieldsOf(request.body);
    const wrong = messageFault(fields);
    if (wrong !== undefined) return send(reply, wrong);
    const at = now();
    const { To = "", From, Body = "", MessagingServiceSid, StatusCallback } = fields;
    const item: Item = {
      kind: "message",
      sid: newSid("SM"),
      account: params(request).account,
      to: To,
      from: From ?? SERVICE_SENDER,
      service: MessagingServiceSid,
      body: Body,
      segments: countSegments(Body).segments,
      status: MessagingServiceSid === undefined ? "queued" : "accepted",
      errorCode: undefined,
      createdAt: at,
      updatedAt: at,
      sentAt: undefined,
      callback: StatusCallback,
    };
    book.messages.add(item);
    const answer = messageJson(item);
    progress.start(item, endOf(request));
    return dropped(request, reply) ? reply : reply.code(201).send(answer);
  });

  api.get("/Messages.json", (request, reply) => {
    const { account } = params(request);
    const { To, From, PageSize } = fieldsOf(request.query);
    const size = Math.min(1000, Math.max(1, Number(PageSize) || 50));
    const found = book.messages
      .all()
      .filter(
        (item) =>
          item.account === account && (To ?? item.to) === item.to && (From ?? item.from) === item.from,
      )
      .reverse()
      .slice(0, size);
    return reply.send(
      pageJson("messages", `/2010-04-01/Accounts/${account}/Messages.json`, found.map(messageJson), size),
    );
  });

  api.get("/Messages/:sid", (request, reply) => {
    const item = find(request);
    return item === undefined ? notFound(request, reply) : reply.send(messageJson(item));
  });

  api.post("/Messages/:sid", (request, reply) => {
    const item = find(request);
    if (item === undefined) return notFound(request, reply);
    const { Body, Status } = fieldsOf(request.body);
    if (Status === "canceled") {
      if (!["accepted", "scheduled", "queued"].includes(item.status)) return send(reply, refusal(30409));
      item.status = "canceled";
    }
    // Redaction: the one change of a text that the API knows.
    if (Body === "") item.body = "";
    item.updatedAt = now();
    return reply.send(messageJson(item));
  });

  api.delete("/Messages/:sid", (request, reply) => {
    const { account, sid = "" } = params(request);
    const removed = book.messages.remove(account, sid.replace(/\.json$/, ""));
    return removed ? reply.code(204).send() : notFound(request, reply);
  });
}
