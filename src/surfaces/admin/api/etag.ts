import { createHash } from "node:crypto";

/** The ETag of a thing: a digest of what is shown of it, so that it changes exactly when a reader would see a difference. */
export const etagOfView = (view: unknown): string =>
  createHash("sha256").update(JSON.stringify(view)).digest("base64url").slice(0, 22);
