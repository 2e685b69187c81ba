/** `/messages`, `/calls`, `/control/faults`: for the demo's page, tests and curious people. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Book, Item } from "./book.ts";
import { type Faults, faultSchema } from "./faults.ts";

export interface ControlDeps {
  readonly book: Book;
  readonly faults: Faults;
  readonly shown: (item: Item) => unknown;
}

export function mountControl(app: FastifyInstance, { book, faults, shown }: ControlDeps): void {
  // JSON here, unlike in Twilio's API. A foreign page cannot send it without asking first, and nobody answers that.
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, JSON.parse(String(body)));
    } catch {
      done(Object.assign(new Error("not JSON"), { statusCode: 400 }));
    }
  });

  for (const [path, shelf] of [
    ["/messages", book.messages],
    ["/calls", book.calls],
  ] as const) {
    app.get(path, (_request, reply) => reply.send(shelf.all().map(shown)));
    app.delete(path, (_request, reply) => {
      shelf.clear();
      return reply.code(204).send();
    });
  }

  app.get("/control/faults", (_request, reply) => reply.send(faults.list()));
  app.put("/control/faults", (request, reply) => {
    const list = z.array(faultSchema).safeParse(request.body);
    if (!list.success) return reply.code(400).send({ message: z.prettifyError(list.error) });
    faults.replace(list.data);
    return reply.send(faults.list());
  });
  app.post("/control/faults", (request, reply) => {
    const fault = faultSchema.safeParse(request.body);
    if (!fault.success) return reply.code(400).send({ message: z.prettifyError(fault.error) });
    faults.add(fault.data);
    return reply.code(201).send(faults.list());
  });
  app.delete("/control/faults", (_request, reply) => {
    faults.replace([]);
    return reply.code(204).send();
  });
}
