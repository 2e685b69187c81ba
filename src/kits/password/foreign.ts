/**
 * Password hashes that other servers have made, as they stand in exports: compared once, then replaced by our own. A hash
 * is read into the work it takes; what would take too much, or lets two passwords be one, is not read at all.
 */
import {
  type Argon2Algorithm,
  type Argon2Parameters,
  argon2,
  createHash,
  pbkdf2,
  type ScryptOptions,
  scrypt,
  timingSafeEqual,
} from "node:crypto";
import { promisify } from "node:util";
import { compareInThread } from "./crypt-thread.ts";
import { affordable, formatHash, parseHash } from "./phc.ts";

/** A hash of another server. */
export interface ForeignHash {
  /** The same hash without anybody's salt and tag: what takes the same work, for whoever has no such hash (P11). */
  readonly form: string;
  /** Whether the password, as it was typed, is the one. */
  matches(password: string): Promise<boolean>;
}

const MOST_ITERATIONS = 2_000_000;
const MOST_ROUNDS = 200_000;
const MOST_BCRYPT = 14;
const MOST_SCRYPT = 128 * 1024 * 1024;
const MOST_BYTES = 512;

const asPbkdf2 = promisify(pbkdf2);
const asScrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const asArgon2 = promisify<Argon2Algorithm, Argon2Parameters, Buffer>(argon2);

/** Standard, URL-safe and passlib's base64 (`.` for `+`), with or without padding; undefined for anything else. */
function bytesOf(text: string | undefined): Buffer | undefined {
  if (text === undefined || !/^[\w+/.-]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll(".", "+"), "base64");
  return bytes.length === 0 || bytes.length > MOST_BYTES ? undefined : bytes;
}

const plain = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");
const blank = (bytes: Buffer): string => plain(Buffer.alloc(bytes.length));

/** `{SSHA512}…`: a digest of password and salt, the salt behind it; without the first S there is no salt. */
function digest(name: string, text: string): ForeignHash | undefined {
  const [, salted = "", size = "1"] = /^(S?)SHA-?(1|256|384|512)?$/.exec(name) ?? [];
  const algorithm = `sha${size}`;
  const length = size === "1" ? 20 : Number(size) / 8;
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? bytesOf(text) : undefined;
  if (!/^S?SHA/.test(name) || bytes === undefined) return undefined;
  if (salted === "" ? bytes.length !== length : bytes.length <= length) return undefined;
  const [tag, salt] = [bytes.subarray(0, length), bytes.subarray(length)];
  return {
    form: `{${salted}SHA${size === "1" ? "" : size}}${Buffer.alloc(bytes.length).toString("base64")}`,
    matches: async (password) =>
      timingSafeEqual(createHash(algorithm).update(password).update(salt).digest(), tag),
  };
}

function stretched(
  algorithm: string,
  iterations: number,
  salt: Buffer | undefined,
  tag: Buffer | undefined,
): ForeignHash | undefined {
  if (salt === undefined || tag === undefined || !/^sha(1|256|384|512)$/.test(algorithm)) return undefined;
  if (tag.length < 16 || !(iterations >= 1 && iterations <= MOST_ITERATIONS)) return undefined;
  return {
    form: `$pbkdf2-${algorithm}$${iterations}$${blank(salt)}$${blank(tag)}`,
    matches: async (password) =>
      timingSafeEqual(await asPbkdf2(password, salt, iterations, tag.length, algorithm), tag),
  };
}

/** passlib's `$pbkdf2-sha256$27500$salt$tag`, and the same with `i=27500,l=64`. */
function pbkdf2Of(text: string): ForeignHash | undefined {
  const [, algorithm = "sha1", count, salt, tag] =
    /^\$pbkdf2(?:-(sha\d+))?\$(?:i=)?(\d{1,8})(?:,l=\d+)?\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  return stretched(algorithm, Number(count), bytesOf(salt), bytesOf(tag));
}

/** OpenLDAP's `{PBKDF2-SHA256}10000$salt$tag`, and 389 Directory Server's count, salt and tag in one. */
function ldapPbkdf2(name: string, text: string): ForeignHash | undefined {
  if (name === "PBKDF2_SHA256") {
    const bytes = bytesOf(text);
    if (bytes?.length !== 4 + 64 + 256) return undefined;
    return stretched("sha256", bytes.readUInt32BE(0), bytes.subarray(4, 68), bytes.subarray(68));
  }
  const [, algorithm = "SHA1"] = /^PBKDF2(?:-(SHA\d+))?$/.exec(name) ?? [];
  const [count, salt, tag] = text.split("$");
  return stretched(algorithm.toLowerCase(), Number(count), bytesOf(salt), bytesOf(tag));
}

