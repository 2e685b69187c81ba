/** Puts the enrolment API together: the step of the factor, twice, and who says that it may bind. */
import type { FastifyInstance } from "fastify";
import { type AccessTokens, ENROLMENT_API } from "../core/access.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Demands } from "../core/demands.ts";
import type { User } from "../core/directory.ts";
import type { Enrolment } from "../core/enrolment.ts";
import { createChanges } from "../core/factor-changes.ts";
import type { Factor, Step } from "../core/mechanism.ts";
import { createStrength } from "../core/strength.ts";
import { clientAddress, type TrustedPeers } from "../kits/web/address.ts";
import { createCallers } from "../surfaces/enrolment/caller.ts";
import { enrolmentScopes } from "../surfaces/enrolment/contract.ts";
import { enrolmentHandlers } from "../surfaces/enrolment/handlers.ts";
import { mountEnrolment } from "../surfaces/enrolment/mount.ts";
import { createTransactions } from "../surfaces/enrolment/transactions.ts";
import type { Parts } from "./parts.ts";
import type { PortalParts } from "./portal.ts";

/** The API as the protocol surface knows it. */
export const enrolmentApi = (issuer: URL) => ({
  identifier: `${issuer.origin}${ENROLMENT_API}`,
  scopes: enrolmentScopes,
});

/**
 * What an application alone may bind: the first phone of somebody who never had a second factor, and nothing that an
 * administrator has opened for the person. The authority is told as what it is, so the number counts as new for a day.
 */
const byApplication = (enrolment: Enrolment): Enrolment => ({
  ...enrolment,
  async standing(subject, kind) {
    const standing = await enrolment.standing(subject, kind);
    return standing === "password-once" ? standing : "closed";
  },
  knowsTicket: async () => false,
  async spend(subject, kind) {
    const spent = await enrolment.spend(subject, kind);
    if (spent === undefined || spent.authority === "password-once")
      return spent && { ...spent, authority: "application" };
    await spent.giveBack();
    return undefined;
  },
});

export interface EnrolmentParts {
  readonly parts: Parts;
  readonly access: AccessTokens;
  readonly peers: TrustedPeers;
  readonly version: string;
  readonly smsFactor: (enrolment: Enrolment) => Factor;
  readonly delivery: Delivery;
  readonly demands: Demands;
  readonly factors: ReadonlyMap<string, Factor>;
  readonly served: PortalParts["served"];
  readonly localeFor: (wanted: readonly string[]) => string;
  readonly onProblem: (problem: unknown, facts: { method: string; path: string }) => void;
}

export async function composeEnrolment(app: FastifyInstance, given: EnrolmentParts): Promise<void> {
  const { parts, access, peers, served, factors } = given;
  const { config, settings, enrolment } = parts;
  const policy = () => settings.document().portal;
  const mechanisms = () => served().mechanisms;
  const strength = createStrength({
    ...parts,
    demands: given.demands,
    mechanisms,
    factorOf: (kind) => factors.get(kind) ?? served().ownFactors.get(kind),
    policy,
    snapshot: () => served().snapshot,
  });
  async function inDirectory({ id }: User): Promise<boolean> {
    for (const { phoneAttribute } of mechanisms())
      if (phoneAttribute !== undefined && (await factors.get("sms")?.held(id, phoneAttribute)) === true)
        return true;
    return false;
  }
  const callers = createCallers({ ...parts, access });
  await mountEnrolment(app, {
    issuer: config.issuer,
    version: given.version,
    callers,
    handlers: enrolmentHandlers({
      ...parts,
      callers,
      inDirectory,
      transactions: createTransactions({
        ...parts,
        delivery: given.delivery,
        steps: {
          own: enrolStep(given.smsFactor(enrolment)),
          alone: enrolStep(given.smsFactor(byApplication(enrolment))),
        },
        clientName: (id) =>
          served().snapshot.clients.find(({ client_id }) => client_id === id)?.client_name ?? id,
      }),
      strength,
      changes: createChanges(parts, { strength }),
      mechanisms,
      policy,
      countries: () => served().snapshot.countries,
      localeFor: given.localeFor,
    }),
    addressOf: ({ raw }) => clientAddress(raw, peers),
    onProblem: given.onProblem,
  });
}

function enrolStep({ enrol }: Factor): Step {
  if (enrol === undefined) throw new Error("the factor binds nothing");
  return enrol;
}
