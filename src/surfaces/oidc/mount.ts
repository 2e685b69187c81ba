/**
 * Mounts the room on Fastify: the walk's pages under `/login`, the engine under its own routes, the original's URLs by
 * rewrite. The engine gets the raw request with the issuer's name in it, so every URL it builds is the issuer's.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import type { Page } from "../../core/pages.ts";
import { EVERY_TYPE } from "../../kits/web/content-types.ts";
import { type Csrf, isCrossSite } from "../../kits/web/csrf.ts";
import { contentSecurityPolicy } from "../../kits/web/headers.ts";
import { kept } from "../../kits/web/kept.ts";
import { wantedLocales } from "../../kits/web/locale.ts";
import type { Engine } from "./engine.ts";
import { formActions } from "./form-actions.ts";
import { handOn } from "./hand-on.ts";
import { type Answer, findInteraction, hasSession } from "./interaction.ts";
import { mountDevice } from "./mount-device.ts";
import type { createVisits, Visit } from "./visitor.ts";

export interface MountOptions {
  readonly issuer: URL;
  readonly engine: () => Engine;
  /** The engine of the revision that a login began on. */
  readonly engineOf: (revision: number) => Promise<Engine>;
  readonly visits: ReturnType<typeof createVisits>;
  readonly csrf: Csrf;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
}

/** What the engine takes by GET alone, while its cookies are SameSite=Lax. */
const BY_GET = ["/authorize", "/end_session"];

/**
 * The engine's paths and the verbs each is for; the web server answers 405 to every other. HEAD is only where an answer
 * is the same for everybody: at the others it would do what GET does, such as ending a login under way (S02).
 */
const ENGINE_ROUTES: readonly (readonly [path: string, verbs: readonly HTTPMethods[]])[] = [
  ...BY_GET.map((path) => [path, ["GET"]] as const),
  ["/end_session/confirm", ["POST"]],
  ["/end_session/success", ["GET"]],
  ["/token", ["POST", "OPTIONS"]],
  ["/userinfo", ["GET", "POST", "OPTIONS"]],
  ["/introspect", ["POST"]],
  ["/revoke", ["POST"]],
  ["/par", ["POST"]],
  ["/jwks", ["GET", "HEAD", "OPTIONS"]],
  ["/.well-known/openid-configuration", ["GET", "HEAD", "OPTIONS"]],
];

/** The original's path for one of ours; every other path stays as it is. */
export function rewriteOriginal(url: string): string {
  if (!url.startsWith("/jans-auth/")) return url;
  const [path = "", query] = split(url);
  const found =
    /^\/jans-auth(?:\/(authorize)\.htm|(\/\.well-known\/openid-configuration)|\/restv1\/(authorize|token|userinfo|jwks|end_session|introspection|revoke|par|device_authorization))$/.exec(
      path,
    );
  if (found === null) return url;
  const name = found[1] ?? found[3];
  const own = found[2] ?? `/${name === "introspection" ? "introspect" : name}`;
  return query === undefined ? own : `${own}?${query}`;
}

const split = (url: string): [string, string | undefined] => {
  const at = url.indexOf("?");
  return at < 0 ? [url, undefined] : [url.slice(0, at), url.slice(at + 1)];
};