function scryptOf(text: string): ForeignHash | undefined {
  const [, ln, r, p, saltText, tagText] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  const [salt, tag] = [bytesOf(saltText), bytesOf(tagText)];
  const [cost, blockSize, parallelization] = [2 ** Number(ln), Number(r), Number(p)];
  if (salt === undefined || tag === undefined || tag.length < 16) return undefined;
  const memory = 128 * cost * blockSize;
  if (!(cost >= 2 && blockSize >= 1 && parallelization >= 1 && memory * parallelization <= MOST_SCRYPT))
    return undefined;
  const options = { cost, blockSize, parallelization, maxmem: memory * 2 };
  return {
    form: `$scrypt$ln=${ln},r=${r},p=${p}$${blank(salt)}$${blank(tag)}`,
    matches: async (password) => timingSafeEqual(await asScrypt(password, salt, tag.length, options), tag),
  };
}

/** argon2i and argon2d, version 1.3 alone; argon2id is our own kind (phc.ts). */
function argon2Of(text: string): ForeignHash | undefined {
  const [, algorithm = "", m, t, p, saltText, tagText] =
    /^\$(argon2[id])\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  const cost = { memory: Number(m), passes: Number(t), lanes: Number(p) };
  const [salt, tag] = [bytesOf(saltText), bytesOf(tagText)];
  if (salt === undefined || tag === undefined || salt.length < 8 || tag.length < 16 || !affordable(cost))
    return undefined;
  const { memory, passes, lanes } = cost;
  return {
    form: `$${algorithm}$v=19$m=${m},t=${t},p=${p}$${blank(salt)}$${blank(tag)}`,
    matches: async (password) =>
      timingSafeEqual(
        await asArgon2(algorithm as Argon2Algorithm, {
          message: password,
          nonce: salt,
          memory,
          passes,
          parallelism: lanes,
          tagLength: tag.length,
        }),
        tag,
      ),
  };
}

const inThread = (hash: string, form: string): ForeignHash => ({
  form,
  matches: (password) => compareInThread(hash, password),
});

function bcryptOf(text: string): ForeignHash | undefined {
  const [, cost] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text) ?? [];
  if (!(Number(cost) >= 4 && Number(cost) <= MOST_BCRYPT)) return undefined;
  return inThread(text, `$2b$${cost}$${".".repeat(53)}`);
}

function shaCryptOf(text: string): ForeignHash | undefined {
  const [, kind, rounds, salt = "", tag = ""] =
    /^\$([56])\$(?:rounds=(\d{4,7})\$)?([./A-Za-z0-9]{1,16})\$([./A-Za-z0-9]{43}|[./A-Za-z0-9]{86})$/.exec(
      text,
    ) ?? [];
  if (kind === undefined || tag.length !== (kind === "5" ? 43 : 86)) return undefined;
  if (rounds !== undefined && !(Number(rounds) >= 1000 && Number(rounds) <= MOST_ROUNDS)) return undefined;
  const count = rounds === undefined ? "" : `rounds=${rounds}$`;
  return inThread(text, `$${kind}$${count}${".".repeat(salt.length)}$${".".repeat(tag.length)}`);
}

/** Weak, and no way to make two passwords one: compared once, then it is gone. DES is not read, it looks at 8 characters. */
function md5CryptOf(text: string): ForeignHash | undefined {
  const [, salt] = /^\$1\$([./A-Za-z0-9]{1,8})\$[./A-Za-z0-9]{22}$/.exec(text) ?? [];
  return salt === undefined ? undefined : inThread(text, `$1$${".".repeat(salt.length)}$${".".repeat(22)}`);
}

const BARE = [pbkdf2Of, scryptOf, argon2Of, bcryptOf, shaCryptOf, md5CryptOf];
const bare = (text: string): ForeignHash | undefined => {
  for (const read of BARE) {
    const found = read(text);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Reads a hash of another server; undefined for what is unknown, too costly, or no hash at all. */
export function readForeign(text: string): ForeignHash | undefined {
  if (text.length > 2_000) return undefined;
  const [, scheme, rest = ""] = /^\{([\w-]{2,20})\}(.*)$/.exec(text) ?? [];
  if (scheme === undefined) return bare(text);
  const name = scheme.toUpperCase();
  if (/^(CRYPT|BCRYPT|ARGON2|SCRYPT)$/.test(name)) return bare(rest);
  return name.startsWith("PBKDF2") ? ldapPbkdf2(name, rest) : digest(name, rest);
}

/** The hash as this server may keep it, and its form where it is not our own; or why not, as half a sentence. */
export function takeHash(
  text: string,
): { readonly hash: string; readonly form?: string | undefined } | { readonly why: string } {
  const inner = text.replace(/^\{ARGON2\}/i, "");
  const own = parseHash(inner);
  if (own !== undefined) return { hash: formatHash(own) };
  const foreign = readForeign(text);
  if (foreign !== undefined) return { hash: text, form: foreign.form };
  if (!/^[{$]/.test(text)) return { why: "the password is no hash; passwords in the clear are not taken in" };
  const name = /^(?:\{CRYPT\})?(\{[\w-]+\}|\$[\w-]+\$|)/i.exec(text)?.[1] || "{CRYPT} (DES)";
  return { why: `a hash of the kind ${name.slice(0, 30)} cannot be checked here, or costs too much` };
}
