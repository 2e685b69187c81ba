/**
 * The sessions of the protocol engine, for those who may look at them and end them. The engine's rows are sealed and
 * named by hashes; this room reads them through the index by `uid` (adapter.ts) and shows neither cookie nor token.
 */
import type { Audit } from "../../core/audit.ts";
import type { Records, Storage } from "../../core/records.ts";
import type { SessionInfo, Sessions } from "../../core/sessions.ts";
import type { Clock, Subject } from "../../core/words.ts";
import { type LogoutQueue, sidsOf } from "./logout-queue.ts";
import type { Device } from "./policy.ts";

/** Models whose rows are grouped by the person (adapter.ts). */
export const BY_PERSON = ["Session", "Grant"];
/** Models whose rows are grouped by the grant they live by. */
export const BY_GRANT = ["AuthorizationCode", "DeviceCode", "AccessToken", "RefreshToken"];
/** Longest life of anything that came of a session (provider.ts). */
const LONGEST = 14 * 86_400_000;
const AT_ONCE = 100;

type SessionRow = {
  readonly uid: string;
  readonly iat?: number;
  readonly exp: number;
  readonly accountId?: Subject;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly loginTs?: number;
  readonly usedAt?: number;
  readonly authorizations?: Readonly<Record<string, { readonly grantId?: string; readonly sid?: string }>>;
  readonly device?: Device;
};

/**
 * Marks of sessions that were ended from outside. A request that had read the session before writes it back, and may
 * still be giving out a code or a token: whatever belongs to a marked session is not there for the engine (adapter.ts).
 */
export const endedSessions = (storage: Storage): Records<boolean> => storage.records("oidc.ended");

/** Whose the engine's session of this uid is; undefined: nobody's, or there is none. */
export function createSessionLook(storage: Storage): (uid: string) => Promise<Subject | undefined> {
  const uids = storage.records<string>("oidc.Session.uid");
  const live = createLiveLook(storage);
  return async (uid) => {
    const row = await live(await uids.get(uid));
    return row?.uid === uid ? row.accountId : undefined;
  };
}

/** Reads a session of somebody, alive, by the name the engine has for it. */
function createLiveLook(storage: Storage) {
  const rows = storage.records<SessionRow>("oidc.Session");
  const ended = endedSessions(storage);
  return async (id: string | undefined): Promise<(SessionRow & { accountId: Subject }) | undefined> => {
    const row = id === undefined ? undefined : await rows.get(id);
    if (row?.accountId === undefined || (await ended.get(row.uid)) === true) return undefined;
    return { ...row, accountId: row.accountId };
  };
}

export function createSessions(deps: {
  readonly storage: Storage;
  readonly audit: Audit;
  readonly logouts: LogoutQueue;
  readonly now: Clock;
}): Sessions {
  const { storage, audit, logouts, now } = deps;
  const rows = storage.records<SessionRow>("oidc.Session");
  const uids = storage.records<string>("oidc.Session.uid");
  const ended = endedSessions(storage);

  const live = createLiveLook(storage);

  async function page({ limit, after, subject }: Parameters<Sessions["list"]>[0]) {
    const { entries, next } = await uids.page({ limit, after, group: subject });
    const found = await Promise.all(
      entries.map(async ({ name, value: id }) => ({ sid: name, id, row: await live(id) })),
    );
    return {
      next,
      found: found.flatMap(({ row, ...names }) =>
        row === undefined || (subject !== undefined && row.accountId !== subject) ? [] : [{ ...names, row }],
      ),
    };
  }

  async function kill(id: string, row: SessionRow): Promise<boolean> {
    const won = await storage.commit([
      ended.write(row.uid, true, now() + LONGEST, { expect: "absent" }),
      rows.write(id, null, 0),
      uids.write(row.uid, null, 0),
      ...(row.accountId === undefined ? [] : logouts.writes(row.accountId, sidsOf(row.authorizations))),
    ]);
    if (won) logouts.queued();
    for (const { grantId } of Object.values(row.authorizations ?? {})) {
      if (grantId === undefined) continue;
      await storage.records("oidc.Grant").remove(grantId);
      for (const model of BY_GRANT) await storage.records(`oidc.${model}`).removeGroup(grantId);
    }
    return won;
  }

  /** Grants of sessions that ended before, and with them what would outlive a logout. */
  async function endGrants(subject: Subject, but: ReadonlySet<string | undefined>): Promise<void> {
    const grants = storage.records<{ readonly jti?: string }>("oidc.Grant");
    let gone: readonly string[];
    do {
      const found = await grants.list(subject, AT_ONCE + but.size);
      gone = found.flatMap(({ jti }) => (jti === undefined || but.has(jti) ? [] : [jti]));
      for (const jti of gone) {
        await grants.remove(jti);
        for (const model of BY_GRANT) await storage.records(`oidc.${model}`).removeGroup(jti);
      }
    } while (gone.length > 0);
  }

  return {
    async list(query) {
      const { found, next } = await page(query);
      return { sessions: found.map(({ sid, row }) => toInfo(sid, row)), next };
    },
    async find(sid) {
      const row = await live(await uids.named(sid));
      return row === undefined ? undefined : toInfo(sid, row);
    },
    async end(sid, by, reason) {
      const id = await uids.named(sid);
      const row = await live(id);
      if (id === undefined || row === undefined) return false;
      const facts = { by, reason, sid, clients: Object.keys(row.authorizations ?? {}) };
      await audit.append({ kind: "session-ended", at: now(), subject: row.accountId, facts });
      return kill(id, row);
    },
    async endAll(subject, by, reason, but) {
      const sid = but === undefined ? "all" : "others";
      await audit.append({ kind: "session-ended", at: now(), subject, facts: { by, reason, sid } });
      const kept = new Set<string | undefined>();
      let count = 0;
      let after: string | undefined;
      do {
        const { found, next } = await page({ subject, limit: AT_ONCE, after });
        for (const { id, row, sid: name } of found)
          if (row.uid === but || name === but)
            for (const { grantId } of Object.values(row.authorizations ?? {})) kept.add(grantId);
          else if (await kill(id, row)) count += 1;
        after = next;
      } while (after !== undefined);
      if (but === undefined)
        for (const model of BY_PERSON) await storage.records(`oidc.${model}`).removeGroup(subject);
      else await endGrants(subject, kept);
      return count;
    },
  };
}

function toInfo(sid: string, row: SessionRow & { readonly accountId: Subject }): SessionInfo {
  const { iat, exp, loginTs, usedAt, acr, device } = row;
  return {
    sid,
    subject: row.accountId,
    startedAt: (iat ?? loginTs ?? 0) * 1000,
    expiresAt: exp * 1000,
    amr: row.amr ?? [],
    clients: Object.keys(row.authorizations ?? {}),
    ...(usedAt === undefined ? {} : { lastUsedAt: usedAt }),
    ...(acr === undefined ? {} : { acr }),
    ...(loginTs === undefined ? {} : { authTime: loginTs * 1000 }),
    ...(device === undefined ? {} : { address: device.address, userAgent: device.agent }),
  };
}
