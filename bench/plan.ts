/** How much is measured. Every number bounds the run: it ends by itself. */

export interface Plan {
  readonly people: number;
  readonly atOnce: number;
  readonly startUps: number;
  readonly rounds: number;
  /** Logins before anything is measured, so that the compilers have seen everything; of each kind. */
  readonly warmUp: Sizes;
  /** Logins per round. */
  readonly round: Sizes;
  /** Hashes per measurement of the floor. */
  readonly hashes: number;
}

/** Of the bare engine, of the product with hashes from memory, of the product as it is (at least once per person). */
export interface Sizes {
  readonly bare: number;
  readonly lean: number;
  readonly whole: number;
}

export const FULL: Plan = {
  people: 200,
  atOnce: 8,
  startUps: 5,
  rounds: 5,
  warmUp: { bare: 1500, lean: 1000, whole: 200 },
  round: { bare: 500, lean: 300, whole: 120 },
  hashes: 60,
};

export const QUICK: Plan = {
  people: 40,
  atOnce: 8,
  startUps: 3,
  rounds: 3,
  warmUp: { bare: 600, lean: 400, whole: 60 },
  round: { bare: 300, lean: 150, whole: 60 },
  hashes: 24,
};
