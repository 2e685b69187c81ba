/** Serves rendered pages with the headers of the product, so that a browser can look at them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "../../src/core/pages.ts";
import { securityHeaders } from "../../src/kits/web/headers.ts";
import { createPages, type Pages } from "../../src/kits/web/pages.ts";

export const DEFAULT_PAGES = fileURLToPath(new URL("../../pages/default", import.meta.url));

export interface Posted {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface PageServer {
  readonly url: string;
  /** Forms that were sent, oldest first. */
  readonly posted: Posted[];
}

/** Pages of our own folder, with `overlayDir` over it. */
export const createTestPages = (
  overlayDir?: string,
  onProblem: (message: string) => void = () => {},
): Pages =>
  createPages({ defaultDir: DEFAULT_PAGES, overlayDir, brand: "Sallyport", locale: "en", onProblem });

/** `GET /<name>` answers the page that `find` gives, in the language of `?locale=`; every other form is kept and answered 303. Ends with the tests. */
export async function startPageServer(find: (name: string) => Page | undefined): Promise<PageServer> {
  const pages = createTestPages();
  const posted: Posted[] = [];
  const server = createServer(async (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://localhost");
    for (const [name, value] of Object.entries(securityHeaders({ https: false }))) res.setHeader(name, value);
    if (req.method === "POST") {
      let body = "";
      for await (const part of req) body += String(part);
      posted.push({ path: pathname, fields: Object.fromEntries(new URLSearchParams(body)) });
      res.writeHead(303, { location: "/posted" }).end();
    } else if (pathname === "/posted") {
      res
        .writeHead(200, { "content-type": "text/html" })
        .end('<!doctype html><html lang="en"><title>posted</title>');
    } else if (pathname.startsWith("/assets/")) {
      const asset = await pages.asset(pathname.slice("/assets/".length));
      if (asset === undefined) res.writeHead(404).end();
      else res.writeHead(200, { "content-type": asset.type }).end(asset.bytes);
    } else if (pathname.endsWith("/delivery")) {
      const page = find(pathname.slice(1, -"/delivery".length));
      const state = page?.page === "code" ? { state: page.facts.delivery, seconds: 0 } : undefined;
      res
        .writeHead(state === undefined ? 404 : 200, { "content-type": "application/json" })
        .end(JSON.stringify(state ?? {}));
    } else {
      const page = find(pathname.slice(1));
      if (page === undefined) res.writeHead(404).end();
      else
        res
          .writeHead(200, { "content-type": "text/html; charset=utf-8" })
          .end((await pages.render(page, { locale: searchParams.get("locale") ?? undefined })).html);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, posted };
}
