/**
 * `GET /metrics` at an address of its own. The public listener does not know it. On loopback whoever is on this host may
 * read; elsewhere a token is asked for. A page in somebody's browser cannot read it by a name of its own that resolves
 * to loopback: without a token only an address or `localhost` is answered to (DNS rebinding).
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Secret } from "../../core/secret.ts";

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly token: Secret | undefined;
  readonly text: () => Promise<string>;
  readonly contentType: string;
  readonly onProblem: (problem: unknown) => void;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const { token, text, contentType, onProblem } = options;
  // Compared as digests: what the comparison's time tells is nothing of the token.
  const wanted = token === undefined ? undefined : digest(`Bearer ${token.reveal()}`);

  function refusal({ method, url, headers }: IncomingMessage): number | undefined {
    if (wanted !== undefined && digest(headers.authorization ?? "") !== wanted) return 401;
    const named = (headers.host ?? "").replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
    if (wanted === undefined && named !== "localhost" && isIP(named) === 0) return 421;
    if ((url ?? "").split("?")[0] !== "/metrics") return 404;
    return method === "GET" ? undefined : 405;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = refusal(request);
    response.setHeader("x-content-type-options", "nosniff").setHeader("cache-control", "no-store");
    if (status === 401) response.setHeader("www-authenticate", "Bearer");
    if (status !== undefined) return void response.writeHead(status).end();
    const body = await text();
    response.writeHead(200, { "content-type": contentType }).end(body);
  }

  const limits = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000 };
  const server = createServer(limits, (request, response) => {
    answer(request, response).catch((problem: unknown) => {
      onProblem(problem);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.maxConnections = 50;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      server.on("error", onProblem);
      resolve();
    });
  });
  const at = server.address();
  return {
    port: typeof at === "object" && at !== null ? at.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
