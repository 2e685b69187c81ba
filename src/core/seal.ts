/**
 * Seals what goes into a store and names its rows, so that a copy of the database shows neither a value nor which
 * token, session or number a row belongs to. Called by storage.ts and authenticator-box.ts; knows no record kinds.
 *
 * A sealed value: version 1 · length of the key id · key id · 16 bytes salt · 12 bytes nonce · ciphertext · 16 bytes tag.
 * AES-256-GCM (NIST SP 800-38D) under HMAC-SHA-256(key, context ‖ salt). A process draws a salt of its own and counts
 * nonces under it, so none repeats under one key however many messages and nodes there are; after 2^20 messages it
 * draws another. The header and the label are authenticated.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { Breakage } from "./errors.ts";
import type { Keys, NamedKey } from "./keys.ts";
import { createLately, createShelves } from "./lately.ts";
import { hmac, hmacText } from "./mac.ts";

export interface Sealer {
  /** Seals under the current key. The label says where the value belongs; it is not part of the result. */
  seal(label: string, plaintext: Uint8Array): Uint8Array;
  /** Throws Breakage `sealed-value-invalid` if a byte or the label differs, or the key is not known. */
  open(label: string, sealed: Uint8Array): Uint8Array;
  /** A keyed name of a value: HMAC-SHA-256 in base64url, 43 characters. Stays the same when sealing keys rotate. */
  lookup(label: string, value: string): string;
}

const VERSION = 1;
const SALT = 16;
const NONCE = 12;
const TAG = 16;
const MESSAGES_PER_SALT = 2 ** 20;
/** Salts whose key is kept: those of this process and of its neighbours, and of some before them. */
const LEAST_KEYS = 128;
/** Names kept of rows that were asked for lately. */
const LEAST_NAMES = 1000;
const LONGEST_NAME = 256;
/** Bytes of a label that need no memory of their own. */
const LABEL_ROOM = 512;
const CONTEXT = Buffer.from("sallyport seal v1");

interface Ring {
  readonly from: readonly NamedKey[];
  readonly current: Entry;
  readonly byId: ReadonlyMap<string, Entry>;
}

interface Entry {
  readonly header: Buffer;
  /** The header, and behind it room for a label. */
  readonly room: Buffer;
  readonly key: Uint8Array;
}

/** Makes a sealer over the keys of the purposes `seal` and `lookup`, which are asked for at every use. */
export function createSealer(keys: Pick<Keys, "secrets">, messagesPerSalt = MESSAGES_PER_SALT): Sealer {
  let ring: Ring | undefined;
  let names: { readonly from: readonly NamedKey[]; readonly key: Uint8Array } | undefined;

  function sealing(): Ring {
    const from = keys.secrets("seal");
    if (ring?.from !== from) ring = toRing(from);
    return ring;
  }

  function naming(): Uint8Array {
    const from = keys.secrets("lookup");
    if (names?.from !== from) {
      names = { from, key: first(from).bytes };
      found.clear();
    }
    return names.key;
  }

  let run: Run | undefined;
  const derived = createLately<string, KeyObject>(LEAST_KEYS);
  // A login names the same few rows again and again.
  const found = createShelves<string, string>(LEAST_NAMES);

  function keyFor(entry: Entry, salt: Buffer): KeyObject {
    const name = entry.header.toString("latin1") + salt.toString("latin1");
    const known = derived.get(name);
    if (known !== undefined) return known;
    const key = messageKey(entry.key, salt);
    derived.set(name, key);
    return key;
  }

  return {
    seal(label, plaintext) {
      const { current } = sealing();
      if (run?.entry !== current || run.count >= messagesPerSalt) run = startRun(current);
      const { head, key } = run;
      const nonce = nonceOf(run.count);
      run.count += 1;
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(authenticated(current, label));
      const body = cipher.update(plaintext);
      cipher.final();
      const start = head.length + NONCE;
      const sealed = Buffer.allocUnsafe(start + body.length + TAG);
      sealed.set(head);
      sealed.set(nonce, head.length);
      sealed.set(body, start);
      sealed.set(cipher.getAuthTag(), start + body.length);
      return sealed;
    },
    open(label, sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const start = 2 + (bytes[1] ?? 0);
      if (bytes[0] !== VERSION || bytes.length < start + SALT + NONCE + TAG) throw invalid();
      const entry = sealing().byId.get(bytes.toString("latin1", 2, start));
      if (entry === undefined) throw invalid();
      const fresh = bytes.subarray(start, start + SALT + NONCE);
      const decipher = createDecipheriv(
        "aes-256-gcm",
        keyFor(entry, fresh.subarray(0, SALT)),
        fresh.subarray(SALT),
        {
          authTagLength: TAG,
        },
      );
      decipher.setAAD(authenticated(entry, label));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
      const body = decipher.update(bytes.subarray(start + SALT + NONCE, bytes.length - TAG));
      try {
        decipher.final();
      } catch {
        throw invalid();
      }
      return body;
    },
    lookup(label, value) {
      const key = naming();
      const names = found.shelf(label);
      const known = names.get(value);
      if (known !== undefined) return known;
      // The zero byte keeps ("ab", "c") and ("a", "bc") apart; labels are constants of ours without one.
      const name = hmacText(key, `${label}\0${value}`);
      // A copy: a part of a request would keep all of it.
      if (value.length <= LONGEST_NAME) names.set(Buffer.from(value).toString(), name);
      return name;
    },
  };
}

/** A stretch of messages under one salt. */
interface Run {
  readonly entry: Entry;
  /** Header and salt, with which each of them begins. */
  readonly head: Buffer;
  readonly key: KeyObject;
  count: number;
}

function startRun(entry: Entry): Run {
  const salt = randomBytes(SALT);
  return { entry, head: Buffer.concat([entry.header, salt]), key: messageKey(entry.key, salt), count: 0 };
}

// What a cipher is given it has read before it is given anything else: these need no memory of their own each time.
const nonce = Buffer.alloc(NONCE);

function nonceOf(count: number): Buffer {
  nonce.writeUIntBE(count, NONCE - 6, 6);
  return nonce;
}

function messageKey(key: Uint8Array, salt: Buffer): KeyObject {
  // As a KeyObject: Node takes ten times as long to make a cipher from plain bytes.
  return createSecretKey(hmac(key, Buffer.concat([CONTEXT, salt])));
}

/** The header, and the label behind it. */
function authenticated({ header, room }: Entry, label: string): Buffer {
  if (header.length + label.length * 3 > room.length) return Buffer.concat([header, Buffer.from(label)]);
  return room.subarray(0, header.length + room.write(label, header.length));
}

function toRing(from: readonly NamedKey[]): Ring {
  const byId = new Map(from.map((named) => [named.id, toEntry(named)]));
  return { from, byId, current: byId.get(first(from).id) as Entry };
}

function toEntry({ id, bytes }: NamedKey): Entry {
  const name = Buffer.from(id, "latin1");
  const header = Buffer.concat([Buffer.of(VERSION, name.length), name]);
  return { header, room: Buffer.concat([header], header.length + LABEL_ROOM), key: bytes };
}

function first(keys: readonly NamedKey[]): NamedKey {
  const [key] = keys;
  if (key === undefined)
    throw new Breakage("key-unavailable", "There is no key to seal with; load the keys first.");
  return key;
}

const invalid = () =>
  new Breakage(
    "sealed-value-invalid",
    "A stored value was changed, moved or sealed under a key that is not here.",
  );
