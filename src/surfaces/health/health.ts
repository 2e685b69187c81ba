/**
 * surfaces/health: `/health/live` and `/health/ready`, for whoever decides where requests go (docs/decisions/0022).
 * Asked before the host is looked at, because a load balancer asks by address; put into the web server by compose. It
 * reads nothing of a request but its path and where it comes from, and tells strangers no more than up or down.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** One thing this server needs, and whether it takes requests without it. */
export interface Check {
  readonly look: () => Promise<boolean>;
  /** False: it is told of, and the server stays ready. */
  readonly needed: boolean;
}

export interface HealthOptions {
  readonly checks: Readonly<Record<string, Check>>;
  /** Whether this request comes from somebody who may see which check it is. */
  readonly isOwn: (request: IncomingMessage) => boolean;
  readonly patienceMs?: number | undefined;
  /** How long a finding is good for: strangers may ask as often as they like. */
  readonly keepMs?: number | undefined;
}

export interface Health {
  /** Looks at every request first; true: it was one of the two paths and is answered. */
  door(request: IncomingMessage, response: ServerResponse): boolean;
  /** From now on not ready, and every connection ends with its answer. */
  drain(): void;
}

type Finding = Readonly<Record<string, "up" | "down">>;

export function createHealth(options: HealthOptions): Health {
  const { checks, isOwn, patienceMs = 2_000, keepMs = 1_000 } = options;
  let draining = false;
  let looking: Promise<Finding> | undefined;

  async function one({ look }: Check): Promise<"up" | "down"> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), patienceMs).unref();
    });
    const found = await Promise.race([look().catch(() => false), late]);
    clearTimeout(timer);
    return found ? "up" : "down";
  }

  /** At most one look at a time, however many ask. */
  function find(): Promise<Finding> {
    if (looking !== undefined) return looking;
    const all = Object.entries(checks).map(async ([name, check]) => [name, await one(check)] as const);
    const run = Promise.all(all).then((found) => Object.fromEntries(found) as Finding);
    looking = run;
    void run.then(() =>
      setTimeout(() => {
        looking = undefined;
      }, keepMs).unref(),
    );
    return run;
  }

  function answer(request: IncomingMessage, response: ServerResponse, isUp: boolean, more: object): void {
    const body = `${JSON.stringify({ status: isUp ? "up" : "down", ...more })}\n`;
    // It may have begun while this one was being looked at.
    if (draining) response.setHeader("connection", "close");
    response.writeHead(isUp ? 200 : 503, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async function ready(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = await find();
    const isUp =
      !draining && Object.entries(checks).every(([name, { needed }]) => !needed || found[name] === "up");
    answer(request, response, isUp, isOwn(request) ? { checks: found, draining } : {});
  }

  return {
    door(request, response) {
      if (draining) response.setHeader("connection", "close");
      const path = (request.url ?? "").split("?")[0];
      if (path !== "/health/live" && path !== "/health/ready") return false;
      if (request.method !== "GET" && request.method !== "HEAD")
        response.writeHead(405, { allow: "GET, HEAD" }).end();
      else if (path === "/health/live") answer(request, response, true, {});
      else void ready(request, response);
      return true;
    },
    drain() {
      draining = true;
    },
  };
}
