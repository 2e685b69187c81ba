/**
 * A login that is taken up, a grant, the code that is given on it and the session that knows of them are written by the
 * engine one after the other, in one request and before its answer. Held until the session, its last write, they are one
 * commit: all of them are there or none is. So are a code that is redeemed and the token that is given for it: a
 * redemption that loses gives out nothing, and one that is cut off spends nothing. Used by adapter.ts, and by provider.ts
 * for what is left.
 */
import type { AdapterPayload, KoaContextWithOIDC } from "oidc-provider";
import { errors, Provider } from "oidc-provider";
import type { AuditEvent } from "../../core/audit.ts";
import type { Storage, Write } from "../../core/records.ts";

export interface Held {
  readonly model: string;
  readonly id: string;
  /** undefined: the row goes. */
  readonly payload?: AdapterPayload | undefined;
  readonly write: Write;
  /** What the audit hears of it. */
  readonly events: readonly AuditEvent[];
  /** It spends something: whatever comes of the request, it is written. */
  readonly spends?: boolean | undefined;
}

export interface HeldWrites {
  /** Whether a write of the request at work can wait: a session will be written after it. */
  canWait(): boolean;
  /** Whether what the request at work spends can wait: a token will be written after it. */
  canSpendLater(): boolean;
  hold(row: Held): void;
  /** What the request at work has written and not committed yet. */
  find(model: string, id: string): AdapterPayload | undefined;
  /** Commits what waits, with these. Throws `invalid_grant` or `SessionNotFound` where another request was first. */
  commit(writes: readonly Write[], events?: readonly AuditEvent[]): Promise<void>;
  /** Around each request: what it has spent is spent, also when nothing was written after it. */
  settle(ctx: object, next: () => Promise<void>): Promise<void>;
}

/** Another request was first. Told to the person alone: the application gets the answer of the one that was. */
export const tooLate = (): errors.SessionNotFound =>
  Object.assign(new errors.SessionNotFound("the login has ended"), { allow_redirect: false });

/** The engine's cookie names the session it could not write: the browser keeps the one that is. */
function dropSession({ res, oidc }: KoaContextWithOIDC): void {
  const name = oidc.provider.cookieName("session");
  const cookies = [res.getHeader("set-cookie") ?? []].flat().map(String);
  res.setHeader(
    "set-cookie",
    cookies.filter((one) => !one.startsWith(`${name}=`) && !one.startsWith(`${name}.`)),
  );
}

/** The engine's routes that end by writing the session. */
const WITH_SESSION = new Set(["authorization", "resume"]);

export function createHeldWrites(storage: Storage): HeldWrites {
  const held = new WeakMap<object, Held[]>();
  /** Requests that came too late: nothing they write counts any more, their session least. */
  const late = new WeakSet<object>();
  const canSpendLater = () => Provider.ctx?.oidc.route === "token";
  const rows = (): readonly Held[] => {
    const { ctx } = Provider;
    return (ctx === undefined ? undefined : held.get(ctx)) ?? [];
  };
  return {
    canWait: () => WITH_SESSION.has(Provider.ctx?.oidc.route ?? ""),
    canSpendLater,
    hold(row) {
      const { ctx } = Provider;
      if (ctx !== undefined) held.set(ctx, [...rows(), row]);
    },
    find: (model, id) => rows().findLast((row) => row.model === model && row.id === id)?.payload,
    async commit(writes, events = []) {
      const waiting = rows();
      const all = [...waiting.map(({ write }) => write), ...writes];
      const { ctx } = Provider;
      if (ctx !== undefined && late.has(ctx)) return;
      const told = [...waiting.flatMap((row) => row.events), ...events];
      const done = all.length === 0 || (await storage.commit(all, told));
      // Not before: the engine tries once more to write a session that it could not write.
      if (ctx !== undefined) held.delete(ctx);
      if (done) return;
      // Another request has redeemed the code, or taken up the login, that this one has read.
      if (ctx !== undefined) late.add(ctx);
      if (canSpendLater()) throw new errors.InvalidGrant("already used");
      throw tooLate();
    },
    async settle(ctx, next) {
      try {
        await next();
      } finally {
        const left = held.get(ctx)?.filter(({ spends }) => spends === true) ?? [];
        if (left.length > 0) await storage.commit(left.map(({ write }) => write));
        if (late.has(ctx)) dropSession(ctx as KoaContextWithOIDC);
      }
    },
  };
}
