/**
 * The gate: the one place that turns proofs into `acr`, `amr` and `auth_time` (OIDC Core §2, RFC 8176). No step, no
 * script and no request names them; a request can only choose between names that are true here. Called by the walk when it ends and by surfaces/oidc when it weighs a session.
 */
import type { Mechanism } from "./mechanism.ts";
import { REMEMBERED_ACR } from "./remembered-settings.ts";
import type { Acr, EpochMs, FactorKind, Proof } from "./words.ts";

/** What proofs amount to. `authTime` is the oldest proof that the acr counts, in epoch milliseconds. */
export type Attained = {
  readonly acr: Acr;
  readonly level: number;
  /** The kinds of factor that the acr counts. */
  readonly factors: readonly FactorKind[];
  readonly amr: readonly string[];
  readonly authTime: EpochMs;
};

/** The newest proof of each kind that is not older than `notBefore` (max_age, prompt=login, longest age of a proof). */
export function usableProofs(proofs: readonly Proof[], notBefore: EpochMs): readonly Proof[] {
  const newest = new Map<FactorKind, Proof>();
  for (const proof of proofs) {
    if (proof.at < notBefore) continue;
    const known = newest.get(proof.factor);
    if (known === undefined || known.at < proof.at) newest.set(proof.factor, proof);
  }
  return [...newest.values()];
}

/** Kind of the proof that a remembered device leaves; no mechanism can require it. */
export const STAND_IN = "remembered-device";

/** Methods that prove what somebody knows (RFC 8176). */
const KNOWN: readonly string[] = ["pwd", "pin", "kba"];

/** Whether `one` asks for every factor of `other` and for more. */
const asksForMore = (one: readonly FactorKind[], other: readonly FactorKind[]): boolean =>
  other.every((kind) => one.includes(kind)) && one.some((kind) => !other.includes(kind));

/** The strongest mechanism of which every required factor has been proved; undefined where there is none. */
export function attain(proofs: readonly Proof[], mechanisms: readonly Mechanism[]): Attained | undefined {
  if (proofs.length === 0) return undefined;
  const isProved = (kind: FactorKind) => proofs.some(({ factor }) => factor === kind);
  const reached = mechanisms.filter(({ requires }) => requires.length > 0 && requires.every(isProved));
  // Levels are set by hand. A password that was levelled above a password and a code does not hide the code.
  const best = reached
    .filter(({ requires }) => !reached.some((other) => asksForMore(other.requires, requires)))
    .reduce<Mechanism | undefined>(
      (first, next) => (first === undefined || next.level > first.level ? next : first),
      undefined,
    );
  if (best === undefined) return undefined;
  const counted = best.requires.flatMap((kind) => proofs.find((proof) => proof.factor === kind) ?? []);
  const methods = [...new Set(counted.map((proof) => proof.method))];
  const kinds = new Set(counted.map((proof) => proof.factor));
  // Two things that a person knows are two steps and one factor (NIST SP 800-63B-4 §2.2.1): no `mfa` for them.
  const known = counted.every(({ method }) => KNOWN.includes(method));
  return {
    acr: best.acr,
    level: best.level,
    factors: best.requires,
    amr:
      (kinds.size > 1 && !known) || counted.some(({ multi }) => multi === true)
        ? [...methods, "mfa"]
        : methods,
    authTime: Math.min(...counted.map((proof) => proof.at)),
  };
}

/**
 * What proofs amount to where a remembered device stands in for the further factors of a mechanism: a name of its own, at
 * the lowest level, with the methods that were shown and no others. Undefined where none does, or the password was not shown.
 * Whether the request lets it, its caller has to know.
 */
export function attainRemembered(
  proofs: readonly Proof[],
  { acr, requires }: Mechanism,
): Attained | undefined {
  const stood = proofs.some(({ factor, standsFor }) => factor === STAND_IN && standsFor === acr);
  const shown = proofs.filter(({ factor }) => requires.includes(factor));
  if (!stood || !shown.some(({ factor }) => factor === "password")) return undefined;
  return {
    acr: REMEMBERED_ACR,
    level: 0,
    factors: shown.map(({ factor }) => factor),
    amr: [...new Set(shown.map(({ method }) => method))],
    authTime: Math.min(...shown.map(({ at }) => at)),
  };
}

/**
 * Whether proofs that amount to `attained` are enough for a request for `mechanism`: its level is reached, and it does
 * not ask for the same factors and more. So no level lets a password stand for a password and a code.
 */
export function satisfies(attained: Attained | undefined, mechanism: Mechanism): boolean {
  return (
    attained !== undefined &&
    attained.level >= mechanism.level &&
    !asksForMore(mechanism.requires, attained.factors)
  );
}
