/**
 * surfaces/admin/recover: the page behind the link of `sallyport admin recover`. Mounted by compose. Looking at it does
 * nothing; a post with our token, from this browser, sets the password and takes the old ways in away. It signs nobody
 * in and says nothing about links that are no good.
 */
import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Page, PageFacts } from "../../../core/pages.ts";
import type { Recovery } from "../../../core/recovery.ts";
import { Secret } from "../../../core/secret.ts";
import { type Csrf, isCrossSite } from "../../../kits/web/csrf.ts";
import { wantedLocales } from "../../../kits/web/locale.ts";

/** Path of the page; the token follows. */
const RECOVER = "/admin/recover";

export interface RecoverOptions {
  readonly issuer: URL;
  readonly brand: () => string;
  readonly recovery: Recovery;
  readonly csrf: Csrf;
  /** The browser in front, and the cookies its answer has to carry. */
  readonly visitOf: (request: FastifyRequest["raw"]) => {
    readonly visitor: { readonly browser: string; readonly address: string };
    readonly setCookies: readonly string[];
  };
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
}

type Notice = Pick<PageFacts<"recover">, "notice" | "noticeArgs">;

export async function mountRecover(app: FastifyInstance, options: RecoverOptions): Promise<void> {
  const { issuer, recovery, csrf, visitOf } = options;
  const common = () => ({ brand: options.brand(), appName: "" });
  /** Names the form in its token, without the secret in it. */
  const subjectOf = (token: string) => `recover ${createHash("sha256").update(token).digest("base64url")}`;

  async function send(request: FastifyRequest, reply: FastifyReply, status: number, page: Page) {
    for (const cookie of visitOf(request.raw).setCookies) reply.raw.appendHeader("set-cookie", cookie);
    return reply
      .code(status)
      .type("text/html; charset=utf-8")
      .send(await options.render(page, wantedLocales(undefined, request.headers["accept-language"])));
  }

  const failed = (problem: string, restartUrl = ""): Page => ({
    page: "error",
    facts: { ...common(), problem, reference: "", restartUrl, oauthError: "", oauthDescription: "" },
  });

  async function ask(request: FastifyRequest, reply: FastifyReply, token: string, notice: Notice = {}) {
    const user = await recovery.whose(token);
    if (user === undefined) return send(request, reply, 404, failed("recovery-over"));
    return send(request, reply, 200, {
      page: "recover",
      facts: {
        ...common(),
        ...notice,
        action: `${RECOVER}/${encodeURIComponent(token)}`,
        csrf: csrf.token(subjectOf(token), 0, visitOf(request.raw).visitor.browser),
        username: user.username,
      },
    });
  }

  await app.register(async (scope) => {
    scope.removeContentTypeParser(["application/json", "text/plain"]);
    const tokenOf = (request: FastifyRequest) => (request.params as { token: string }).token;
    scope.get(`${RECOVER}/done`, { exposeHeadRoute: false }, (request, reply) =>
      send(request, reply, 200, { page: "recover-done", facts: common() }),
    );
    scope.get(`${RECOVER}/:token`, { exposeHeadRoute: false }, (request, reply) =>
      ask(request, reply, tokenOf(request)),
    );
    scope.post(`${RECOVER}/:token`, async (request, reply) => {
      const token = tokenOf(request);
      const { browser, address } = visitOf(request.raw).visitor;
      const form = (request.body ?? {}) as Readonly<Record<string, unknown>>;
      const given = typeof form.csrf === "string" ? form.csrf : undefined;
      if (
        isCrossSite(request.headers, issuer.origin) ||
        csrf.turnOf(given, subjectOf(token), browser) === undefined
      )
        return send(request, reply, 403, failed("csrf"));
      const { password, repeat } = form;
      if (typeof password !== "string" || password === "" || password !== repeat)
        return ask(request, reply, token, { notice: "recover.differ" });
      const used = await recovery.use(token, new Secret(password), address);
      if (used.kind === "over") return send(request, reply, 404, failed("recovery-over"));
      if (used.kind === "refused")
        return ask(request, reply, token, { notice: "recover.refused", noticeArgs: { why: used.why } });
      return reply.code(303).header("location", `${RECOVER}/done`).send("");
    });
  });
}
