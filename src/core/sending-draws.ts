/** Which budgets one send draws on, in the fixed order in which they are asked. Pure; used by sending.ts. */
import { networksOf } from "./network.ts";
import type { Budget, SendingSettings, SendScope } from "./sending-settings.ts";
import type { Subject } from "./words.ts";

/**
 * Who asks. `device`: the account's owner at a browser that has signed in to it by more than a password before; `owner`: whoever has the
 * password, for a phone that is bound; `stranger`: for a number that was typed.
 */
export type Lane = "device" | "owner" | "stranger";

export type SendFacts = {
  readonly subject: Subject;
  readonly e164: string;
  readonly country: string;
  readonly address: string;
  readonly lane: Lane;
};

/** One budget: the row that holds it, its name there, how much it is. */
export interface Draw {
  readonly scope: SendScope;
  readonly row: string;
  readonly name: string;
  readonly budget: Budget;
  /** Asked by everybody: drawn in blocks, so that sign-ins do not queue for one row. */
  readonly shared: boolean;
}

/** Blocks of numbers that are bought together: all but the last two or four digits. */
export const blockOf = (e164: string, digits: 2 | 4): string => e164.slice(0, -digits);

/** The draws of one send, those of one row next to each other. */
export function drawsOf(facts: SendFacts, settings: SendingSettings): readonly Draw[] {
  const { subject, e164, country, address, lane } = facts;
  const budgets = lane === "stranger" ? settings.strangers : settings.owners;
  // Beyond the account, the owner's browsers and the owner elsewhere are one.
  const all = lane === "stranger" ? lane : "owner";
  const [place = "elsewhere", network] = networksOf(address).zones;
  const person = `account ${subject}`;
  const draw = (scope: SendScope, row: string, name: string, shared = false): Draw => ({
    scope,
    row,
    name,
    budget: budgets[scope],
    shared,
  });
  return [
    // An owner's phone counts with the account: who shares a phone with you cannot use up your codes.
    lane === "stranger"
      ? draw("phone", `phone ${e164}`, lane)
      : draw("phone", person, `phone ${lane} ${e164}`),
    draw("account", person, lane),
    draw("address", `address ${place}`, all),
    ...(network === undefined ? [] : [draw("network", `network ${network}`, all)]),
    draw("block100", `block ${blockOf(e164, 4)}`, `${all} ${blockOf(e164, 2).slice(-2)}`),
    draw("block10000", `block ${blockOf(e164, 4)}`, all),
    draw("country", `country ${country}`, all, true),
    draw("server", "server", all, true),
  ];
}
