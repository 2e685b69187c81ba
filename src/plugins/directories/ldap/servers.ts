/**
 * The servers of one directory: which is asked, when another one is, and when none is any more for a while. An answer of
 * any kind is a sign of life; silence, a closed connection or nonsense is none.
 */
import { createBreaker } from "../../../core/breaker.ts";
import type { Clock } from "../../../core/words.ts";
import { type Link, openLink, Refused, unavailable } from "./link.ts";
import { createPool } from "./pool.ts";
import type { LdapConfig } from "./schema.ts";

/** After so many failures the directory is left alone for a while; then one request finds out whether it is back. */
const RULES = { failures: 3, windowMs: 30_000, restMs: 5_000 };
/** How long a server that could not be reached is asked last. */
const SHUNNED = 30_000;
const IDLE = 60_000;
/** busy, unavailable (RFC 4511 §4.1.9): the server answers, and does not serve. */
const NO_SERVICE = [51, 52];

export interface Servers {
  /** As the account of the configuration. */
  asReader<T>(act: (link: Link) => Promise<T>): Promise<T>;
  /** As nobody yet: `act` binds. */
  asNobody<T>(act: (link: Link) => Promise<T>): Promise<T>;
  /** Whether the directory is left alone at this moment. */
  readonly isResting: boolean;
  close(): void;
}

export function createServers(config: LdapConfig, ca: string | undefined, now: Clock): Servers {
  const breaker = createBreaker(RULES, now);
  const shunned = new Map<string, number>();

  async function open(prepare: (link: Link) => Promise<void>): Promise<Link> {
    const rank = (url: string) => ((shunned.get(url) ?? 0) > now() ? 1 : 0);
    const urls = [...config.urls].sort((a, b) => rank(a) - rank(b));
    let last: unknown;
    for (const url of urls) {
      let link: Link | undefined;
      try {
        link = await openLink(url, config, ca);
        await prepare(link);
        shunned.delete(url);
        return link;
      } catch (problem) {
        link?.close();
        shunned.set(url, now() + SHUNNED);
        last = problem instanceof Refused ? readerRefused(problem) : problem;
      }
    }
    throw last;
  }

  function readerRefused(problem: Refused) {
    const { name, bind_dn: dn } = config;
    return unavailable(
      problem.code === 49
        ? `directory ${name}: ${dn} may not bind; mend bind_dn or bind_password`
        : `directory ${name}: the bind of ${dn} is refused (result code ${problem.code})`,
      problem,
    );
  }

  const bindReader = async (link: Link) => {
    if (config.bind_dn !== undefined) await link.bind(config.bind_dn, config.bind_password?.reveal() ?? "");
  };
  const pool = (prepare: (link: Link) => Promise<void>) =>
    createPool({
      most: config.connections,
      open: () => open(prepare),
      patience: config.operation_seconds * 1000,
      idle: IDLE,
    });
  const readers = pool(bindReader);
  const binders = pool(async () => {});

  async function guarded<T>(from: typeof readers, act: (link: Link) => Promise<T>): Promise<T> {
    if (!breaker.admits())
      throw unavailable(`directory ${config.name} has not answered and is left alone for a moment`);
    try {
      const first = await from.use(async (link): Promise<{ readonly of: T } | undefined> => {
        const { isUsed } = link;
        try {
          return { of: await act(link) };
        } catch (problem) {
          // A server closes connections that nobody uses: that is told by the next request on one, and is no failure.
          if (problem instanceof Refused || !isUsed || !isClosed(problem)) throw problem;
          return undefined;
        }
      });
      const result = first === undefined ? await from.use(act, true) : first.of;
      breaker.told(true);
      return result;
    } catch (problem) {
      breaker.told(problem instanceof Refused && !NO_SERVICE.includes(problem.code));
      throw problem;
    }
  }

  return {
    asReader: (act) => guarded(readers, act),
    asNobody: (act) => guarded(binders, act),
    get isResting() {
      return breaker.isOpen;
    },
    close() {
      readers.close();
      binders.close();
    },
  };
}

const isClosed = (problem: unknown): boolean =>
  problem instanceof Error && /closed|ended|ECONNRESET|EPIPE|not established/i.test(problem.message);
