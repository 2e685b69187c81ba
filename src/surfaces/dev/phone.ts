/** `/dev/phone`: the texts and calls that the phone simulator received, fetched from it over HTTP like any other client would. */
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
  /** Of a call: what was said. */
  readonly said?: string | undefined;
  readonly status: string;
  readonly at: string;
}

export function mountPhone(app: FastifyInstance, options: PhoneOptions): void {
  const phones = createPhones();

  async function received(what: "messages" | "calls"): Promise<readonly Message[]> {
    const base = options.simulator();
    if (base === undefined) return [];
    const answer = await fetch(new URL(`/${what}`, base), { signal: AbortSignal.timeout(2000) });
    return (await answer.json()) as readonly Message[];
  }

  app.get("/dev/phone/messages", async (_request, reply) => reply.send(await received("messages")));

  app.get("/dev/phone", async (request, reply) => {
    const [texts, calls] = await Promise.all([received("messages"), received("calls")]);
    const all = [
      ...texts.map((message) => ({ ...message, kind: "text" as const })),
      ...calls.map((call) => ({ ...call, kind: "call" as const, body: call.said ?? call.body })),
    ].sort((one, other) => one.at.localeCompare(other.at));
    const list = all.map(({ kind, to, from, body, status, at }) => ({
      kind,
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
