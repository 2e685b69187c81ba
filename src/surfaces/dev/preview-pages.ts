/** `/dev/pages`: every page in every state, for whoever designs an overlay; `?locale=de` shows one in another language. Shows made-up facts only; demo only. */
import type { FastifyInstance } from "fastify";
import type { Page } from "../../core/pages.ts";
import { wantedLocales } from "../../kits/web/locale.ts";
import { previewStates } from "./previews.ts";

export interface PreviewOptions {
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
}

export function mountPreviews(app: FastifyInstance, { render }: PreviewOptions): void {
  app.get("/dev/pages", async (_request, reply) => {
    const byPage = Object.entries(Object.groupBy(previewStates(), ({ page }) => page.page));
    // Names are ours: lower case, digits and hyphens.
    const lists = byPage.map(([page, states = []]) => {
      const items = states.map(({ name }) => `<li><a href="/dev/pages/${name}">${name}</a></li>`);
      return `<h2>${page}</h2><ul>${items.join("")}</ul>`;
    });
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>All pages</title><link rel="stylesheet" href="/assets/sallyport.css"><main><h1>Every page in every state</h1>${lists.join("")}</main></html>`;
    return reply.type("text/html; charset=utf-8").send(html);
  });

  app.get("/dev/pages/:name", async (request, reply) => {
    const { name } = request.params as { name: string };
    const state = previewStates().find((one) => one.name === name);
    if (state === undefined) return reply.callNotFound();
    const { locale } = request.query as { locale?: unknown };
    const languages = wantedLocales(locale, request.headers["accept-language"]);
    // Somebody wants to look at it: a form that sends itself would be gone at once.
    const html = (await render(state.page, languages)).replace(" data-auto", "");
    return reply.type("text/html; charset=utf-8").send(html);
  });
}
