/** Puts the walk together, with what stands beside it: offers, remembered devices, the factor policy. */

import type { Delivery } from "../core/delivery.ts";
import { createDemands } from "../core/demands.ts";
import type { Factor, Mechanism } from "../core/mechanism.ts";
import { createOffers } from "../core/offers.ts";
import { createStandIns } from "../core/stand-in.ts";
import { createWalk } from "../core/walk.ts";
import { createSessionLook } from "../surfaces/oidc/sessions.ts";
import type { composeLimits } from "./limits.ts";
import type { Parts } from "./parts.ts";

interface ServedParts {
  readonly mechanisms: readonly Mechanism[];
  readonly ownFactors: ReadonlyMap<string, Factor>;
}

export interface WalkParts {
  readonly parts: Parts;
  readonly bounds: Pick<ReturnType<typeof composeLimits>, "limits" | "onProven">;
  readonly factors: ReadonlyMap<string, Factor>;
  /** What is served of one revision of the settings. */
  readonly at: (revision: number) => ServedParts | Promise<ServedParts>;
  readonly delivery: Pick<Delivery, "deliver">;
  readonly countryOf: ((address: string) => Promise<string | undefined>) | undefined;
}

export function composeWalk({ parts, bounds, factors, at, delivery, countryOf }: WalkParts) {
  const { storage, authenticators, enrolment, audit, settings, keyring, directory, now } = parts;
  const { limits } = bounds;
  const personOf = createSessionLook(storage);
  const standIns = createStandIns({
    ...parts,
    keys: keyring,
    policy: () => settings.document().rememberedDevices,
    countryOf,
  });
  const demands = createDemands({
    ...parts,
    factorOf: (kind) => factors.get(kind),
    policy: () => settings.document().factorPolicy,
  });
  const walk = createWalk({
    storage,
    mechanisms(revision) {
      const served = at(revision);
      return served instanceof Promise ? served.then(({ mechanisms }) => mechanisms) : served.mechanisms;
    },
    ownFactors: async (revision) => (await at(revision)).ownFactors,
    factors,
    boundTo: (subject) => authenticators.list(subject),
    enrolment,
    offer: createOffers({ storage, authenticators, limits, now }),
    standIns,
    demands,
    delivery,
    audit,
    endings: parts.loginEndings,
    async hasSession(uid, subject) {
      const owner = await personOf(uid);
      if (owner === undefined || owner !== subject) return owner !== undefined;
      return (await directory.get(owner))?.status === "active";
    },
    limits,
    now,
    onProven: bounds.onProven,
  });
  return { walk, standIns, demands };
}
