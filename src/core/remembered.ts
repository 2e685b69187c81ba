/**
 * Remembered devices: browsers in which a person is spared the code. A row for each, with hashes of its secret alone; the
 * secret itself is in the browser's cookie. This room lists and ends them; stand-in.ts makes and uses them. Ending is
 * called by whoever changes what the account is entered by.
 */
import { isDeepStrictEqual } from "node:util";
import type { Directory, PersonChange } from "./directory.ts";
import type { Records, Storage, Write } from "./records.ts";
import type { Sessions } from "./sessions.ts";
import type { Acr, Clock, EpochMs, Subject } from "./words.ts";

export type RememberedDevice = {
  readonly id: string;
  readonly subject: Subject;
  /** SHA-256 of the secret. */
  readonly hash: string;
  /** The one before, and when it was replaced: whoever brings it later has a copy. */
  readonly previous?: { readonly hash: string; readonly at: EpochMs } | undefined;
  /** By which acr it was remembered, and when: it stands in for nothing stronger. */
  readonly acr: Acr;
  readonly shownAt: EpochMs;
  readonly usedAt?: EpochMs | undefined;
  readonly until: EpochMs;
  /** What the account was entered by; another value: something was added, changed or removed since. */
  readonly stamp: string;
  /** Countries (ISO 3166-1) in which a code was shown on it. */
  readonly places: readonly string[];
  /** The browser in words of ours, and where it was. */
  readonly agent: string;
  readonly address: string;
};

export interface RememberedDevices {
  /** The last used in front. */
  list(subject: Subject): Promise<readonly RememberedDevice[]>;
  /** False: the person has no such device (any more). */
  end(subject: Subject, id: string, by: string, reason: string): Promise<boolean>;
  /** Answers how many there were. */
  endAll(subject: Subject, by: string, reason: string): Promise<number>;
}

/** More than anybody may have (remembered-settings.ts). */
const MOST = 50;

/** The rows, for the two rooms that write them. */
export const rememberedRows = (storage: Storage): Records<RememberedDevice> =>
  storage.records<RememberedDevice>("remembered-device");

export function createRememberedDevices(deps: {
  readonly storage: Storage;
  readonly now: Clock;
}): RememberedDevices {
  const { storage, now } = deps;
  const rows = rememberedRows(storage);
  const gone = ({ id }: RememberedDevice): Write => rows.write(id, null, 0);
  const event = (subject: Subject, device: string, by: string, reason: string) =>
    ({
      kind: "remembered-device-ended",
      at: now(),
      subject,
      facts: { device, by, reason },
    }) as const;
  return {
    async list(subject) {
      const all = await rows.list(subject, MOST);
      return [...all].sort((one, other) => (other.usedAt ?? other.shownAt) - (one.usedAt ?? one.shownAt));
    },
    async end(subject, id, by, reason) {
      const device = await rows.get(id);
      if (device === undefined || device.subject !== subject) return false;
      return storage.commit([gone(device)], [event(subject, id, by, reason)]);
    },
    async endAll(subject, by, reason) {
      const all = await rows.list(subject, MOST);
      if (all.length === 0) return 0;
      await storage.commit(all.map(gone), [event(subject, "all", by, reason)]);
      // One that was made in this very moment goes as well.
      await rows.removeGroup(subject);
      return all.length;
    },
  };
}

/** Sessions of which the end of all ends the remembered devices too: whoever ends everything means everything. */
export const endingDevices = (sessions: Sessions, devices: Pick<RememberedDevices, "endAll">): Sessions => ({
  ...sessions,
  async endAll(subject, by, reason, but) {
    await devices.endAll(subject, by, reason);
    return sessions.endAll(subject, by, reason, but);
  },
});

const BY = "server";

/** The directory, with a person's devices forgotten whenever their password, status or roles are changed by whatever way. */
export function forgettingDevices<D extends Directory>(
  directory: D,
  devices: Pick<RememberedDevices, "endAll">,
): D {
  const { write } = directory;
  if (write === undefined) return directory;
  const changeOwn = write.changeOwn?.bind(write);
  const after = async <R extends { readonly kind: string }>(
    id: Subject,
    reason: string,
    change: Promise<R>,
  ) => {
    const changed = await change;
    if (changed.kind === "done") await devices.endAll(id, BY, reason);
    return changed;
  };
  /** Why the devices go with this change; undefined: it says only what is so already, or something else. */
  async function reasonOf(id: Subject, { password, status, roles }: PersonChange) {
    if (password !== undefined) return "the password was changed";
    if (status === undefined && roles === undefined) return undefined;
    const before = await directory.get(id);
    if (status !== undefined && status !== before?.status) return "the account was closed or opened";
    return roles !== undefined && !isDeepStrictEqual(roles, before?.roles)
      ? "the roles were changed"
      : undefined;
  }
  return {
    ...directory,
    write: {
      ...write,
      async change(id, change, ifVersion) {
        const reason = await reasonOf(id, change);
        const done = write.change(id, change, ifVersion);
        return reason === undefined ? done : after(id, reason, done);
      },
      setPassword: (id, password, ifVersion) =>
        after(id, "the password was changed", write.setPassword(id, password, ifVersion)),
      ...(changeOwn && {
        changeOwn: (id, present, next) => after(id, "the password was changed", changeOwn(id, present, next)),
      }),
      setStatus: (id, status, ifVersion) =>
        after(id, "the account was closed or opened", write.setStatus(id, status, ifVersion)),
      setRoles: (id, roles, ifVersion) =>
        after(id, "the roles were changed", write.setRoles(id, roles, ifVersion)),
      remove: (id, ifVersion) => after(id, "the person was removed", write.remove(id, ifVersion)),
    },
  };
}
