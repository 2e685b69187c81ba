/**
 * A login that is taken up, a grant, the code that is given on it and the session that knows of them are written by the
 * engine one after the other, in one request and before its answer. Held until the session, its last write, they are one
 * commit: all of them are there or none is. Used by adapter.ts alone.
 */
import type { AdapterPayload } from "oidc-provider";
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
}

export interface HeldWrites {
  /** Whether a write of the request at work can wait: a session will be written after it. */
  canWait(): boolean;
  hold(row: Held): void;
  /** What the request at work has written and not committed yet. */
  find(model: string, id: string): AdapterPayload | undefined;
  /** Commits what waits, with these. */
  commit(writes: readonly Write[]): Promise<void>;
}

/** The engine's routes that end by writing the session. */
const WITH_SESSION = new Set(["authorization", "resume"]);

export function createHeldWrites(storage: Storage): HeldWrites {
  const held = new WeakMap<object, Held[]>();
  /** Requests that came too late to take their login up: nothing they write counts any more, their session least. */
  const late = new WeakSet<object>();
  const rows = (): readonly Held[] => {
    const { ctx } = Provider;
    return (ctx === undefined ? undefined : held.get(ctx)) ?? [];
  };
  return {
    canWait: () => WITH_SESSION.has(Provider.ctx?.oidc.route ?? ""),
    hold(row) {
      const { ctx } = Provider;
      if (ctx !== undefined) held.set(ctx, [...rows(), row]);
    },
    find: (model, id) => rows().findLast((row) => row.model === model && row.id === id)?.payload,
    async commit(writes) {
      const waiting = rows();
      const all = [...waiting.map(({ write }) => write), ...writes];
      const { ctx } = Provider;
      const events = waiting.flatMap((row) => row.events);
      if (ctx !== undefined && late.has(ctx)) return;
      // Only the login that becomes the session is held with a condition: that nobody has resumed it meanwhile.
      if (all.length > 0 && !(await storage.commit(all, events))) {
        if (ctx !== undefined) late.add(ctx);
        throw new errors.SessionNotFound("the login has ended");
      }
      // Not before: the engine tries once more to write a session that it could not write.
      if (ctx !== undefined) held.delete(ctx);
    },
  };
}
