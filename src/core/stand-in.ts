/**
 * A remembered device in a login: whether it may be remembered, whether it stands in for the code, and what is left
 * behind. Its secret is made of a key, the login and 32 random bytes, so that the answer that brings it can be given again
 * and the store never holds it; each use replaces it, and whoever brings one that was replaced has a copy: then the device
 * is remembered no more. Whatever is not known is taken for a no. Called by the walk, the secret asked for by surfaces/oidc.
 */
import { createHash, hash, randomBytes } from "node:crypto";
import type { AuditEvent } from "./audit.ts";
import type { Authenticator } from "./authenticators.ts";
import type { Directory, User } from "./directory.ts";
import { type Attained, attainRemembered, STAND_IN, satisfies } from "./gate.ts";
import type { Keys } from "./keys.ts";
import type { LoginRecord } from "./login.ts";
import { hmacText } from "./mac.ts";
import type { Effects, Mechanism, Visitor } from "./mechanism.ts";
import type { Storage, Write } from "./records.ts";
import { type RememberedDevice, rememberedRows } from "./remembered.ts";
import type { RememberedSettings } from "./remembered-settings.ts";
import type { Clock, EpochMs, Subject } from "./words.ts";

const DAY = 86_400_000;
/** For so long the secret before still counts: two windows, or an answer that was lost on its way. */
const OVERLAP = 60_000;
const MOST_PLACES = 5;

export interface StandInDeps {
  readonly storage: Storage;
  readonly directory: Pick<Directory, "get" | "keptElsewhere">;
  readonly authenticators: { list(subject: Subject): Promise<readonly Authenticator[]> };
  readonly policy: () => RememberedSettings;
  readonly keys: Pick<Keys, "secrets">;
  /** Where an address is (ISO 3166-1); undefined: nobody can tell. */
  readonly countryOf: ((address: string) => Promise<string | undefined>) | undefined;
  readonly now: Clock;
}

/** What a browser is given to keep. */
export interface DeviceSecret {
  readonly id: string;
  readonly secret: string;
  readonly until: EpochMs;
  /** Devices of the same browser that it takes the place of. */
  readonly instead: readonly string[];
}

export interface StandIns {
  /** Days for which this browser would be remembered after this step; undefined: not at all. */
  days(record: LoginRecord, mechanism: Mechanism, visitor: Visitor): Promise<number | undefined>;
  /** The login with a device of its browser standing in, or without; undefined: there is nothing to look at. */
  use(
    record: LoginRecord,
    mechanisms: readonly Mechanism[],
    visitor: Visitor,
  ): Promise<
    { readonly record: LoginRecord; readonly effects: Effects; readonly attained?: Attained } | undefined
  >;
  /** Remembers the browser of a login in which the person has ticked the box, once it has come to its end. */
  remember(
    record: LoginRecord,
    attained: Attained,
    mechanisms: readonly Mechanism[],
    visitor: Visitor,
  ): Promise<{ readonly record: LoginRecord; readonly effects: Effects } | undefined>;
  /** What the browser of a proven login gets; the same however often it is asked. */
  secretOf(login: Pick<LoginRecord, "id" | "device">): DeviceSecret | undefined;
}

/** The form in which a browser's secret is looked for (`Visitor.devices`). */
export const hashOfSecret = (secret: string): string => hash("sha256", secret, "base64url");

