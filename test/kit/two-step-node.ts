/**
 * A sign-in by password and code at one node over a store that several share: the walk, both factors, the codes and the
 * throttle are the product's; people, phones and gateways are not there. `around` sees every commit, and may hold it back.
 */
import { randomUUID } from "node:crypto";
import type { AuditEvent } from "../../src/core/audit.ts";
import { createCodes } from "../../src/core/codes.ts";
import type { User } from "../../src/core/directory.ts";
import { endLogins } from "../../src/core/login.ts";
import { createLoginEndings } from "../../src/core/login-endings.ts";
import { composeMechanism, type Step } from "../../src/core/mechanism.ts";
import type { ByteWrite } from "../../src/core/records.ts";
import { limitsSchema } from "../../src/core/settings.ts";
import { createThrottle, type ThrottleDeps } from "../../src/core/throttle.ts";
import { createWalk } from "../../src/core/walk.ts";
import { createPasswordFactor } from "../../src/plugins/factors/password/password.ts";
import type { SmsFactorDeps } from "../../src/plugins/factors/sms/deps.ts";
import { createSmsFactor } from "../../src/plugins/factors/sms/sms.ts";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { createStorage } from "./storage.ts";
import { testKeys, testSealer } from "./stores.ts";

export const RIGHT = "the right password";
export type TwoStepNode = ReturnType<typeof openTwoSteps>;
type Around = (kinds: readonly string[], commit: () => Promise<boolean>) => Promise<boolean>;

/** Who the page is shown to. */
export const visitorAt = (address: string) => ({ browser: "b", address, marks: [] });
const HERE = visitorAt("192.0.2.7");

/** Everybody whose name is asked for exists, and has one phone. `plain`: a step in place of the password's. */
export function openTwoSteps(store: SqlStore, around: Around = (_kinds, commit) => commit(), plain?: Step) {
  const { records } = store;
  const events: AuditEvent[] = [];
  const [compared, sent]: [string[], string[]] = [[], []];
  const now = Date.now;
  const kindsOf = (writes: readonly ByteWrite[]) => writes.map(({ kind }) => kind);
  const storage = createStorage({
    store: {
      ...records,
      commit: (writes, at) => around(kindsOf(writes), () => records.commit(writes, at)),
      commitTold: (writes, told, at) =>
        around(kindsOf(writes), async () => {
          const done = await records.commit(writes, at);
          if (done) events.push(...told);
          return done;
        }),
    },
    sealer: testSealer(),
    now,
  });
  const limits = () => limitsSchema.parse({});
  const keys = testKeys as never;
  const codes = createCodes({
    storage,
    keys,
    limits,
    now,
    newId: randomUUID,
    onCompared: (wrong) => compared.push(wrong ? "wrong code" : "right code"),
  });
  const throttles: ThrottleDeps = { records: storage.records("password-throttle"), now };
  const throttle = createThrottle(throttles);
  const personOf = (username: string): User =>
    ({ id: username, username, status: "active", claims: {}, roles: [] }) as unknown as User;
  const throttled = createPasswordFactor({
    directory: {
      find: async (name: string) => personOf(name),
      async checkPassword(name: string, typed: { reveal(): string }) {
        const right = typed.reveal() === RIGHT;
        compared.push(right ? "right password" : "wrong password");
        return right ? { kind: "right", user: personOf(name) } : { kind: "wrong" };
      },
    } as never,
    throttle,
    devices: { knows: () => false } as never,
    now,
  });
  const password = plain === undefined ? throttled : { ...throttled, challenge: plain };
  const sms = createSmsFactor({
    codes,
    testNumberOf: () => undefined,
    hasRole: async () => false,
    sending: { reserve: async () => ({ kind: "go" }) },
    devices: { knows: () => false },
    notices: { sendOnce: async () => {} } as never,
    noticeAfter: () => 3,
    authenticators: {
      list: async (subject: string) => [
        { id: `of ${subject}`, subject, kind: "sms", data: { number: "+12025550143", country: "US" } },
      ],
    } as never,
    newNumberHours: () => 24,
    storage,
    now,
    host: "id.example.test",
    canCall: async () => false,
    mostSends: () => 5,
    mostTries: () => 5,
    phoneKey: (e164: string) => e164,
  } as unknown as SmsFactorDeps);
  const endings = createLoginEndings(storage, now);
  const mechanism = composeMechanism({ acr: "two", level: 40, requires: ["password", "sms"] });
  const walk = createWalk({
    storage,
    mechanisms: async () => [mechanism],
    factors: new Map([password, sms].map((one) => [one.kind, one])),
    delivery: { deliver: async (key) => void sent.push(key) },
    audit: { append: async (event: AuditEvent) => void events.push(event) } as never,
    endings,
    limits,
    now,
  });
  /** Ends every login of a person but this one, as this node does it. */
  const endLoginsOf = (subject: string, but?: string) => endLogins({ storage, endings }, subject, but);
  const tell = (kind: AuditEvent["kind"]) => events.filter((one: AuditEvent) => one.kind === kind).length;

  return {
    storage,
    endLoginsOf,
    codes,
    throttle,
    walk,
    compared,
    sent,
    tell,
    /** Opens a login; answers its id. */
    async begin(visitor = HERE): Promise<string> {
      const id = randomUUID();
      await walk.begin({
        id,
        acr: "two",
        revision: 1,
        client: { id: "spa", name: "Spa" },
        locale: "en",
        visitor,
        proofs: [],
        notBefore: 0,
        username: "",
        pinned: false,
        restart: "",
        redirectUri: "",
      });
      return id;
    },
    /** The form of the page that shows now. */
    async turnOf(id: string, visitor = HERE): Promise<number> {
      const shown = await walk.show(id, visitor);
      return shown.kind === "page" ? shown.turn : -1;
    },
    submit: (id: string, turn: number, form: Record<string, string>, visitor = HERE) =>
      walk.submit(id, turn, form, visitor),
    /** Opens a login and shows the password; answers what the code page is about. */
    async toCode(username: string) {
      const id = await this.begin();
      const standing = await walk.submit(id, 0, { username, password: RIGHT }, HERE);
      if (standing.kind !== "open") throw new Error(standing.kind);
      const { challenge } = standing.login.state as { challenge: string };
      return { id, challenge, turn: standing.login.turn };
    },
    async digitsOf(challenge: string, login: string): Promise<string> {
      const found = await codes.look(challenge, login);
      if (found === undefined) throw new Error("no challenge");
      return codes.reveal(found).reveal();
    },
    /** What the throttle has written down of somebody. */
    throttled: async (username: string): Promise<number> =>
      (await throttle.look({ subject: username, username, address: HERE.address, device: undefined }))
        .failures,
  };
}
