/** Small pieces of the web server that belong to no surface: its port, styles and scripts of the pages. */
import { createServer } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Pages } from "../kits/web/pages.ts";

/** Rejects as `listen` does (EADDRINUSE, EACCES) where nobody may listen now: said before a data folder is made. */
export const probePort = (at: { readonly host: string; readonly port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(at.port, at.host, () => probe.close(() => resolve()));
  });

/** `/assets/*`: whatever the pages folder has, cached by its content's hash. */
export function mountAssets(app: FastifyInstance, pages: Pages): void {
  app.get("/assets/*", async (request, reply) => {
    // A path with the mark of its content never means anything else.
    const fresh =
      (request.query as { v?: unknown }).v === undefined
        ? "public, max-age=300"
        : "public, max-age=31536000, immutable";
    const asset = await pages.asset((request.params as { "*": string })["*"]);
    if (asset === undefined) return reply.callNotFound();
    reply
      .header("etag", asset.etag)
      .header("x-content-type-options", "nosniff")
      .header("cache-control", fresh);
    if (request.headers["if-none-match"] === asset.etag) return reply.code(304).send();
    return reply.type(asset.type).send(asset.bytes);
  });
}
