/** The factor policy applied to one person: pure. Whoever asks brings what the person has. */
import { type Authenticator, STRENGTH } from "./authenticators.ts";
import type { User } from "./directory.ts";
import { type FactorPolicy, type FactorRule, SECOND_FACTORS } from "./factor-policy-settings.ts";
import type { EpochMs, FactorKind } from "./words.ts";

const DAY = 86_400_000;

/** A factor that a person has to have. */
export interface Owed {
  readonly factor: FactorKind;
  /** From then on no sign-in ends without it. */
  readonly due: EpochMs;
  /** Name of the rule. */
  readonly rule: string;
}

/** The rules for this person, in their order. */
export const rulesFor = ({ rules }: Pick<FactorPolicy, "rules">, user: User): readonly FactorRule[] =>
  rules.filter(
    ({ roles, claim }) =>
      (roles === undefined || roles.some((role) => user.roles.includes(role))) &&
      (claim === undefined || claim.values.includes(String(user.claims[claim.name] ?? ""))),
  );

/** What the person lacks, the first to be due in front. `usable`: kinds that some acr of now asks for. */
export function owedBy(
  policy: Pick<FactorPolicy, "rules">,
  user: User,
  held: readonly FactorKind[],
  usable: readonly FactorKind[],
): readonly Owed[] {
  const owed = rulesFor(policy, user).flatMap(({ name, must, least, from, graceDays }) => {
    const due = Math.max(Date.parse(from), user.createdAt) + graceDays * DAY;
    const missing: FactorKind[] = must.filter((kind) => !held.includes(kind));
    const others = SECOND_FACTORS.filter(
      (kind) => usable.includes(kind) && !held.includes(kind) && !missing.includes(kind),
    );
    for (let count = held.length + missing.length; count < least; count += 1)
      // Of every kind there is one already: another of the safest that there can be several of.
      missing.push(others.shift() ?? SECOND_FACTORS.find((kind) => usable.includes(kind)) ?? "totp");
    return missing.map((factor) => ({ factor, due, rule: name }));
  });
  return owed.sort((one, other) => one.due - other.due);
}

/** Which factor the rules want asked for first; the first rule that says so counts. */
export const preferredBy = (policy: Pick<FactorPolicy, "rules">, user: User): FactorKind | undefined =>
  rulesFor(policy, user).find(({ prefer }) => prefer !== undefined)?.prefer;

/** Kinds of second factor among these, once for each. */
export const secondsOf = (bound: readonly Authenticator[]): readonly FactorKind[] =>
  bound.flatMap(({ kind }) => (kind in STRENGTH ? [kind] : []));
