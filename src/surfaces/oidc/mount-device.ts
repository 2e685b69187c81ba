/**
 * `/device` on the web server: typing a code and refusing it are ours, allowing it goes to the engine with nothing but
 * what it needs. Every post is of a form of ours, of this browser, and answered by 303.
 */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Csrf } from "../../kits/web/csrf.ts";
import { isCrossSite } from "../../kits/web/csrf.ts";
import type { Engine } from "./engine.ts";
import type { Answer } from "./interaction.ts";
import type { createVisits, Visit } from "./visitor.ts";

export interface DeviceRoutes {
  readonly issuer: URL;
  readonly engine: () => Engine;
  readonly visits: ReturnType<typeof createVisits>;
  readonly csrf: Csrf;
  readonly serve: (request: IncomingMessage, reply: FastifyReply, by: Engine) => void;
  readonly send: (reply: FastifyReply, answer: Answer, visit: Visit) => Promise<FastifyReply>;
  readonly plainForm: (body: unknown) => Readonly<Record<string, string>>;
}

const BACK: Answer = { kind: "see-other", url: "/device" };

export async function mountDevice(app: FastifyInstance, routes: DeviceRoutes): Promise<void> {
  const { issuer, engine, visits, csrf, serve, send, plainForm } = routes;
  const cookies = (reply: FastifyReply, visit: Visit) => {
    for (const cookie of visit.setCookies) reply.raw.appendHeader("set-cookie", cookie);
  };

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.get("/device", { exposeHeadRoute: false }, async (request, reply) => {
      const visit = visits.of(request.raw);
      const { user_code: typed, again } = request.query as Record<string, unknown>;
      // Nothing is looked up for a link: the code stands in the field, and the person says that it is theirs.
      if (typed !== undefined || again !== undefined) {
        await engine().device.begin(visit, typeof typed === "string" ? typed : "");
        return send(reply, BACK, visit);
      }
      cookies(reply, visit);
      return serve(request.raw, reply, engine());
    });
    scope.post("/device_authorization", async (request: FastifyRequest, reply) => {
      const seconds = await engine().device.ask(visits.of(request.raw).visitor.address);
      if (seconds === 0) return serve(request.raw, reply, engine());
      return reply
        .code(429)
        .header("retry-after", String(seconds))
        .send({ error: "slow_down", error_description: "too many codes were asked for from this network" });
    });
    scope.route({
      method: "OPTIONS",
      url: "/device_authorization",
      handler: (request, reply) => serve(request.raw, reply, engine()),
    });
  });

  await app.register(async (scope) => {
    scope.removeContentTypeParser(["application/json", "text/plain"]);
    scope.post("/device", async (request, reply) => {
      const visit = visits.of(request.raw);
      const { device, provider, login } = engine();
      const { browser } = visit.visitor;
      const form = plainForm(request.body);
      const refused = () => send(reply, login.errorPage("csrf", "/device", "", 403), visit);
      if (isCrossSite(request.headers, issuer.origin)) return refused();
      if (form.user_code !== undefined) {
        if (csrf.turnOf(form.csrf, "device", browser) === undefined) return refused();
        await device.enter(provider, visit, form.user_code);
        return send(reply, BACK, visit);
      }
      // Whose question it was is in this browser's record, never in the form; the token says that it was shown.
      const code = await device.own(provider, visit);
      if (code === undefined) return send(reply, BACK, visit);
      if (csrf.turnOf(form.csrf, `device ${code.userCode}`, browser) === undefined) return refused();
      if (form.action === "refuse") await device.refuse(code, visit);
      if (form.action === "other") await device.begin(visit);
      if (form.action !== undefined) return send(reply, BACK, visit);
      await device.reopen(code);
      cookies(reply, visit);
      const answer = { xsrf: form.xsrf ?? "", user_code: code.userCode, confirm: "yes" };
      return serve(asForm(request.raw, new URLSearchParams(answer)), reply, engine());
    });
  });
}

/** The same request with another body, as the engine reads it: the first one has been read. */
function asForm(request: IncomingMessage, fields: URLSearchParams): IncomingMessage {
  const body = Buffer.from(fields.toString());
  const { method, url, socket, httpVersion, httpVersionMajor, httpVersionMinor } = request;
  return Object.assign(Readable.from([body], { objectMode: false }), {
    headers: {
      ...request.headers,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(body.length),
    },
    ...{ method, url, socket, httpVersion, httpVersionMajor, httpVersionMinor },
  }) as unknown as IncomingMessage;
}
