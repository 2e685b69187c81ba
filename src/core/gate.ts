/**
 * The gate: the one place that turns proofs into `acr`, `amr` and `auth_time` (OIDC Core §2, RFC 8176). No step, no
 * script and no request names them. Called by the walk when it ends and by surfaces/oidc when it weighs a session.
 */
import type { Mechanism } from "./mechanism.ts";
import type { Acr, EpochMs, FactorKind, Proof } from "./words.ts";

/** What proofs amount to. `authTime` is the oldest proof that the acr counts, in epoch milliseconds. */
export type Attained = {
  readonly acr: Acr;
  readonly level: number;
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

/** The strongest mechanism of which every required factor has been proved; undefined where there is none. */
export function attain(proofs: readonly Proof[], mechanisms: readonly Mechanism[]): Attained | undefined {
  let best: Attained | undefined;
  for (const mechanism of mechanisms) {
    if (mechanism.requires.length === 0 || (best !== undefined && best.level >= mechanism.level)) continue;
    const counted = mechanism.requires.map((kind) => proofs.find((proof) => proof.factor === kind));
    if (!counted.every((proof) => proof !== undefined)) continue;
    const methods = [...new Set(counted.map((proof) => proof.method))];
    const kinds = new Set(counted.map((proof) => proof.factor));
    best = {
      acr: mechanism.acr,
      level: mechanism.level,
      amr: kinds.size > 1 ? [...methods, "mfa"] : methods,
      authTime: Math.min(...counted.map((proof) => proof.at)),
    };
  }
  return best;
}

/** Whether proofs that amount to `attained` are enough for a request for `mechanism`. */
export function satisfies(attained: Attained | undefined, mechanism: Mechanism): boolean {
  return attained !== undefined && attained.level >= mechanism.level;
}
