/**
 * surfaces/forgotten: `/forgotten`, where whoever has forgotten the password types a name, comes back by the link of a mail
 * or with a ticket of the help desk, shows the second factor and sets a new password. Mounted by compose. It decides
 * nothing: names go to core/forgotten.ts, factors and password are steps of a walk of its own, which signs nobody in.
 */
import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Form, Notice, Visitor } from "../../core/mechanism.ts";
import type { Page, PageFacts } from "../../core/pages.ts";
import { type Csrf, isCrossSite } from "../../kits/web/csrf.ts";
import { wantedLocales } from "../../kits/web/locale.ts";
import type { ResetWalk } from "./reset.ts";

const ROOT = "/forgotten";
type Told = PageFacts<"forgotten-told">["what"];

export interface ForgottenOptions {
  readonly issuer: URL;
  readonly brand: () => string;
  readonly forgotten: {
    isOn(): boolean;
    ask(wish: { name: string; address: string; locale: string }): Promise<void>;
  };
  readonly reset: ResetWalk;
  readonly csrf: Csrf;
  /** The browser in front, and the cookies its answer has to carry. */
  readonly visitOf: (request: FastifyRequest["raw"]) => {
    readonly visitor: Visitor;
    readonly setCookies: readonly string[];
  };
  readonly localeFor: (wanted: readonly string[]) => string;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
}

