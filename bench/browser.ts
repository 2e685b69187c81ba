/** The least browser that can sign in: cookies by path, kept-alive connections, redirects read but not followed. */
import { Agent, type IncomingHttpHeaders, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Browser {
  get(target: string): Promise<Answer>;
  post(target: string, fields: Readonly<Record<string, string>>): Promise<Answer>;
}

/** Connections shared by all browsers of a load, as those of a proxy in front of the server. */
export const createAgent = (): Agent => new Agent({ keepAlive: true, maxSockets: 64 });

/** A browser with no cookies. `origin` is the server's; its port is asked for on 127.0.0.1. */
export function createBrowser(origin: string, agent: Agent): Browser {
  const { host, port } = new URL(origin);
  const jar = new Map<string, { name: string; value: string; path: string }>();

  function keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = "", ...rest] = line.split(/;\s*/);
      const at = pair.indexOf("=");
      const name = pair.slice(0, at);
      const path = rest.find((one) => /^path=/i.test(one))?.slice(5) ?? "/";
      const gone = rest.some((one) => /^(max-age=0|expires=Thu, 01 Jan 1970)/i.test(one));
      if (gone) jar.delete(`${name} ${path}`);
      else jar.set(`${name} ${path}`, { name, value: pair.slice(at + 1), path });
    }
  }

  const cookiesFor = (path: string): string =>
    [...jar.values()]
      .filter((one) => one.path === "/" || path === one.path || path.startsWith(`${one.path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");

  function go(method: string, target: string, body?: string): Promise<Answer> {
    const url = new URL(target, origin);
    const cookie = cookiesFor(url.pathname);
    const headers: Record<string, string> = { host, accept: "text/html,application/json" };
    if (cookie !== "") headers.cookie = cookie;
    if (body !== undefined) {
      headers["content-type"] = "application/x-www-form-urlencoded";
      headers["content-length"] = String(Buffer.byteLength(body));
    }
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port, path: url.pathname + url.search, method, headers, agent, timeout: 30_000 },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("error", reject);
          answer.on("end", () => {
            keep(answer.headers["set-cookie"] ?? []);
            const text = Buffer.concat(parts).toString("utf8");
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`no answer to ${method} ${url.pathname} in 30 s`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }

  return {
    get: (target) => go("GET", target),
    post: (target, fields) => go("POST", target, new URLSearchParams(fields).toString()),
  };
}
