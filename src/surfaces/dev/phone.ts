/** `/dev/phone`: what the phone simulator received, fetched from it over HTTP like any other client would. */
import type { FastifyInstance } from "fastify";
import type { Page } from "../../core/pages.ts";
import { createPhones } from "../../kits/phone/phones.ts";
import { wantedLocales } from "../../kits/web/locale.ts";

export interface PhoneOptions {
  readonly https: boolean;
  readonly brand: string;
  /** Base URL of the simulator; undefined when the demo sends elsewhere. */
  readonly simulator: () => string | undefined;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
}

interface Message {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly status: string;
  readonly at: string;
}

export function mountPhone(app: FastifyInstance, options: PhoneOptions): void {
  const phones = createPhones();

  async function messages(): Promise<readonly Message[]> {
    const base = options.simulator();
    if (base === undefined) return [];
    const answer = await fetch(new URL("/messages", base), { signal: AbortSignal.timeout(2000) });
    return (await answer.json()) as readonly Message[];
  }

  app.get("/dev/phone/messages", async (_request, reply) => reply.send(await messages()));

  app.get("/dev/phone", async (request, reply) => {
    const list = (await messages()).map(({ to, from, body, status, at }) => ({
      to: phones.spaced(to),
      from: phones.spaced(from),
      text: body,
      status,
      at,
    }));
    const page: Page = { page: "simulator", facts: { brand: options.brand, appName: "", messages: list } };
    const languages = wantedLocales(undefined, request.headers["accept-language"]);
    return reply.type("text/html; charset=utf-8").send(await options.render(page, languages));
  });
}
