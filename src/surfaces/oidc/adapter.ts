/**
 * The engine's storage port over ours. Row keys are hashed and values sealed below (core/storage.ts), so no token,
 * code or session cookie stands in the database.
 */
import type { Adapter, AdapterPayload } from "oidc-provider";
import { errors, Provider } from "oidc-provider";
import { loginRows, loginWrite } from "../../core/login.ts";
import type { Records, Storage } from "../../core/records.ts";
import type { Clock, EpochMs, Json } from "../../core/words.ts";
import { letSettle } from "./begin-early.ts";
import { createPolls } from "./device-polls.ts";
import { handedOn } from "./hand-on.ts";
import { type HeldWrites, tooLate } from "./held-writes.ts";
import { BY_PERSON, endedSessions } from "./sessions.ts";
import type { ToldActs } from "./told-acts.ts";

/** Seconds a row lives for which the engine names no life. */
const LONGEST = 14 * 86_400;

/** Where a row says which session it came of. */
const OF_SESSION: Readonly<Record<string, "uid" | "sessionUid">> = {
  Session: "uid",
  AuthorizationCode: "sessionUid",
  DeviceCode: "sessionUid",
  AccessToken: "sessionUid",
  RefreshToken: "sessionUid",
};

/** Longer than a request takes. */
const REQUEST_MS = 3_600_000;

/** Fields of a device code that a person has answered, or that was redeemed. */
const ANSWERED = ["accountId", "error", "consumed"];

type Payload = { readonly [key: string]: Json | undefined };

/** Creates the factory the engine calls once per model name. */
export function createAdapterFactory(
  storage: Storage,
  held: HeldWrites,
  told: ToldActs,
  now: Clock,
): (model: string) => Adapter {
  const isEnded = createEndedLook(storage);
  return (model) => createAdapter(model, storage, held, told, now, isEnded);
}

/**
 * A token and the session it came of are looked up in one request, and their session's mark but once. What is ended
 * while that request runs was ended after it; what it gives out then is under the mark for whoever shows it.
 */
function createEndedLook(storage: Storage): (uid: string) => Promise<boolean> {
  const ended = endedSessions(storage);
  const alive = new WeakMap<object, string>();
  return async (uid) => {
    const { ctx } = Provider;
    if (ctx !== undefined && alive.get(ctx) === uid) return false;
    const is = (await ended.get(uid)) === true;
    if (!is && ctx?.oidc.route === "token") alive.set(ctx, uid);
    return is;
  };
}

/** Written in one request before the session that refers to them. */
const BEFORE_SESSION = ["Grant", "AuthorizationCode"];

