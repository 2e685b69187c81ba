/** `/Calls`: takes voice calls and shows how they went. */
import type { FastifyInstance } from "fastify";
import { callJson, refusal, send } from "./answers.ts";
import { type Item, newSid } from "./book.ts";
import { dropped, endOf } from "./faults.ts";
import { type ApiDeps, fieldsOf } from "./messages.ts";
import { callFault } from "./parameters.ts";

export function mountCalls(api: FastifyInstance, { book, progress, now }: ApiDeps): void {
  api.post("/Calls.json", (request, reply) => {
    const fields = fieldsOf(request.body);
    const wrong = callFault(fields);
    if (wrong !== undefined) return send(reply, wrong);
    const at = now();
    const item: Item = {
      kind: "call",
      sid: newSid("CA"),
      account: (request.params as { account: string }).account,
      to: fields.To ?? "",
      from: fields.From ?? "",
      service: undefined,
      body: fields.Twiml ?? fields.Url ?? "",
      segments: 0,
      status: "queued",
      errorCode: undefined,
      createdAt: at,
      updatedAt: at,
      sentAt: undefined,
      callback: fields.StatusCallback,
    };
    book.calls.add(item);
    const answer = callJson(item);
    progress.start(item, endOf(request));
    return dropped(request, reply) ? reply : reply.code(201).send(answer);
  });

  api.get("/Calls/:sid", (request, reply) => {
    const { account, sid } = request.params as { account: string; sid: string };
    const item = book.calls.find(account, sid.replace(/\.json$/, ""));
    return item === undefined
      ? send(reply, refusal(20404, 404, { path: request.url }))
      : reply.send(callJson(item));
  });
}