export async function mountForgotten(app: FastifyInstance, options: ForgottenOptions): Promise<void> {
  const { issuer, forgotten, reset, csrf, visitOf } = options;
  const common = () => ({ brand: options.brand(), appName: "" });
  const languages = (request: FastifyRequest) => wantedLocales(undefined, request.headers["accept-language"]);
  const localeOf = (request: FastifyRequest) => options.localeFor(languages(request));
  const tokenName = (token: string) => `forgotten ${createHash("sha256").update(token).digest("base64url")}`;

  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    page: Page,
    locale?: string,
  ) {
    for (const cookie of visitOf(request.raw).setCookies) reply.raw.appendHeader("set-cookie", cookie);
    const html = await options.render(page, locale === undefined ? languages(request) : [locale]);
    return reply.code(status).type("text/html; charset=utf-8").send(html);
  }
  const goTo = (request: FastifyRequest, reply: FastifyReply, path: string) => {
    for (const cookie of visitOf(request.raw).setCookies) reply.raw.appendHeader("set-cookie", cookie);
    return reply.code(303).header("location", `${ROOT}${path}`).send("");
  };
  const told = (what: Told): Page => ({ page: "forgotten-told", facts: { ...common(), what } });
  const failed = (problem: string, reference = ""): Page => ({
    page: "error",
    facts: { ...common(), problem, reference, restartUrl: "", oauthError: "", oauthDescription: "" },
  });
  /** A form of ours; `name`: what its token was made for. */
  const ask = (
    request: FastifyRequest,
    name: string,
    facts: Pick<PageFacts<"forgotten">, "what" | "action"> & { token?: string; notice?: Notice | undefined },
  ): Page => {
    const { notice, token = "", ...rest } = facts;
    return {
      page: "forgotten",
      facts: {
        ...common(),
        ...rest,
        token,
        mail: forgotten.isOn(),
        csrf: csrf.token(name, 0, visitOf(request.raw).visitor.browser),
        ...(notice === undefined ? {} : { notice: notice.key, noticeArgs: { ...notice.args } }),
      },
    };
  };
  const ours = (request: FastifyRequest, form: Form, name: string): number | undefined =>
    isCrossSite(request.headers, issuer.origin)
      ? undefined
      : csrf.turnOf(form.csrf, name, visitOf(request.raw).visitor.browser);
  const nameForm = (request: FastifyRequest) => ask(request, "forgotten", { what: "name", action: ROOT });
  const ticketForm = (request: FastifyRequest, notice?: Notice) =>
    ask(request, "forgotten ticket", { what: "ticket", action: `${ROOT}/ticket`, notice });

  await app.register(async (scope) => {
    // Forms only: what another site can send as text or JSON is no form of ours.
    scope.removeContentTypeParser(["application/json", "text/plain"]);
    const look = (path: string, act: (request: FastifyRequest, reply: FastifyReply) => unknown) =>
      scope.get(`${ROOT}${path}`, { exposeHeadRoute: false }, act);

    for (const what of ["sent", "done", "kept"] as const)
      look(`/${what}`, (request, reply) => send(request, reply, 200, told(what)));

    look("", (request, reply) =>
      forgotten.isOn()
        ? send(request, reply, 200, nameForm(request))
        : send(request, reply, 404, failed("not-found")),
    );
    scope.post(ROOT, async (request, reply) => {
      const form = plainForm(request.body);
      if (ours(request, form, "forgotten") === undefined) return send(request, reply, 403, nameForm(request));
      const { address } = visitOf(request.raw).visitor;
      await forgotten.ask({ name: form.username ?? "", address, locale: localeOf(request) });
      return goTo(request, reply, "/sent");
    });

    // Programs that read mail follow links: looking spends nothing.
    look("/link", async (request, reply) => {
      const { t = "" } = request.query as { t?: unknown };
      const token = typeof t === "string" ? t : "";
      if (!(await reset.knows(token))) return send(request, reply, 404, told("over"));
      const page = ask(request, tokenName(token), { what: "link", action: `${ROOT}/link`, token });
      return send(request, reply, 200, page);
    });
    scope.post(`${ROOT}/link`, async (request, reply) => {
      const form = plainForm(request.body);
      const { t = "" } = form;
      // A form that is not ours leads to the one that is; it does nothing.
      if (ours(request, form, tokenName(t)) === undefined)
        return goTo(request, reply, `/link?t=${encodeURIComponent(t)}`);
      const id = await reset.byLink(t, visitOf(request.raw).visitor, localeOf(request));
      return id === undefined ? send(request, reply, 404, told("over")) : goTo(request, reply, `/new/${id}`);
    });

    look("/ticket", (request, reply) => send(request, reply, 200, ticketForm(request)));
    scope.post(`${ROOT}/ticket`, async (request, reply) => {
      const form = plainForm(request.body);
      if (ours(request, form, "forgotten ticket") === undefined)
        return send(request, reply, 403, ticketForm(request));
      const { username = "", ticket = "" } = form;
      const { visitor } = visitOf(request.raw);
      const begun = await reset.byTicket(username, ticket, visitor, localeOf(request));
      if (begun.kind === "begun") return goTo(request, reply, `/new/${begun.id}`);
      const notice: Notice =
        begun.kind === "wait"
          ? { key: "password.paused", args: { seconds: begun.seconds } }
          : { key: "forgotten.ticket-wrong" };
      return send(request, reply, 200, ticketForm(request, notice));
    });

    look("/new/:id", async (request, reply) => {
      const { id } = request.params as { id: string };
      const { visitor } = visitOf(request.raw);
      const turn = await reset.walk.show(id, visitor);
      switch (turn.kind) {
        case "proven":
          return goTo(request, reply, "/done");
        case "stopped":
          return turn.reason === "cancelled"
            ? goTo(request, reply, "/kept")
            : send(request, reply, 403, failed(turn.reason, id), turn.login.locale);
        case "page": {
          const { key, args } = turn.notice ?? {};
          const facts = {
            ...turn.page.facts,
            ...common(),
            action: `${ROOT}/new/${id}`,
            csrf: csrf.token(`forgotten ${id}`, turn.turn, visitor.browser),
            ...(key === undefined ? {} : { notice: key, noticeArgs: { ...args } }),
          };
          return send(request, reply, 200, { page: turn.page.page, facts } as Page, turn.login.locale);
        }
        default:
          return send(request, reply, 404, told("over"));
      }
    });
    look("/new/:id/delivery", async (request, reply) => {
      const { id } = request.params as { id: string };
      const turn = await reset.walk.show(id, visitOf(request.raw).visitor);
      if (turn.kind !== "page" || turn.page.page !== "code") return reply.code(404).send({});
      return reply.send({ state: turn.page.facts.delivery });
    });
    scope.post(`${ROOT}/new/:id`, async (request, reply) => {
      const { id } = request.params as { id: string };
      const form = plainForm(request.body);
      const turn = ours(request, form, `forgotten ${id}`);
      if (turn !== undefined) await reset.walk.submit(id, turn, form, visitOf(request.raw).visitor);
      return goTo(request, reply, `/new/${encodeURIComponent(id)}`);
    });
  });
}

/** Fields with one string value. A field sent twice, or as `name[]`, is not there at all. */
function plainForm(body: unknown): Form {
  const form: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries((body ?? {}) as Record<string, unknown>))
    if (typeof value === "string") form[name] = value;
  return form;
}
