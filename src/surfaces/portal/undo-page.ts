/**
 * The page behind the link of a notice. Nobody need be signed in: whoever took the account over is. Looking at it does
 * nothing, for programs that read messages follow links; a post from our own page takes the change back.
 */
import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Page, PageFacts } from "../../core/pages.ts";
import { isCrossSite } from "../../kits/web/csrf.ts";
import type { Frame } from "./frame.ts";
import type { PortalDeps } from "./portal.ts";

const URL = "/account/undo";

export function mountUndo(scope: FastifyInstance, frame: Pick<Frame, "languages">, deps: PortalDeps): void {
  const { undo, csrf, visitOf, issuer } = deps;
  const subjectOf = (token: string) => `undo ${createHash("sha256").update(token).digest("base64url")}`;
  const tokenOf = (request: FastifyRequest) => (request.params as { token: string }).token;

  async function send(request: FastifyRequest, reply: FastifyReply, status: number, page: Page) {
    const { setCookies } = visitOf(request.raw);
    for (const cookie of setCookies) reply.raw.appendHeader("set-cookie", cookie);
    const html = await deps.render(page, frame.languages(request));
    return reply.code(status).type("text/html; charset=utf-8").send(html);
  }
  const common = () => ({ brand: deps.snapshot().brand, appName: "", username: "" });
  const told = (what: string): Page => ({
    page: "account-told",
    facts: { ...common(), csrf: "", what, args: {}, backUrl: "" } as PageFacts<"account-told">,
  });

  scope.get(`${URL}/done`, { exposeHeadRoute: false }, (request, reply) =>
    send(request, reply, 200, told("undone")),
  );
  scope.get(`${URL}/:token`, { exposeHeadRoute: false }, async (request, reply) => {
    const token = tokenOf(request);
    const change = await undo.look(token);
    if (change === undefined) return send(request, reply, 404, told("undo-over"));
    const facts: PageFacts<"account-ask"> = {
      ...common(),
      csrf: csrf.token(subjectOf(token), 0, visitOf(request.raw).visitor.browser),
      act: `undo-${change.change}`,
      args: {},
      action: `${URL}/${encodeURIComponent(token)}`,
      backUrl: "",
      danger: false,
    };
    return send(request, reply, 200, { page: "account-ask", facts });
  });
  scope.post(`${URL}/:token`, async (request, reply) => {
    const token = tokenOf(request);
    const { browser, address } = visitOf(request.raw).visitor;
    const given = (request.body as { csrf?: unknown } | undefined)?.csrf;
    const isOurs = typeof given === "string" && csrf.turnOf(given, subjectOf(token), browser) !== undefined;
    // A form that is not ours leads to the one that is; it does nothing.
    if (!isOurs || isCrossSite(request.headers, issuer.origin))
      return reply
        .code(303)
        .header("location", `${URL}/${encodeURIComponent(token)}`)
        .send("");
    if ((await undo.use(token, address)) === undefined) return send(request, reply, 404, told("undo-over"));
    return reply.code(303).header("location", `${URL}/done`).send("");
  });
}
