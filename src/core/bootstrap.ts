/**
 * The first administrator (requirement L08). A server that starts without one makes a token: 256 bits, an hour, known by
 * its hash alone. It creates one administrator, once; and until an administrator has shown a second factor it lets
 * whoever holds it make that second factor possible (the guard of the admin API says by which operations). Afterwards
 * it is worth nothing. Called by compose at a start, and by surfaces/admin.
 */
import { createHash, randomBytes } from "node:crypto";
import { activeAdministrators, hasSecondFactor } from "./administrators.ts";
import type { Audit } from "./audit.ts";
import type { Authenticators } from "./authenticators.ts";
import type { Directory, NewUser, User, WriteRefusal } from "./directory.ts";
import { networksOf } from "./network.ts";
import type { Storage } from "./records.ts";
import { Secret } from "./secret.ts";
import type { ThrottleRow } from "./throttle-lanes.ts";
import { createZones } from "./throttle-zones.ts";
import type { Clock, EpochMs } from "./words.ts";

/** A token that was made at this start. */
export interface Opened {
  readonly token: Secret;
  readonly until: EpochMs;
  /** False from when it is worth nothing any more. */
  stands(): Promise<boolean>;
}

export interface Bootstrap {
  /** A new token where nobody administers; undefined where somebody does. */
  open(): Promise<Opened | undefined>;
  /** Whether the text has the form of a token; says nothing about what it is worth. */
  looksLikeOne(text: string): boolean;
  /** Whether the token may do now what makes a second factor possible. Wrong ones are counted, and wait. */
  check(token: string, address: string): Promise<boolean>;
  /** Creates the first administrator. `refused`: not with this token, or not any more; it is not said which. */
  create(
    token: string,
    user: Omit<NewUser, "roles" | "status">,
    address: string,
  ): Promise<{ readonly kind: "done"; readonly user: User } | { readonly kind: "refused" } | WriteRefusal>;
}

type Row = { readonly until: EpochMs; readonly used: boolean };

const LIFE = 3_600_000;
/** So that a token is known for one where it does not belong: in a log, a repository, a chat. */
const PREFIX = "spb_";
const FORM = /^spb_[\w-]{43}$/;
/** Wrong tokens an hour, per address (or /64) and per /48. */
const WRONG = [20, 200];
/** Longer than adding a person takes. */
const CLAIM = 60_000;

export function createBootstrap(deps: {
  readonly storage: Storage;
  readonly directory: Directory;
  readonly authenticators: Authenticators;
  readonly audit: Audit;
  readonly now: Clock;
}): Bootstrap {
  const { storage, directory, authenticators, audit, now } = deps;
  const tokens = storage.records<Row>("bootstrap");
  const claims = storage.records<boolean>("bootstrap-claim");
  const records = storage.records<ThrottleRow>("bootstrap-tries");
  const tries = createZones({ records, now, perHour: WRONG });
  // Found by its hash: nothing compares a token, so no time tells how much of it was right.
  const nameOf = (token: string) => createHash("sha256").update(token).digest("base64url");

  /** A token of this installation, alive. */
  async function known(token: string, address: string): Promise<Row | undefined> {
    const slot = await tries.reserve(networksOf(address).zones);
    if (slot.kind === "wait") return undefined;
    const found = FORM.test(token) ? await tokens.get(nameOf(token)) : undefined;
    await slot.settle(found === undefined);
    if (found === undefined)
      await audit.append({ kind: "admin-refused", at: now(), address, facts: { act: "bootstrap" } });
    return found;
  }

  const isOver = async () => hasSecondFactor(await activeAdministrators(directory), authenticators);

  return {
    async open() {
      if ((await activeAdministrators(directory)).length > 0) return undefined;
      const token = `${PREFIX}${randomBytes(32).toString("base64url")}`;
      const until = now() + LIFE;
      await tokens.put(nameOf(token), { until, used: false }, until);
      const stands = async () => (await tokens.get(nameOf(token))) !== undefined && !(await isOver());
      return { token: new Secret(token), until, stands };
    },
    looksLikeOne: (text) => text.startsWith(PREFIX),
    async check(token, address) {
      if ((await known(token, address)) === undefined) return false;
      if (!(await isOver())) return true;
      await tokens.remove(nameOf(token));
      return false;
    },
    async create(token, user, address) {
      const row = await known(token, address);
      if (row === undefined || row.used) return { kind: "refused" };
      const { write } = directory;
      if (write === undefined || (await activeAdministrators(directory)).length > 0)
        return { kind: "refused" };
      // Of all tokens of all nodes one creates somebody; from then on there is an administrator, and none does.
      const mine = await claims.update("first", (taken) =>
        taken === undefined ? { result: true, write: true, expiresAt: now() + CLAIM } : { result: false },
      );
      if (!mine) return { kind: "refused" };
      // Asked again under the claim: the one before may have ended between the question and the claim.
      if ((await activeAdministrators(directory)).length > 0) return { kind: "refused" };
      try {
        const added = await write.add({ ...user, roles: ["admin"] });
        if (added.kind !== "done") return added;
        // Also where that administrator is disabled within the hour: this token has had its turn.
        await tokens.put(nameOf(token), { ...row, used: true }, row.until);
        await audit.append({
          kind: "bootstrap-used",
          at: now(),
          subject: added.user.id,
          address,
          facts: { act: "first administrator", username: added.user.username },
        });
        return added;
      } finally {
        await claims.remove("first");
      }
    },
  };
}