export async function mountOidc(app: FastifyInstance, options: MountOptions): Promise<void> {
  const { issuer, engine, visits, csrf } = options;
  const { host, origin } = issuer;
  const scheme = issuer.protocol.slice(0, -1);
  const serve = (req: IncomingMessage, reply: FastifyReply, by: Engine) => {
    // The name was checked before routing; the engine builds its URLs from these.
    req.headers.host = host;
    req.headers["x-forwarded-proto"] = scheme;
    delete req.headers["x-forwarded-host"];
    // The server has set the headers; pages of the engine that post elsewhere widen them themselves.
    reply.hijack();
    void by.serve(req, reply.raw);
  };

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser([...EVERY_TYPE], (_request, _payload, done) => done(null));
    const handler = (request: FastifyRequest, reply: FastifyReply) => serve(request.raw, reply, engine());
    for (const url of ["/authorize/*", "/device/*"])
      scope.route({
        method: "GET",
        url,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          const visit = visits.of(request.raw);
          const answer = await engine().login.beforeResume(request.raw, reply.raw, visit);
          if (answer.kind !== "resume") return send(reply, answer, visit);
          const { revision } = answer;
          return serve(
            request.raw,
            reply,
            revision === undefined ? engine() : await options.engineOf(revision),
          );
        },
      });
    for (const [url, verbs] of ENGINE_ROUTES)
      scope.route({ method: [...verbs], url, exposeHeadRoute: false, handler });
  });

  await mountDevice(app, { issuer, engine, visits, csrf, serve, send, plainForm });

  await app.register(async (scope) => {
    // OIDC Core §3.1.2.1 and RP-Initiated Logout §2 allow a post as well. From another site it brings none of our
    // SameSite cookies; the same request by GET does, and no form of ours ever leads here.
    for (const url of BY_GET)
      scope.post(url, async (request, reply) =>
        reply
          .code(303)
          .header("location", `${url}?${queryOf(request.body)}`)
          .send(""),
      );
  });

  await app.register(async (scope) => {
    // Forms only: what a page of another site can send as text or a program as JSON is no form of ours.
    scope.removeContentTypeParser(["application/json", "text/plain"]);
    scope.get("/login/:uid", { exposeHeadRoute: false }, async (request, reply) => {
      const { uid } = request.params as { uid: string };
      const visit = visits.of(request.raw);
      const { login, consent, provider } = engine();
      // Whoever has a session may have got it, or another, since: then the engine is asked first.
      const known =
        hasSession(provider, request.raw) || visit.setCookies.length > 0
          ? undefined
          : await login.continued(uid, visit);
      if (known !== undefined) return send(reply, known, visit);
      const details = await findInteraction(provider, request.raw, reply.raw);
      if (details === undefined || details === "other-person" || details.uid !== uid)
        return send(
          reply,
          await login.late(uid, visit, details === "other-person" ? details : undefined),
          visit,
        );
      if (details.prompt.name === "consent")
        return send(reply, await consent.show(details, visit.visitor.browser), visit);
      return send(reply, await login.show(details, visit, currentSession(request, reply)), visit);
    });

    // What the code page asks while it waits. Whoever is not at that page of that login in that browser learns nothing.
    scope.get("/login/:uid/delivery", { exposeHeadRoute: false }, async (request, reply) => {
      const { uid } = request.params as { uid: string };
      const state = await engine().login.delivery(uid, visits.of(request.raw));
      return reply.code(state === undefined ? 404 : 200).send(state ?? {});
    });

    scope.post("/login/:uid", async (request, reply) => {
      const { uid } = request.params as { uid: string };
      const visit = visits.of(request.raw);
      const { login, consent, provider } = engine();
      const form = plainForm(request.body);
      if (isCrossSite(request.headers, origin))
        return send(reply, login.errorPage("csrf", `/login/${encodeURIComponent(uid)}`, "", 403), visit);
      const turn = csrf.turnOf(form.csrf, uid, visit.visitor.browser);
      // A form of this very login and browser: the walk takes it, and the engine is asked when it comes to an end.
      const standing = turn === undefined ? undefined : await login.submit(uid, turn, form, visit);
      if (standing === "goes-on") return send(reply, { kind: "see-other", url: `/login/${uid}` }, visit);
      const details = await findInteraction(provider, request.raw, reply.raw);
      if (details === undefined || details === "other-person" || details.uid !== uid)
        return send(
          reply,
          await login.late(uid, visit, details === "other-person" ? details : undefined),
          visit,
        );
      if (standing !== undefined) {
        const answer = await login.end(standing, details, visit, currentSession(request, reply));
        if (answer.kind !== "hand-on") return send(reply, answer, visit);
        const by = await options.engineOf(answer.revision);
        addCookies(reply, [...visit.setCookies, ...(answer.cookies ?? [])]);
        handOn(request.raw, by.provider, details);
        return serve(request.raw, reply, by);
      }
      if (turn === undefined)
        return send(reply, login.errorPage("csrf", `/login/${encodeURIComponent(uid)}`, "", 403), visit);
      if (details.prompt.name === "consent")
        return send(reply, await consent.submit(details, form, visit.visitor.address, login.record), visit);
      if (form.action === "switch") return send(reply, await login.switchPerson(details, visit), visit);
      return send(reply, { kind: "see-other", url: `/login/${uid}` }, visit);
    });
  });

  // Costs nothing where the browser has no session cookie.
  const currentSession = (request: FastifyRequest, reply: FastifyReply) => async () => {
    const { provider } = engine();
    if (!hasSession(provider, request.raw)) return undefined;
    return provider.Session.get(provider.createContext(request.raw, reply.raw));
  };

  async function send(reply: FastifyReply, answer: Answer, visit: Visit): Promise<FastifyReply> {
    addCookies(reply, [...visit.setCookies, ...(answer.kind === "see-other" ? (answer.cookies ?? []) : [])]);
    if (answer.kind === "see-other") return reply.code(303).header("location", answer.url).send("");
    return reply
      .header(
        "content-security-policy",
        policyFor(typeof answer.redirectUri === "string" ? answer.redirectUri : ""),
      )
      .code(answer.status)
      .type("text/html; charset=utf-8")
      .send(
        await options.render(
          answer.page,
          wantedLocales(answer.uiLocales, reply.request.headers["accept-language"]),
        ),
      );
  }
}

function addCookies(reply: FastifyReply, cookies: readonly string[]): void {
  for (const cookie of cookies) reply.raw.appendHeader("set-cookie", cookie);
}

const policyFor = kept((redirectUri) => contentSecurityPolicy({ formAction: formActions(redirectUri) }));

/** Fields with one string value. A field sent twice, or as `name[]`, is not there at all. */
function plainForm(body: unknown): Readonly<Record<string, string>> {
  const form: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries((body ?? {}) as Record<string, unknown>))
    if (typeof value === "string") form[name] = value;
  return form;
}

/** A posted form as a query; a field sent twice stays sent twice, for the engine to refuse. */
function queryOf(body: unknown): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((body ?? {}) as Record<string, unknown>))
    for (const one of [value].flat()) if (typeof one === "string") query.append(name, one);
  return query;
}
