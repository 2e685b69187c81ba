/** Puts together what bounds guessing and sending: the counts they share, the brake, the budgets. */
import type { Audit } from "../core/audit.ts";
import { createBrake } from "../core/brake.ts";
import type { CodesDeps } from "../core/codes.ts";
import { createSending } from "../core/sending.ts";
import type { Limits } from "../core/settings.ts";
import { createTallies } from "../core/tallies.ts";
import type { Parts } from "./parts.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;

export interface LimitParts {
  readonly parts: Parts;
  readonly audit: Audit;
  readonly alarm: (text: string) => void;
}

export function composeLimits({ parts, audit, alarm }: LimitParts) {
  const { store, storage, settings, now } = parts;
  const plain = () => settings.document().limits;
  const tallies = createTallies({ store: store.tallies, now });
  const brake = createBrake({ tallies, storage, limits: plain, audit, now, onAlarm: alarm });
  const sending = createSending({ storage, settings: () => settings.document().sending, now });
  const hooks: Pick<CodesDeps, "onCompared" | "withRight"> = {
    onCompared: brake.told,
    async withRight({ subject, boundTo }, fresh) {
      const { writes } = await sending.proven(subject, boundTo, fresh);
      return { writes, done: () => {} };
    },
  };
  return {
    /** The limits in force: those of the settings, or tighter. */
    limits: (): Limits => brake.tightened(plain()),
    brake,
    sending,
    hooks,
    flush: () => tallies.flush(),
    /** Forgets counts that nobody asks for any more. */
    async tidy(): Promise<void> {
      await store.tallies.forget("codes", Math.floor((now() - HOUR) / MINUTE));
    },
  };
}
