/**
 * A login that begins with the request for it: its row and the interaction's are written at once (on SQLite in one
 * transaction), and the page behind the redirect has nothing left to write and one row to read. Only where nobody is signed in, for then the browser that asks
 * is all there is to know; everything else begins at the page (interaction.ts). Used by adapter.ts and provider.ts.
 */
import { type KoaContextWithOIDC, Provider } from "oidc-provider";

const underWay = new WeakMap<KoaContextWithOIDC, Promise<unknown>>();

/** Leaves the commit of a new interaction to `settled`, where the engine is about to ask where to send the browser. */
export async function letSettle(commit: Promise<unknown>): Promise<void> {
  const { ctx } = Provider;
  if (ctx?.oidc.route !== "authorization") await commit;
  else underWay.set(ctx, commit);
}

/** Resolves when the interaction of this request is committed; rejects as the commit does. */
export const settled = async (ctx: KoaContextWithOIDC): Promise<void> => void (await underWay.get(ctx));
