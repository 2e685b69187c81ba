/** `/dev/pages`: every page in every state, for whoever designs an overlay. Shows made-up facts only; demo only. */
import type { FastifyInstance } from "fastify";
import type { Page } from "../../core/pages.ts";
import { previewStates } from "./previews.ts";

export interface PreviewOptions {
  readonly render: (page: Page) => Promise<string>;
}

export function mountPreviews(app: FastifyInstance, { render }: PreviewOptions): void {
  app.get("/dev/pages", async (_request, reply) => {
    // Names are ours: lower case, digits and hyphens.
    const items = previewStates().map(({ name }) => `<li><a href="/dev/pages/${name}">${name}</a></li>`);
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>All pages</title><h1>Every page in every state</h1><ul>${items.join("")}</ul></html>`;
    return reply.type("text/html; charset=utf-8").send(html);
  });

  app.get("/dev/pages/:name", async (request, reply) => {
    const { name } = request.params as { name: string };
    const state = previewStates().find((one) => one.name === name);
    if (state === undefined) return reply.callNotFound();
    return reply.type("text/html; charset=utf-8").send(await render(state.page));
  });
}
