/** Authenticators over an AuthenticatorStore: their data is JSON, sealed to the row it stands in. */
import { randomInt, randomUUID } from "node:crypto";
import type {
  Authenticator,
  AuthenticatorRow,
  AuthenticatorStore,
  Authenticators,
} from "./authenticators.ts";
import type { Sealer } from "./seal.ts";
import type { Clock, Json } from "./words.ts";

export interface AuthenticatorsDeps {
  readonly store: AuthenticatorStore;
  readonly sealer: Sealer;
  readonly now: Clock;
}

/** Makes the permanent, sealed authenticators. */
export function createAuthenticators({
  store,
  sealer,
  now,
}: AuthenticatorsDeps): Authenticators & { get(id: string): Promise<Authenticator | undefined> } {
  const label = (id: string) => `authenticator\0${id}`;

  const seal = (row: Pick<AuthenticatorRow, "id" | "subject" | "kind" | "key">, data: Json) =>
    sealer.seal(label(row.id), Buffer.from(JSON.stringify([row.subject, row.kind, row.key, data])));

  // Subject, kind and key are sealed too: whoever can write to the database cannot give a phone to somebody else.
  function open(row: AuthenticatorRow): Authenticator {
    const text = Buffer.from(sealer.open(label(row.id), row.data)).toString();
    const [subject, kind, key, data] = JSON.parse(text) as [string, string, string, Json];
    return {
      id: row.id,
      subject,
      kind,
      key,
      data,
      boundAt: row.boundAt,
      boundBy: row.boundBy,
      version: row.version,
    };
  }

  return {
    async get(id) {
      const row = await store.get(id);
      return row === undefined ? undefined : open(row);
    },
    async list(subject, kind) {
      const found = (await store.list(subject, kind)).map(open);
      return found.filter((one) => one.subject === subject && (kind === undefined || one.kind === kind));
    },
    async find(kind, key) {
      const found = (await store.find(kind, key)).map(open);
      return found.filter((one) => one.kind === kind && one.key === key);
    },
    async bind({ subject, kind, key, data, boundBy }) {
      const row = { id: randomUUID(), subject, kind, key };
      const version = randomInt(2 ** 47);
      return open(await store.add({ ...row, data: seal(row, data), boundAt: now(), boundBy, version }));
    },
    async update(id, version, data) {
      const current = await store.get(id);
      if (current === undefined || current.version !== version) return false;
      const { subject, kind, key } = open(current);
      const next = seal({ id, subject, kind, key }, data);
      return store.update(id, version, { version: randomInt(2 ** 47), data: next });
    },
    unbind: (id, by, reason) => store.remove(id, now(), by, reason),
    everHad: (subject, ...kinds) => store.everHad(subject, kinds),
  };
}
