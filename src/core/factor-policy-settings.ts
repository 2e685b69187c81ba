/** Which factors a group of people must have, by when, which is asked first; and what is left to people themselves. */
import { z } from "zod";
import type { STRENGTH } from "./authenticators.ts";
import { ROLES } from "./roles.ts";

/** The server's own second factors, the safest first: also the order in which a missing one is asked for. */
export const SECOND_FACTORS = [
  "passkey",
  "totp",
  "sms",
  "recovery-code",
] as const satisfies readonly (keyof typeof STRENGTH)[];
const kind = z.enum(SECOND_FACTORS);

const rule = z.strictObject({
  /** For those who read it. */
  name: z.string().min(1).max(60),
  /** Whom it is for: where several are named all of them hold, where nothing is, everybody. Any one of these roles. */
  roles: z.array(z.enum(ROLES)).min(1).optional(),
  /** A claim of the person, in their directory or set by an administrator, that has one of these values. */
  claim: z
    .strictObject({ name: z.string().min(1).max(100), values: z.array(z.string().max(200)).min(1).max(50) })
    .optional(),
  /** Each of these kinds. */
  must: z.array(kind).max(4).default([]),
  /** So many second factors in all; a set of recovery codes is one. */
  least: z.int().min(0).max(5).default(0),
  /** From when it holds; whoever comes later has the grace from their first day. */
  from: z.iso.datetime({ offset: true }),
  /** Days in which a person is told and may go on. 0: at once. */
  graceDays: z.int().min(0).max(365).default(14),
  /** Asked for first at sign-in, where it does as well as what was asked for. */
  prefer: kind.optional(),
});
export type FactorRule = z.infer<typeof rule>;

export const factorPolicySchema = z.strictObject({
  rules: z.array(rule).max(50).default([]),
  /**
   * Whether people switch two steps on for themselves, where a password alone would do: the switch adds a step and never
   * takes one away. `least`: second factors they need before.
   */
  selfService: z
    .strictObject({ enabled: z.boolean().default(false), least: z.int().min(1).max(5).default(2) })
    .prefault({}),
});
export type FactorPolicy = z.infer<typeof factorPolicySchema>;