function createAdapter(
  model: string,
  storage: Storage,
  held: HeldWrites,
  told: ToldActs,
  now: Clock,
  isEnded: (uid: string) => Promise<boolean>,
): Adapter {
  // The engine changes what it is given.
  const rows: Records<Payload> = storage.records(`oidc.${model}`, { copies: true });
  const uids: Records<string> = storage.records(`oidc.${model}.uid`);
  const grants: Records<Payload> = storage.records("oidc.Grant", { copies: true });
  const userCodes: Records<string> = storage.records(`oidc.${model}.user-code`);
  const poll = model === "DeviceCode" ? createPolls(storage, now) : undefined;
  const sessionField = OF_SESSION[model];
  const logins = loginRows(storage);
  /** Names of sessions that have ended, or go on under another: a request that had read one brings it back under none. */
  const gone = endedSessions(storage);

  /** A row as the engine gets it: not at all, where its session was ended from outside. */
  async function known(value: Payload | undefined): Promise<AdapterPayload | undefined> {
    const uid = sessionField === undefined ? undefined : value?.[sessionField];
    if (typeof uid === "string" && (await isEnded(uid))) return undefined;
    return value as AdapterPayload | undefined;
  }

  /** A login is resumed once: of parallel resumes one takes it, the others find it gone (M31). */
  async function takeUp(id: string): Promise<void> {
    const handed = handedOn(id);
    const { login } = ((handed ?? (await rows.get(id)))?.result ?? {}) as { login?: { loginId?: string } };
    // What stands there of a login before (a consent that follows it) has become a session already.
    const becomesSession = held.canWait() && login?.loginId === id;
    if (becomesSession) await holdLogin(id);
    const version = becomesSession && handed !== undefined ? rows.recall(id)?.version : undefined;
    // As it was found a moment ago, by the commit that makes a session of it.
    if (version !== undefined)
      held.hold({ model, id, write: rows.write(id, null, 0, { expect: version }), events: [] });
    else if ((await rows.take(id)) === undefined) throw tooLate();
  }

  /**
   * The commit that makes a session of a login finds it there: it may be ended with everything else of the person until
   * then (S07). Read, for what is remembered may be a write of another form that came to nothing.
   */
  async function holdLogin(id: string): Promise<void> {
    const found = await logins.read(id);
    if (found === undefined) throw tooLate();
    const write = loginWrite(logins, found.value, found.version);
    held.hold({ model: "login", id, write, events: [] });
  }

  return {
    async upsert(id, payload, expiresIn) {
      const given = told.withLogin(model, payload) as unknown as Payload;
      const value = model === "Session" ? { ...given, usedAt: now() } : given;
      const end = now() + (expiresIn ?? LONGEST) * 1000;
      const group = payload.grantId ?? (BY_PERSON.includes(model) ? payload.accountId : undefined);
      // A result belongs to a login that is there: a tab that is late must not bring one back that was resumed (M31).
      if (model === "Interaction" && payload.result !== undefined) {
        const change = (current: Payload | undefined) =>
          current === undefined ? { result: false } : { result: true, write: value, expiresAt: end };
        if (await rows.update(id, change)) return;
        throw tooLate();
      }
      // What was answered stays answered, and what was redeemed stays redeemed: of two parallel answers one counts.
      if (model === "DeviceCode" && (await rows.get(id)) !== undefined) {
        const change = (current: Payload | undefined) =>
          current === undefined || ANSWERED.some((field) => current[field] !== undefined)
            ? { result: false }
            : { result: true, write: value, expiresAt: end, ...(group === undefined ? {} : { group }) };
        if (await rows.update(id, change)) return;
        throw new errors.InvalidGrant("the code was answered already");
      }
      // The engine looks whether an assertion was seen before and then writes; of parallel ones several would pass.
      if (model === "ReplayDetection") {
        if (await storage.commit([rows.write(id, value, end, { expect: "absent" })])) return;
        throw new errors.InvalidClientAuth("client assertion tokens must only be used once");
      }
      const row = rows.write(id, value, end, group === undefined ? {} : { group });
      const events = told.written(model, payload);
      if (BEFORE_SESSION.includes(model) && held.canWait())
        held.hold({ model, id, payload, write: row, events });
      // Sessions are found by their uid too; interactions are named by it already.
      else if (model === "Session" && payload.uid !== undefined)
        await held.commit([
          row,
          uids.write(payload.uid, id, end, group === undefined ? {} : { group }),
          ...(goesOn(id) ? [gone.write(nameOf(id), null, 0, { expect: "absent" })] : []),
        ]);
      else if (model === "DeviceCode" && payload.userCode !== undefined)
        await storage.commit([row, userCodes.write(payload.userCode, id, end)]);
      else if (model === "Interaction") await letSettle(storage.commit([row]));
      // A token brings what was spent for it: the code that is redeemed.
      else if (held.canSpendLater()) await held.commit([row], events);
      else await storage.commit([row], events);
    },
    async find(id) {
      const handed = model === "Interaction" ? handedOn(id) : undefined;
      if (handed !== undefined) return handed;
      const found = held.find(model, id) ?? (await known(await rows.get(id)));
      if (found !== undefined) await poll?.(id);
      return found;
    },
    async findByUid(uid) {
      // A session's name may have changed meanwhile, at another node too; then nothing is found under the old one.
      const remembered = uids.recall(uid)?.value;
      const found = remembered === undefined ? undefined : await rows.get(remembered);
      if (found?.uid === uid) return known(found);
      const id = await uids.get(uid);
      return id === undefined ? undefined : known(await rows.get(id));
    },
    async findByUserCode(userCode) {
      const id = await userCodes.get(userCode);
      return id === undefined ? undefined : known(await rows.get(id));
    },
    async consume(id) {
      // A request that was pushed goes with the code that is given on it, as a code with its token.
      const isPushed = model === "PushedAuthorizationRequest" && held.canWait();
      if (!isPushed) await held.commit([]);
      // The engine reads, looks and writes; of parallel redemptions several would pass. Here exactly one does: whoever
      // commits first the version that all have read, with what is given for it.
      const isCode = model === "AuthorizationCode" && held.canSpendLater();
      const seen = isCode ? rows.recall(id) : isPushed ? await rows.read(id) : undefined;
      if (seen !== undefined && seen.value.consumed === undefined) {
        const { write: payload, expiresAt, group } = consumed(seen.value, now());
        const write = rows.write(id, payload, expiresAt, { ...group, expect: seen.version });
        held.hold({ model, id, payload: payload as AdapterPayload, write, events: [], spends: true });
        return;
      }
      const won = await rows.update(id, (current) => {
        if (current === undefined || current.consumed !== undefined) return { result: false };
        const { group, ...change } = consumed(current, now());
        return { result: true, ...change, ...group };
      });
      if (won) return;
      if (model === "PushedAuthorizationRequest")
        throw new errors.InvalidRequestUri("request_uri was used already");
      throw new errors.InvalidGrant("already used");
    },
    async destroy(id) {
      // A session that goes on under a new name is written next, and brings what waits.
      if (model !== "Session") await held.commit([]);
      if (model === "Interaction") return takeUp(id);
      const events = await told.removed(
        model,
        async () => (await rows.get(id)) as AdapterPayload | undefined,
      );
      const mark = model === "Session" ? [gone.write(nameOf(id), true, now() + REQUEST_MS)] : [];
      // Under its new name it goes on in the same commit: should that fail, it is there under the old one.
      if (model === "Session" && isRenamed(id)) {
        held.hold({ model: "renamed", id, write: rows.write(id, null, 0), events });
        for (const write of mark) held.hold({ model: "renamed", id, write, events: [] });
        return;
      }
      await storage.commit([rows.write(id, null, 0), ...mark], events);
    },
    async revokeByGrantId(grantId) {
      await held.commit([]);
      const events = await told.grantEnded(
        model,
        async () => (await grants.get(grantId)) as AdapterPayload | undefined,
      );
      if (events.length > 0) await storage.commit([], events);
      await rows.removeGroup(grantId);
    },
  };
}

/** Marks by name stand beside those by uid, which a session that was ended from outside leaves (sessions.ts). */
const nameOf = (id: string) => `name ${id}`;

/** The session of the request at work. */
const sessionAtWork = () =>
  Provider.ctx?.oidc.session as
    | { readonly id: string; readonly new?: boolean; readonly oldId?: string }
    | undefined;

/** Whether the request at work has found this session and writes it back under the name it had (S03, S07). */
function goesOn(id: string): boolean {
  const session = sessionAtWork();
  return session?.id === id && session.new !== true && session.oldId === undefined;
}

/** Whether it goes on under another name. */
const isRenamed = (id: string): boolean => sessionAtWork()?.oldId === id;

/** The row of what was redeemed: it stays until it would have ended, so that a second use is known as one. */
function consumed(current: Payload, at: EpochMs) {
  const write = { ...current, consumed: Math.floor(at / 1000) };
  const expiresAt = typeof current.exp === "number" ? current.exp * 1000 : at + 60_000;
  return { write, expiresAt, group: typeof current.grantId === "string" ? { group: current.grantId } : {} };
}
