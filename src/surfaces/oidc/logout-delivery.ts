/**
 * Tells applications that a session has ended, until they have heard or a day is over. Of several nodes one tells; an
 * application that is away delays no other one. Put to work by compose; it ends no session itself.
 */
import { createPrivateKey, randomBytes, sign } from "node:crypto";
import type { Audit } from "../../core/audit.ts";
import type { Keys } from "../../core/keys.ts";
import type { Storage } from "../../core/records.ts";
import type { ClientSettings } from "../../core/settings.ts";
import type { Clock } from "../../core/words.ts";
import type { PostOutward } from "../../kits/http/outward.ts";
import { endOf, FRESH, type LogoutRow, logoutRows, waitingFor } from "./logout-queue.ts";

const SECOND = 1_000;
const MINUTE = 60_000;
/** Waits after the first, the second, … attempt that failed; the last one counts for all further ones. */
const WAITS = [10 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 60 * MINUTE];
/** Longer than an attempt can take: a node that died in the middle of one is followed by another. */
const LEASE = 30 * SECOND;
const AT_ONCE = 50;
/** Seconds a logout token is good for (Back-Channel Logout 1.0 §2.4 recommends two minutes at most). */
const TOKEN_LIFE = 120;

export interface LogoutDelivery {
  /** Tells whom there is to tell now. */
  sweep(): Promise<void>;
}

export function createLogoutDelivery(deps: {
  readonly storage: Storage;
  readonly clients: () => readonly ClientSettings[];
  readonly keys: Pick<Keys, "signing">;
  readonly issuer: string;
  readonly audit: Pick<Audit, "append">;
  readonly post: PostOutward;
  readonly now: Clock;
}): LogoutDelivery {
  const { storage, audit, post, now } = deps;
  const rows = logoutRows(storage);

  /** Takes a row whose time has come; undefined where another node has it. */
  const claim = ({ id }: LogoutRow): Promise<LogoutRow | undefined> =>
    rows.update(id, (current) => {
      if (current === undefined || current.notBefore > now()) return { result: undefined };
      const write = { ...current, attempts: current.attempts + 1, notBefore: now() + LEASE };
      return {
        result: write,
        write,
        expiresAt: endOf(current),
        group: waitingFor(current.client),
      };
    });

  async function tell(row: LogoutRow, client: ClientSettings, uri: string): Promise<string | undefined> {
    try {
      const status = await post(uri, { logout_token: logoutToken(row, client, deps) });
      return status === 200 || status === 204 ? undefined : `answered ${status}`;
    } catch (problem) {
      return problem instanceof Error ? problem.message.slice(0, 80) : "unknown";
    }
  }

  /** False: the application is not to be reached now. */
  async function attempt(due: LogoutRow): Promise<boolean> {
    const row = await claim(due);
    if (row === undefined) return true;
    const client = deps.clients().find(({ client_id }) => client_id === row.client);
    const uri = client?.backchannel_logout_uri;
    // The application is gone, or wants to be told no more.
    const trouble = client === undefined || uri === undefined ? undefined : await tell(row, client, uri);
    if (trouble === undefined) {
      await rows.remove(row.id);
      return true;
    }
    const wait = WAITS[Math.min(row.attempts, WAITS.length) - 1] ?? MINUTE;
    if (now() + wait > row.until) {
      const facts = { attempts: row.attempts, reason: trouble };
      const event = { kind: "logout-undelivered", at: now(), facts } as const;
      const about = { subject: row.subject, client: row.client };
      await audit.append({ ...event, ...about });
      await rows.remove(row.id);
      return false;
    }
    const next = { ...row, notBefore: now() + wait };
    await rows.put(row.id, next, endOf(row), waitingFor(row.client));
    return false;
  }

  async function inTurn(due: readonly LogoutRow[]): Promise<void> {
    for (const row of due) if (row.notBefore <= now() && !(await attempt(row))) return;
  }

  let underWay: Promise<void> | undefined;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      const fresh = await rows.list(FRESH, AT_ONCE);
      const byClient = Map.groupBy(fresh, ({ client }) => client);
      for (const { client_id: client, backchannel_logout_uri: uri } of deps.clients())
        if (uri !== undefined) {
          const waiting = await rows.list(waitingFor(client), AT_ONCE);
          const due = waiting.filter(({ notBefore }) => notBefore <= now());
          if (due.length > 0) byClient.set(client, [...(byClient.get(client) ?? []), ...due]);
        }
      await Promise.all([...byClient.values()].map(inTurn));
      if (fresh.length === AT_ONCE) again = true;
    } while (again);
  }

  return {
    sweep() {
      // Who comes while it goes through the rows is served by one more round.
      again = true;
      underWay ??= run().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
  };
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Back-Channel Logout 1.0 §2.4, signed as the application's ID tokens are. */
function logoutToken(
  { subject, sid }: LogoutRow,
  client: ClientSettings,
  { keys, issuer, now }: { keys: Pick<Keys, "signing">; issuer: string; now: Clock },
): string {
  const { id_token_signed_response_alg: alg } = client;
  const jwk = keys.signing().find((key) => key.alg === alg);
  const iat = Math.floor(now() / SECOND);
  const claims = {
    iss: issuer,
    aud: client.client_id,
    iat,
    exp: iat + TOKEN_LIFE,
    jti: randomBytes(16).toString("base64url"),
    sub: subject,
    ...(sid === undefined ? {} : { sid }),
    events: { "http://schemas.openid.net/event/backchannel-logout": {} },
  };
  const text = `${part({ alg, typ: "logout+jwt", kid: jwk?.kid })}.${part(claims)}`;
  const key = createPrivateKey({ key: jwk as never, format: "jwk" });
  const mac = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${mac.toString("base64url")}`;
}
