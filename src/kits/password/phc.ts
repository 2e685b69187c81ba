/** Password hashes as text: `$argon2id$v=19$m=19456,t=2,p=1$salt$tag` (PHC string format, RFC 9106). */

/** Cost of argon2id: memory in KiB, passes, lanes. */
export interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
}

/** One stored hash, taken apart. */
export interface Hash extends Cost {
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** Bounds: a row that says m=2^31 must not take the server's memory, nor t=10^9 its time. */
const MOST_MEMORY = 262_144;
const MOST_PASSES = 64;
const MOST_LANES = 16;
/** KiB times passes: a second or two. */
const MOST_WORK = 1_048_576;

const SHAPE =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Whether a cost is within what this server agrees to spend on one hash (RFC 9106 §3.1: m is at least 8p). */
export function affordable({ memory, passes, lanes }: Cost): boolean {
  return (
    [memory, passes, lanes].every((part) => Number.isInteger(part) && part >= 1) &&
    memory <= MOST_MEMORY &&
    passes <= MOST_PASSES &&
    lanes <= MOST_LANES &&
    memory >= 8 * lanes &&
    memory * passes <= MOST_WORK
  );
}

/** Writes a hash as one line of text. */
export function formatHash({ memory, passes, lanes, salt, tag }: Hash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${encode(salt)}$${encode(tag)}`;
}

/** Reads a hash; undefined for anything that `formatHash` would not write or that costs too much. */
export function parseHash(text: string): Hash | undefined {
  const [, memory, passes, lanes, salt, tag] = SHAPE.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const hash: Hash = {
    memory: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
  return affordable(hash) && formatHash(hash) === text ? hash : undefined;
}

const encode = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");
