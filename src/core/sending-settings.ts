/**
 * How many texts and calls may go out, as an administrator says it. Two budgets that never touch: `owners` is for codes to
 * a phone that is bound to the account, `strangers` for numbers that somebody has typed. So whoever types in your number
 * a hundred times has not taken one code from you (18F/identity-idp PR 2388).
 */
import { z } from "zod";

interface Most {
  readonly hour: number;
  readonly day: number;
}

/** A budget an hour and a day, and what no configuration goes beyond. */
const budget = (standard: Most, most: Most) =>
  z
    .strictObject({
      hour: z.int().min(1).max(most.hour).default(standard.hour),
      day: z.int().min(1).max(most.day).default(standard.day),
    })
    .prefault({});

const HUGE = { hour: 1_000_000, day: 10_000_000 };

/** Of one number. Bounded hard: this is what a flood of somebody's phone comes to. */
const phone = budget({ hour: 5, day: 10 }, { hour: 20, day: 50 });
const account = budget({ hour: 10, day: 30 }, { hour: 60, day: 200 });

const owners = z.strictObject({
  phone,
  account,
  address: budget({ hour: 200, day: 1_000 }, HUGE),
  network: budget({ hour: 1_000, day: 5_000 }, HUGE),
  block100: budget({ hour: 200, day: 1_000 }, HUGE),
  block10000: budget({ hour: 2_000, day: 10_000 }, HUGE),
  country: budget({ hour: 20_000, day: 100_000 }, HUGE),
  server: budget({ hour: 20_000, day: 100_000 }, HUGE),
});

const strangers = z.strictObject({
  phone,
  account,
  address: budget({ hour: 20, day: 100 }, { hour: 1_000, day: 10_000 }),
  network: budget({ hour: 100, day: 500 }, { hour: 10_000, day: 100_000 }),
  block100: budget({ hour: 10, day: 30 }, { hour: 1_000, day: 10_000 }),
  block10000: budget({ hour: 50, day: 200 }, { hour: 10_000, day: 100_000 }),
  country: budget({ hour: 500, day: 2_000 }, HUGE),
  server: budget({ hour: 1_000, day: 5_000 }, HUGE),
});

export const sendingSchema = z.strictObject({
  owners: owners.prefault({}),
  strangers: strangers.prefault({}),
  /** What becomes of a typed number of another country than the address it is typed at (`address_countries`). */
  elsewhere: z.enum(["off", "observe", "refuse"]).default("observe"),
  /** The emergency switch: no text and no call goes out. */
  stopped: z.boolean().default(false),
});
export type SendingSettings = z.infer<typeof sendingSchema>;
export type Budget = z.infer<typeof phone>;
/** What has a budget, from the smallest to the largest: the order in which they are asked. */
export const SCOPES = [
  "phone",
  "account",
  "address",
  "network",
  "block100",
  "block10000",
  "country",
  "server",
] as const;
export type SendScope = (typeof SCOPES)[number];
