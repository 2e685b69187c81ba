/**
 * A Fastify server that answers to one name only and never shows a stack: host guard before routing, small bodies,
 * bounded times, one error page. Opened by compose; surfaces mount themselves on it.
 */
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import formbody from "@fastify/formbody";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { Breakage } from "../../core/errors.ts";
import type { Page } from "../../core/pages.ts";
import type { TrustedPeers } from "./address.ts";
import { securityHeaders } from "./headers.ts";
import { namesHost, pathOf } from "./host.ts";
import { wantedLocales } from "./locale.ts";

export interface WebServerOptions {
  readonly issuer: URL;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly peers: TrustedPeers;
  /** Turns a path that another product used into ours. */
  readonly rewrite: (url: string) => string;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
  readonly brand: () => string;
  /** What a page of ours names when something broke at this path, and the log with it. */
  readonly newReference: (path: string) => string;
  readonly onProblem: (problem: unknown, facts: { reference: string; method: string; path: string }) => void;
  /** Looks at every request before its host does; true: it has answered. */
  readonly door?: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Asked at each request; who wants to hear of its answer gives a function. */
  readonly onAnswer?: (() => ((answer: Answered) => void) | undefined) | undefined;
}

/** One request and its answer, without its query, body or cookies. */
export interface Answered {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  /** The client went away before the answer was whole. */
  readonly cut: boolean;
}

/** Bytes of a form; a password may take 4 KiB of it (P15). */
const BODY_LIMIT = 16_384;

const statusOf: Partial<Record<Breakage["code"], number>> = {
  "hashing-busy": 503,
  "store-unavailable": 503,
  "store-conflict": 503,
  "directory-unavailable": 503,
};
const problemOf: Partial<Record<Breakage["code"], string>> = {
  "hashing-busy": "busy",
  "store-unavailable": "store",
  "store-conflict": "store",
  "directory-unavailable": "store",
};

export async function createWebServer(options: WebServerOptions): Promise<FastifyInstance> {
  const { issuer, render, brand } = options;
  const { host } = issuer;
  const https = issuer.protocol === "https:";
  const headers = Object.entries(securityHeaders({ https }));
  const errorPage = (problem: string, reference = ""): Page => ({
    page: "error",
    facts: {
      brand: brand(),
      appName: "",
      problem,
      problemArgs: { host },
      reference,
      restartUrl: "",
      oauthError: "",
      oauthDescription: "",
    },
  });

  const refuseHost = (req: IncomingMessage, res: ServerResponse): void => {
    render(errorPage("wrong-host"), wantedLocales(undefined, req.headers["accept-language"]))
      .catch(() => "")
      .then((html) => {
        res.writeHead(421, { "content-type": "text/html; charset=utf-8", connection: "close" }).end(html);
      });
  };

  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: "idle",
    // Who was let in before the doors closed is served: a login under way may not end in a 503.
    return503OnClosing: false,
    logger: false,
    // An address that cannot be decoded; it reaches no handler.
    frameworkErrors: (error, _request, reply: FastifyReply) =>
      void reply
        .code(error.statusCode ?? 400)
        .type("text/plain; charset=utf-8")
        .send("This address cannot be read; check it for stray characters.\n"),
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 200 },
    serverFactory: (handler) => {
      const guarded: RequestListener = (req: IncomingMessage, res: ServerResponse) => {
        // On every answer there is, also those that no handler of ours writes; surfaces only widen them.
        for (const [name, value] of headers) res.setHeader(name, value);
        const tell = options.onAnswer?.();
        if (tell !== undefined) onceAnswered(req, res, tell);
        if (options.door?.(req, res) === true) return;
        // An https issuer without TLS of its own is reached through its proxies alone.
        const direct = https && options.tls === undefined && !options.peers.trusts(req.socket.remoteAddress);
        if (direct || !namesHost(req, host, options.peers)) return refuseHost(req, res);
        req.url = options.rewrite(pathOf(req.url ?? "/"));
        handler(req, res);
      };
      const limits = { maxHeaderSize: 16_384, headersTimeout: 15_000 };
      return options.tls === undefined
        ? createHttp(limits, guarded)
        : createHttps({ ...limits, ...options.tls, minVersion: "TLSv1.2" }, guarded);
    },
  });
  await app.register(formbody, { bodyLimit: BODY_LIMIT });

  // A verb that a path is not for does nothing, and says so before its body is read (CVE-2026-94379, S02).
  const verbsOf = collectVerbs(app);
  app.addHook("onRequest", (request, reply, done) => {
    if (!request.is404) return done();
    const verbs = verbsOf(request.url.split("?")[0] ?? "");
    if (verbs.length === 0) return done();
    reply.code(405).header("allow", verbs.join(", ")).send("");
  });

  const languageOf = (request: FastifyRequest) =>
    wantedLocales(undefined, request.headers["accept-language"]);
  const wantsJson = (accept: string | undefined) =>
    accept?.includes("application/json") === true && !accept.includes("text/html");

  app.setNotFoundHandler(async (request, reply) => {
    reply.code(404);
    if (wantsJson(request.headers.accept)) return reply.send({ error: "not_found" });
    return reply
      .type("text/html; charset=utf-8")
      .send(await render(errorPage("not-found"), languageOf(request)));
  });

  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const code = error instanceof Breakage ? error.code : undefined;
    const status =
      (code !== undefined ? statusOf[code] : undefined) ??
      (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? error.statusCode
        : 500);
    const reference = status >= 500 ? options.newReference(request.url) : "";
    if (status >= 500)
      options.onProblem(error, { reference, method: request.method, path: toldPath(request.url) });
    reply.code(status);
    if (error instanceof Breakage && error.retryAfter !== undefined)
      reply.header("retry-after", String(error.retryAfter));
    const problem =
      (code !== undefined ? problemOf[code] : undefined) ?? (status >= 500 ? "broken" : "bad-request");
    if (wantsJson(request.headers.accept)) return reply.send({ error: problem, reference });
    return reply
      .type("text/html; charset=utf-8")
      .send(await render(errorPage(problem, reference), languageOf(request)));
  });
  return app;
}

/** The path is noted before it is rewritten: a log shows what was asked for. */
function onceAnswered(req: IncomingMessage, res: ServerResponse, tell: (answer: Answered) => void): void {
  const began = performance.now();
  const { method = "" } = req;
  const path = toldPath(req.url ?? "/");
  res.once("close", () => {
    const ms = Math.round((performance.now() - began) * 10) / 10;
    tell({ request: req, method, path, status: res.statusCode, ms, cut: !res.writableFinished });
  });
}

/** A path as a log may have it: no query, and of a part that could be a secret (a one-time link) nothing. */
const toldPath = (url: string): string => (url.split("?")[0] ?? "/").replace(/\/[\w-]{43,}(?=\/|$)/g, "/-");

/** Notes each route from now on; answers the verbs that a path is known under, none when it is not known. */
function collectVerbs(app: FastifyInstance): (path: string) => readonly string[] {
  const known = new Map<string, { readonly fits: RegExp; readonly verbs: Set<string> }>();
  app.addHook("onRoute", ({ url, method }) => {
    const pattern = url
      .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replace(/:\w+/g, "[^/]+")
      .replaceAll("*", ".*");
    const route = known.get(url) ?? { fits: new RegExp(`^${pattern}$`), verbs: new Set<string>() };
    for (const verb of [method].flat()) route.verbs.add(verb);
    known.set(url, route);
  });
  return (path) => [
    ...new Set([...known.values()].flatMap(({ fits, verbs }) => (fits.test(path) ? [...verbs] : []))),
  ];
}