export function createStandIns(deps: StandInDeps): StandIns {
  const { directory, policy, now } = deps;
  const rows = rememberedRows(deps.storage);

  const secretFor = (login: string, id: string, nonce: string): string => {
    const [key] = deps.keys.secrets("cookie");
    if (key === undefined) throw new Error("there is no cookie key");
    return hmacText(key.bytes, `remembered-device\0${login}\0${id}\0${nonce}`);
  };

  /** What the account is entered by, as one value. Of people kept elsewhere any change counts: nobody says which it was. */
  async function stampOf(user: User, mechanisms: readonly Mechanism[]): Promise<string> {
    const held = (await deps.authenticators.list(user.id)).map(({ id, kind }) => `${kind} ${id}`).sort();
    const phones = mechanisms
      .flatMap(({ phoneAttribute }) => phoneAttribute ?? [])
      .map((name) => `${name} ${user.claims[name]}`)
      .sort();
    const elsewhere = directory.keptElsewhere?.(user.id) === true ? [String(user.version)] : [];
    return createHash("sha256")
      .update(JSON.stringify([user.id, held, phones, elsewhere]))
      .digest("base64url");
  }

  /** Whoever administers anything is always asked. */
  async function personOf(subject: Subject): Promise<User | undefined> {
    const user = await directory.get(subject);
    return user?.status === "active" && user.roles.length === 0 ? user : undefined;
  }

  const placeOf = async ({ address }: Visitor): Promise<string | undefined> =>
    deps.countryOf?.(address).catch(() => undefined);

  const allows = (record: LoginRecord, { acr, requires }: Pick<Mechanism, "acr" | "requires">): boolean =>
    record.mayStandIn === true &&
    record.essential !== true &&
    record.enrol === undefined &&
    policy().ask !== "every-login" &&
    policy().acrs.includes(acr) &&
    // Somebody has to be asked for something.
    requires.includes("password") &&
    requires.length > 1;

  const eventOf = (
    record: LoginRecord,
    visitor: Visitor,
    event: Pick<AuditEvent, "kind" | "facts">,
  ): AuditEvent => ({
    ...event,
    at: now(),
    subject: record.subject,
    login: record.id,
    client: record.client.id,
    address: visitor.address,
  });

  const ended = (
    record: LoginRecord,
    visitor: Visitor,
    device: RememberedDevice,
    reason: string,
  ): AuditEvent =>
    eventOf(record, visitor, {
      kind: "remembered-device-ended",
      facts: { device: device.id, by: "server", reason },
    });

  /** The person's own among those that the browser says it is, each with what is to be thought of it. */
  async function foundOf(subject: Subject, { devices = [] }: Visitor) {
    const read = await Promise.all(devices.map(async (given) => ({ given, row: await rows.read(given.id) })));
    return read.flatMap(({ given, row }) => {
      if (row === undefined || row.value.subject !== subject) return [];
      const { hash: current, previous } = row.value;
      const isLate = previous?.hash === given.hash && now() - previous.at < OVERLAP;
      const which = given.hash === current ? "current" : isLate ? "late" : "copy";
      return [{ device: row.value, version: row.version, which }] as const;
    });
  }

  /** Whether what was shown when it was remembered would do for the acr that is asked for now. */
  function covers(device: RememberedDevice, asked: Mechanism, mechanisms: readonly Mechanism[]): boolean {
    const shown = mechanisms.find(({ acr }) => acr === device.acr);
    if (shown === undefined) return false;
    const { acr, level, requires } = shown;
    return acr === asked.acr || satisfies({ acr, level, factors: requires, amr: [], authTime: 0 }, asked);
  }

  const isOver = ({ until, shownAt }: RememberedDevice): boolean =>
    until <= now() || shownAt + policy().days * DAY <= now();

  return {
    async days(record, mechanism, visitor) {
      const { subject, task } = record;
      if (subject === undefined || task.act !== "challenge" || task.factor === "password") return undefined;
      // A code on paper is for the day on which the rest is lost: no day to be spared the next.
      if (record.extra !== undefined || task.factor === "recovery-code") return undefined;
      if (!allows(record, mechanism) || !mechanism.requires.includes(task.factor)) return undefined;
      if ((await personOf(subject)) === undefined) return undefined;
      if (policy().ask === "unknown-place" && (await placeOf(visitor)) === undefined) return undefined;
      return policy().days;
    },

    async use(record, mechanisms, visitor) {
      const { subject, proofs, startedAt } = record;
      const asked = mechanisms.find(({ acr }) => acr === record.acr);
      if (subject === undefined || asked === undefined || visitor.devices === undefined) return undefined;
      // Whoever has turned to another way of signing in is not on the one that was asked for.
      if (!allows(record, asked) || (record.asked ?? asked.acr) !== asked.acr) return undefined;
      // With the password of this login, never on the cookies of a browser alone.
      if (!proofs.some(({ factor, at }) => factor === "password" && at >= startedAt)) return undefined;
      const found = await foundOf(subject, visitor);
      if (found.length === 0) return undefined;
      const user = await personOf(subject);
      const stamp = user === undefined ? undefined : await stampOf(user, mechanisms);
      const place = policy().ask === "unknown-place" ? await placeOf(visitor) : undefined;
      const writes: Write[] = [];
      const events: AuditEvent[] = [];
      for (const { device, version, which } of found) {
        const wrong =
          which === "copy"
            ? "reused"
            : user === undefined
              ? "the person may not be spared"
              : device.stamp !== stamp
                ? "what the person signs in with was changed"
                : isOver(device)
                  ? "over"
                  : undefined;
        if (wrong !== undefined) {
          writes.push(rows.write(device.id, null, 0, { expect: version }));
          events.push(ended(record, visitor, device, wrong));
          continue;
        }
        if (!covers(device, asked, mechanisms)) continue;
        if (policy().ask === "unknown-place" && (place === undefined || !device.places.includes(place)))
          continue;
        const nonce = randomBytes(32).toString("base64url");
        const { id, until } = device;
        const proof = { factor: STAND_IN, method: "none", at: now(), standsFor: asked.acr } as const;
        const stood = [...proofs.filter(({ factor }) => factor !== STAND_IN), proof];
        const attained = attainRemembered(stood, asked);
        if (attained === undefined) continue;
        const next: RememberedDevice = {
          ...device,
          usedAt: now(),
          address: visitor.address,
          ...(which === "late"
            ? {}
            : {
                hash: hashOfSecret(secretFor(record.id, id, nonce)),
                previous: { hash: device.hash, at: now() },
              }),
        };
        writes.push(rows.write(id, next, until, { group: subject, expect: version }));
        return {
          record: {
            ...record,
            proofs: stood,
            stoodIn: id,
            // The window that was first has the new secret already.
            ...(which === "late" ? {} : { device: { id, nonce, until, instead: [] } }),
          },
          effects: { writes, events },
          attained,
        };
      }
      return { record, effects: { writes, events } };
    },

    async remember(record, { acr, factors }, mechanisms, visitor) {
      const { subject, proofs, startedAt } = record;
      if (record.remember !== true || subject === undefined) return undefined;
      // A second factor has to be shown here and now.
      if (
        !proofs.some(
          (one) => one.factor !== "password" && factors.includes(one.factor) && one.at >= startedAt,
        )
      )
        return undefined;
      if (!allows(record, { acr, requires: factors })) return undefined;
      const user = await personOf(subject);
      const place = await placeOf(visitor);
      if (user === undefined || (policy().ask === "unknown-place" && place === undefined)) return undefined;
      const found = (await foundOf(subject, visitor)).filter(({ which }) => which !== "copy");
      const own = found.map(({ device }) => device);
      const others = (await rows.list(subject, 50)).filter(({ id }) => !own.some((one) => one.id === id));
      const longestAgo = [...others].sort(
        (one, other) => (one.usedAt ?? one.shownAt) - (other.usedAt ?? other.shownAt),
      );
      const tooMany = longestAgo.slice(0, Math.max(0, others.length + 1 - policy().most));
      const id = randomBytes(16).toString("base64url");
      const nonce = randomBytes(32).toString("base64url");
      const until = now() + policy().days * DAY;
      const { agent = "", address } = visitor;
      const device: RememberedDevice = {
        id,
        subject,
        hash: hashOfSecret(secretFor(record.id, id, nonce)),
        acr,
        shownAt: now(),
        until,
        stamp: await stampOf(user, mechanisms),
        places: [
          ...new Set([...(place === undefined ? [] : [place]), ...own.flatMap(({ places }) => places)]),
        ].slice(0, MOST_PLACES),
        agent,
        address,
      };
      return {
        record: { ...record, device: { id, nonce, until, instead: own.map((one) => one.id) } },
        effects: {
          writes: [
            ...[...own, ...tooMany].map((one) => rows.write(one.id, null, 0)),
            rows.write(id, device, until, { group: subject }),
          ],
          events: [
            ...tooMany.map((one) => ended(record, visitor, one, "another took its place")),
            eventOf(record, visitor, {
              kind: "device-remembered",
              facts: { device: id, acr, agent, until: new Date(until).toISOString() },
            }),
          ],
        },
      };
    },

    secretOf: ({ id: login, device }) =>
      device === undefined
        ? undefined
        : {
            id: device.id,
            secret: secretFor(login, device.id, device.nonce),
            until: device.until,
            instead: device.instead,
          },
  };
}
