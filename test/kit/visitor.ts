/**
 * A person at a browser without JavaScript: keeps cookies per path, follows redirects, reads forms and sends them.
 * Plain HTTP, so that a test sees every byte that leaves the server.
 */
import { request } from "node:http";

export interface Seen {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Every answer on the way here, this one last. */
  readonly trail: readonly Seen[];
}

export interface FormSeen {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface Cookie {
  value: string;
  path: string;
}

export interface VisitorOptions {
  readonly origin: string;
  /** Where the server really listens, when it answers as another host (behind a proxy). */
  readonly connect?: { readonly host: string; readonly port: number };
  /** URLs that start with one of these are not requested: the trail ends there. */
  readonly stopAt?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly onAnswer?: (seen: Seen) => void;
}

export function createVisitor(options: VisitorOptions) {
  const jar = new Map<string, Cookie>();

  const cookieHeader = (path: string) =>
    [...jar.entries()]
      .filter(
        ([, cookie]) =>
          path === cookie.path ||
          path.startsWith(cookie.path.endsWith("/") ? cookie.path : `${cookie.path}/`),
      )
      .map(([key, cookie]) => `${key.split("\n")[0]}=${cookie.value}`)
      .join("; ");

  function keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const at = pair.indexOf("=");
      const name = pair.slice(0, at);
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? "/";
      const gone = attributes.some(
        (one) => /^max-age=0$/i.test(one) || /^expires=Thu, 01 Jan 1970/i.test(one),
      );
      if (gone) jar.delete(`${name}\n${path}`);
      else jar.set(`${name}\n${path}`, { value: pair.slice(at + 1), path });
    }
  }

  function once(
    method: string,
    url: URL,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Omit<Seen, "trail">> {
    const cookies = cookieHeader(url.pathname);
    return new Promise((resolve, reject) => {
      const req = request(
        {
          host: url.hostname.replace(/^\[|\]$/g, ""),
          port: url.port,
          path: `${url.pathname}${url.search}`,
          ...options.connect,
          setHost: false,
          method,
          headers: {
            accept: "text/html,application/xhtml+xml",
            host: url.host,
            ...(cookies === "" ? {} : { cookie: cookies }),
            ...(body === undefined
              ? {}
              : {
                  "content-type": "application/x-www-form-urlencoded",
                  "content-length": String(Buffer.byteLength(body)),
                }),
            ...options.headers,
            ...headers,
          },
        },
        (res) => {
          const parts: Buffer[] = [];
          res.on("data", (part: Buffer) => parts.push(part));
          res.on("error", reject);
          res.on("end", () => {
            keep(res.headers["set-cookie"] ?? []);
            resolve({
              url,
              status: res.statusCode ?? 0,
              headers: res.headers,
              body: Buffer.concat(parts).toString("utf8"),
            });
          });
        },
      );
      req.on("error", reject);
      req.end(body);
    });
  }

  async function go(
    method: string,
    target: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Seen> {
    const trail: Seen[] = [];
    let url = new URL(target, options.origin);
    for (let hops = 0; hops < 20; hops += 1) {
      const answer = await once(method, url, body, headers);
      const seen: Seen = { ...answer, trail };
      trail.push(seen);
      options.onAnswer?.(seen);
      const location = answer.headers.location;
      if (answer.status < 300 || answer.status > 399 || typeof location !== "string") return seen;
      const next = new URL(location, url);
      if (options.stopAt?.some((prefix) => next.href.startsWith(prefix))) {
        return { url: next, status: answer.status, headers: answer.headers, body: "", trail };
      }
      url = next;
      method = "GET";
      body = undefined;
    }
    throw new Error(`too many redirects at ${url.pathname}`);
  }

  return {
    jar,
    /** One request; a redirect is not followed. */
    hop: (target: string): Promise<Omit<Seen, "trail">> =>
      once("GET", new URL(target, options.origin), undefined, {}),
    get: (target: string, headers?: Readonly<Record<string, string>>) =>
      go("GET", target, undefined, headers),
    send: (
      method: string,
      target: string,
      fields?: Readonly<Record<string, string>>,
      headers?: Readonly<Record<string, string>>,
    ) =>
      go(method, target, fields === undefined ? undefined : new URLSearchParams(fields).toString(), headers),
    /** Posts a body as it is. */
    post: (target: string, body: string, headers?: Readonly<Record<string, string>>) =>
      go("POST", target, body, headers),
    /** Sends the page's form with its hidden fields and these. */
    submit(
      page: Seen,
      fields: Readonly<Record<string, string>>,
      headers?: Readonly<Record<string, string>>,
    ): Promise<Seen> {
      const form = formOf(page);
      return go(
        "POST",
        new URL(form.action, page.url).href,
        new URLSearchParams({ ...form.fields, ...fields }).toString(),
        headers,
      );
    },
    cookie: (name: string) => [...jar.entries()].find(([key]) => key.split("\n")[0] === name)?.[1].value,
  };
}

export type TestVisitor = ReturnType<typeof createVisitor>;

const NAMED: Readonly<Record<string, string>> = { quot: '"', lt: "<", gt: ">", amp: "&" };

/** What a browser makes of character references, each decoded once. */
const plain = (text: string): string =>
  text.replace(
    /&(?:#(\d+)|(quot|lt|gt|amp));/g,
    (_all, code: string | undefined, name: string | undefined) =>
      code === undefined ? (NAMED[name ?? ""] ?? "") : String.fromCodePoint(Number(code)),
  );

const attributes = (tag: string): Record<string, string> =>
  Object.fromEntries(
    [...tag.matchAll(/([\w-]+)(?:\s*=\s*"([^"]*)")?/g)]
      .slice(1)
      .map((match) => [match[1] ?? "", plain(match[2] ?? "")]),
  );

/** The page's form: where it leads, and its hidden and prefilled fields. */
export function formOf(page: Pick<Seen, "body" | "url" | "status">): FormSeen {
  const form = /<form\b[^>]*>/i.exec(page.body)?.[0];
  if (form === undefined)
    throw new Error(`no form at ${page.url.pathname} (${page.status}): ${textOf(page.body).slice(0, 300)}`);
  const fields: Record<string, string> = {};
  for (const [tag] of page.body.matchAll(/<input\b[^>]*>/gi)) {
    const { name, value, type } = attributes(tag);
    if (name !== undefined && type !== "submit" && type !== "checkbox") fields[name] = value ?? "";
  }
  return { action: attributes(form).action ?? "", fields };
}

/** What a person reads on a page. */
export const textOf = (html: string): string =>
  plain(html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]+>/g, " "))
    .replace(/\s+/g, " ")
    .trim();
