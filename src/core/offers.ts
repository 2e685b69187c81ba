/**
 * What a person is offered at the end of a sign-in, and may leave: a passkey after a code by text, at most as often as the
 * settings say; new recovery codes when few are left. Asked by the walk when every factor is shown; an offer binds nothing.
 */
import type { Authenticator, RecoveryData } from "./authenticators.ts";
import type { LoginRecord } from "./login.ts";
import type { Mechanism } from "./mechanism.ts";
import type { Storage } from "./records.ts";
import type { Limits } from "./settings.ts";
import type { Clock, FactorKind, Subject } from "./words.ts";

/** Recovery codes left at which new ones are offered. */
const FEW_LEFT = 3;
const DAY = 86_400_000;

export interface OfferDeps {
  readonly storage: Storage;
  readonly authenticators: {
    list(subject: Subject, kind?: FactorKind): Promise<readonly Authenticator[]>;
  };
  readonly limits: () => Limits;
  readonly now: Clock;
}

/** Makes the question: which kind is offered after this login; undefined: none. */
export function createOffers({ storage, authenticators, limits, now }: OfferDeps) {
  const offered = storage.records<true>("passkey-offered");

  return async (record: LoginRecord, mechanisms: readonly Mechanism[]): Promise<FactorKind | undefined> => {
    const { subject, startedAt, proofs, holds } = record;
    if (subject === undefined) return undefined;
    const shown = (kind: FactorKind) => proofs.some(({ factor, at }) => factor === kind && at >= startedAt);
    if (shown("recovery-code")) {
      const [codes] = await authenticators.list(subject, "recovery-code");
      return codes !== undefined && (codes.data as RecoveryData).hashes.length <= FEW_LEFT
        ? "recovery-code"
        : undefined;
    }
    const days = limits().passkeyOfferDays;
    // Where nobody signs in by a passkey, nothing is asked of the store.
    const wanted = mechanisms.some(({ requires }) => requires.includes("passkey"));
    if (days === 0 || !wanted || !shown("sms") || holds?.includes("passkey") !== false) return undefined;
    // Taken before it is shown, so that two windows offer once.
    const until = now() + days * DAY;
    const first = await offered.update(subject, (before) =>
      before === undefined ? { result: true, write: true, expiresAt: until } : { result: false },
    );
    return first ? "passkey" : undefined;
  };
}
