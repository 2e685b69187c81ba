/**
 * What the factor policy demands of a person now: asked by the walk at a sign-in, by the account pages and by whoever
 * explains. Without a rule, and without people's own switch, nothing of a person is read.
 */
import type { Authenticator } from "./authenticators.ts";
import type { Directory, User } from "./directory.ts";
import { type Owed, owedBy, preferredBy, secondsOf } from "./factor-policy.ts";
import type { FactorPolicy } from "./factor-policy-settings.ts";
import type { Factor, Mechanism } from "./mechanism.ts";
import type { Records, Storage } from "./records.ts";
import type { Clock, FactorKind, Subject } from "./words.ts";

const DAY = 86_400_000;
/** A switch is for good; whoever uses it anew counts from then. */
const FOR_GOOD = 50 * 365 * DAY;

export interface DemandDeps {
  readonly storage: Storage;
  readonly directory: Pick<Directory, "get">;
  readonly authenticators: { list(subject: Subject): Promise<readonly Authenticator[]> };
  readonly factorOf: (kind: FactorKind) => Pick<Factor, "held"> | undefined;
  readonly policy: () => FactorPolicy;
  readonly now: Clock;
}

/** The switches of people who want two steps at every sign-in. */
const twoStepSwitches = (storage: Storage): Records<true> => storage.records<true>("two-step");

const toldOf = (storage: Storage): Records<true> => storage.records<true>("factor-policy-told");

/** Forgets what is kept here of a person who is erased. */
export async function forgetDemands(storage: Storage, subject: Subject): Promise<void> {
  await twoStepSwitches(storage).remove(subject);
  await toldOf(storage).remove(subject);
}

export type Demands = ReturnType<typeof createDemands>;

export function createDemands({ storage, directory, authenticators, factorOf, policy, now }: DemandDeps) {
  const told = toldOf(storage);
  const switches = twoStepSwitches(storage);

  /** Second factors of the person, one entry for each; a phone that stands in the directory alone is one as well. */
  async function heldBy(
    subject: Subject,
    mechanisms: readonly Mechanism[],
    but?: string,
  ): Promise<readonly FactorKind[]> {
    const bound = (await authenticators.list(subject)).filter(({ id }) => id !== but);
    const held = secondsOf(bound);
    if (held.includes("sms")) return held;
    for (const { phoneAttribute } of mechanisms)
      if (
        phoneAttribute !== undefined &&
        (await factorOf("sms")?.held(subject, phoneAttribute, bound)) === true
      )
        return [...held, "sms"];
    return held;
  }

  const usableIn = (mechanisms: readonly Mechanism[]): readonly FactorKind[] =>
    mechanisms.flatMap(({ requires }) => requires);

  const owed = async (
    user: User,
    mechanisms: readonly Mechanism[],
    but?: string,
  ): Promise<readonly Owed[]> =>
    policy().rules.length === 0
      ? []
      : owedBy(policy(), user, await heldBy(user.id, mechanisms, but), usableIn(mechanisms));

  const isOn = async (subject: Subject): Promise<boolean> =>
    policy().selfService.enabled && (await switches.get(subject)) === true;

  return {
    owed,
    /** What a sign-in leads to: a factor that is due, or one that the person is told of, once a day. */
    async atSignIn(
      subject: Subject,
      mechanisms: readonly Mechanism[],
    ): Promise<{ readonly factor: FactorKind; readonly days: number; readonly isDue: boolean } | undefined> {
      if (policy().rules.length === 0) return undefined;
      const user = await directory.get(subject);
      const [first] = user === undefined ? [] : await owed(user, mechanisms);
      if (first === undefined) return undefined;
      const { factor, due } = first;
      if (due <= now()) return { factor, days: 0, isDue: true };
      // Taken before it is shown, so that two windows tell once.
      const isNew = await told.update(subject, (before) =>
        before === undefined ? { result: true, write: true, expiresAt: now() + DAY } : { result: false },
      );
      return isNew ? { factor, days: Math.ceil((due - now()) / DAY), isDue: false } : undefined;
    },
    /** Whether something is due; tells nobody. */
    async isDue(subject: Subject, mechanisms: readonly Mechanism[]): Promise<boolean> {
      if (policy().rules.length === 0) return false;
      const user = await directory.get(subject);
      return user !== undefined && (await owed(user, mechanisms)).some(({ due }) => due <= now());
    },
    /** Which factor is asked for first. */
    async prefers(subject: Subject): Promise<FactorKind | undefined> {
      if (!policy().rules.some(({ prefer }) => prefer !== undefined)) return undefined;
      const user = await directory.get(subject);
      return user === undefined ? undefined : preferredBy(policy(), user);
    },
    /** Whether the person may be without this authenticator: nothing is owed after it that is not owed now. */
    async mayLose(
      user: User,
      one: Pick<Authenticator, "id">,
      mechanisms: readonly Mechanism[],
    ): Promise<boolean> {
      const [before, after] = [await owed(user, mechanisms), await owed(user, mechanisms, one.id)];
      return after.length <= before.length;
    },
    /** The person's own switch: whether a password alone never signs them in. */
    twoStep: {
      isOn,
      /** Second factors that are there, and that are needed before it can be switched on. */
      async readiness(subject: Subject, mechanisms: readonly Mechanism[]) {
        const { enabled, least } = policy().selfService;
        const held = enabled ? await heldBy(subject, mechanisms) : [];
        return { enabled, least, held: held.length };
      },
      set: (subject: Subject, on: boolean): Promise<void> =>
        on ? switches.put(subject, true, now() + FOR_GOOD) : switches.remove(subject),
    },
  };
}
