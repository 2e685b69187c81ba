/**
 * Passwords as tools see them: normal form, argon2id hashes, length and blocklist rules. This folder owns the one place
 * where password hashes are compared (here) and the bound on how many are computed at a time. Called by directories
 * that keep passwords. It knows no people, stores nothing and never logs what it is given.
 */
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { Breakage } from "../../core/errors.ts";
import { type ForeignHash, readForeign } from "./foreign.ts";
import { affordable, type Cost, formatHash, type Hash, parseHash } from "./phc.ts";
import { createTurnstile, type TurnstileStats } from "./turnstile.ts";

/** OWASP ASVS 5.0 appendix C: argon2id with 19 MiB, two passes, one lane. */
export const DEFAULT_COST: Cost = { memory: 19_456, passes: 2, lanes: 1 };

export interface HashingOptions {
  readonly cost?: Cost | undefined;
  /** Hashes at a time; the number of processors, at most three, if not given. */
  readonly atOnce?: number | undefined;
  /** How many may wait for their turn; 64 if not given. */
  readonly waiting?: number | undefined;
  /** Longest wait in milliseconds; 5000 if not given. */
  readonly longestWait?: number | undefined;
}

/** `outdated`: the stored hash has another cost than this server's; set it anew while the password is at hand. */
export type Verdict = { readonly right: false } | { readonly right: true; readonly outdated: boolean };

/** Hashes of other servers that people here still have, so that everybody's answer takes the work of all of them (P11). */
export interface Others {
  /** See ForeignHash. */
  readonly forms: readonly string[];
  /** The password as it was typed: other servers have hashed that. */
  readonly typed: string;
}

export interface Hashing {
  /** A hash of nothing at today's cost, to be put where somebody who does not exist would have theirs. Never right. */
  readonly decoy: string;
  /** Hashes a password in normal form under a fresh salt. Throws Breakage `hashing-busy`. */
  hash(password: string): Promise<string>;
  /**
   * Compares in constant time. Takes as much work when there is nothing to compare with (the decoy; `password` undefined:
   * nobody can have it) and when the stored hash was made at a lower cost. Throws Breakage `hashing-busy`, and
   * `store-damaged` for a stored hash that cannot be read.
   */
  verify(stored: string, password: string | undefined, others?: Others): Promise<Verdict>;
  stats(): TurnstileStats;
}

const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** libuv has four threads; one is left for files and names, so that logins never hold up everything else (M27). */
const MOST_AT_ONCE = 3;

const compute = promisify<"argon2id", Argon2Parameters, Buffer>(argon2);

/** Makes the hashing of one process. Throws Breakage `configuration-invalid` for a cost beyond all bounds. */
export function createHashing(options: HashingOptions = {}): Hashing {
  const { cost = DEFAULT_COST, waiting = 64, longestWait = 5_000 } = options;
  const { atOnce = Math.min(availableParallelism(), MOST_AT_ONCE) } = options;
  if (!affordable(cost))
    throw new Breakage("configuration-invalid", "argon2: the memory, passes or lanes are out of bounds.");
  const turnstile = createTurnstile({ atOnce, waiting, longestWait });
  const decoy = formatHash({ ...cost, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) });

  return {
    decoy,

    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      const tag = await turnstile.pass(() => derive(password, { ...cost, salt }, TAG_BYTES));
      return formatHash({ ...cost, salt, tag });
    },

    async verify(stored, password, { forms, typed } = { forms: [], typed: "" }) {
      const own = parseHash(stored);
      const foreign = own === undefined ? readForeign(stored) : undefined;
      const hash = own ?? (foreign === undefined ? undefined : parseHash(decoy));
      if (hash === undefined)
        throw new Breakage("store-damaged", "A stored password hash cannot be read; set that password anew.");
      const equal = await turnstile.pass(async () => {
        const tag = await derive(password ?? "", hash, hash.tag.length);
        await makeUp(hash, cost);
        const same = timingSafeEqual(tag, hash.tag);
        const matched = await matchOthers(foreign, password === undefined ? "" : typed, forms);
        return foreign === undefined ? same : matched;
      });
      if (!equal || stored === decoy || password === undefined) return { right: false };
      if (foreign !== undefined) return { right: true, outdated: true };
      const same =
        hash.memory === cost.memory &&
        hash.passes === cost.passes &&
        hash.lanes === cost.lanes &&
        hash.salt.length >= SALT_BYTES &&
        hash.tag.length >= TAG_BYTES;
      return { right: true, outdated: !same && work(hash) <= work(cost) };
    },

    stats: turnstile.stats,
  };
}

/**
 * Spends what a cheaper stored hash has saved: otherwise the quick answer tells that the name exists (P11). Good where
 * memory was raised, or passes; where one was raised and the other lowered, memory speed decides how good.
 */
async function makeUp(hash: Cost, cost: Cost): Promise<void> {
  const memory = Math.floor((work(cost) - work(hash)) / cost.passes);
  if (memory < 8 * cost.lanes) return;
  await derive("", { ...cost, memory, salt: Buffer.alloc(SALT_BYTES) }, TAG_BYTES);
}

/** Does the work of every form once: with the person's own hash where it has that form, else with nobody's. */
async function matchOthers(
  own: ForeignHash | undefined,
  typed: string,
  forms: readonly string[],
): Promise<boolean> {
  let right = false;
  const all = new Set(own === undefined ? forms : [...forms, own.form]);
  for (const form of all) {
    if (form === own?.form) right = await own.matches(typed);
    else await readForeign(form)?.matches(typed);
  }
  return right;
}

const work = ({ memory, passes }: Cost): number => memory * passes;

function derive(password: string, { memory, passes, lanes, salt }: Omit<Hash, "tag">, bytes: number) {
  return compute("argon2id", {
    message: Buffer.from(password, "utf8"),
    nonce: salt,
    memory,
    passes,
    parallelism: lanes,
    tagLength: bytes,
  });
}
