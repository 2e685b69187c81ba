/** Puts forgotten passwords together: the wishes and their mails, a walk over rows of its own, the pages. */
import type { FastifyInstance } from "fastify";
import { STRENGTH } from "../core/authenticators.ts";
import type { Delivery } from "../core/delivery.ts";
import type { User } from "../core/directory.ts";
import { createForgotten, type Forgotten } from "../core/forgotten.ts";
import type { Mail } from "../core/mail.ts";
import type { Factor, Mechanism } from "../core/mechanism.ts";
import type { MessageTexts } from "../core/message-texts.ts";
import type { Page } from "../core/pages.ts";
import type { Storage } from "../core/records.ts";
import type { Limits } from "../core/settings.ts";
import type { Throttle } from "../core/throttle.ts";
import { createWalk } from "../core/walk.ts";
import type { FactorKind } from "../core/words.ts";
import type { Csrf } from "../kits/web/csrf.ts";
import type { Pages } from "../kits/web/pages.ts";
import { mountForgotten } from "../surfaces/forgotten/mount.ts";
import { createReset, resetMechanisms } from "../surfaces/forgotten/reset.ts";
import type { createVisits } from "../surfaces/oidc/visitor.ts";
import type { Parts } from "./parts.ts";

export interface ForgottenParts {
  readonly parts: Parts;
  readonly mail: Mail | undefined;
  readonly texts: MessageTexts;
  readonly delivery: Delivery;
  readonly throttle: Throttle;
  readonly limits: () => Limits;
  readonly mechanisms: () => readonly Mechanism[];
  /** Those of a forgotten password (factors.ts); asked for when they are there. */
  readonly factors: () => ReadonlyMap<string, Factor>;
}

const RECOVERY = "recovery-code";

/** The wishes, and what mounts their pages. */
export function composeForgotten(given: ForgottenParts): Forgotten & {
  mount(app: FastifyInstance, web: Web): Promise<void>;
} {
  const { parts, limits, mechanisms, factors } = given;
  const { config, settings, directory, enrolment, audit, now } = parts;
  const brand = () => settings.document().brand;
  const phoneAttribute = () => mechanisms().find((one) => one.phoneAttribute !== undefined)?.phoneAttribute;

  /** What the person has, of what some acr of now asks for: the strongest, and codes on paper. */
  async function kindsOf({ id }: User): Promise<readonly FactorKind[]> {
    const asked = new Set(mechanisms().flatMap(({ requires }) => requires));
    const usable = async (kind: FactorKind) =>
      asked.has(kind) &&
      (await factors()
        .get(kind)
        ?.held(id, kind === "sms" ? phoneAttribute() : undefined)) === true;
    const held: FactorKind[] = [];
    // A number that has just come is not among them (portal.newNumberHours).
    for (const kind of await enrolment.stepUp(id, "password")) if (await usable(kind)) held.push(kind);
    const anything = (await parts.authenticators.list(id)).length > 0;
    // A number that the directory holds is a phone as well, though nobody has bound it here.
    if (held.length === 0) return !anything && (await usable("sms")) ? ["sms"] : [];
    const most = Math.max(...held.filter((kind) => kind !== RECOVERY).map((kind) => STRENGTH[kind] ?? 0));
    return held.filter((kind) => kind === RECOVERY || STRENGTH[kind] === most);
  }

  const heldBy = async ({ id }: User) =>
    (await parts.authenticators.list(id)).flatMap((one) => (one.kind === RECOVERY ? [] : [one.id]));

  const forgotten = createForgotten({
    ...parts,
    openings: parts.passwordOpenings,
    mail: given.mail,
    texts: given.texts,
    settings: () => settings.document().passwords,
    kindsOf,
    brand,
    issuer: config.issuer,
  });

  return {
    ...forgotten,
    async mount(app, web) {
      const reset = createReset({
        walk: createWalk({
          storage: apart(parts.storage),
          mechanisms: async () => resetMechanisms(phoneAttribute()),
          factors: factors(),
          boundTo: (subject) => parts.authenticators.list(subject),
          delivery: given.delivery,
          audit,
          limits,
          now,
        }),
        openings: parts.passwordOpenings,
        directory,
        throttle: given.throttle,
        kindsOf,
        heldBy,
        audit,
        revision: () => settings.revision,
        limits,
        now,
      });
      const { visits, pages, csrf, render } = web;
      await mountForgotten(app, {
        issuer: config.issuer,
        brand,
        forgotten,
        reset,
        csrf,
        visitOf: visits.of,
        localeFor: pages.localeFor,
        render,
      });
    },
  };
}

interface Web {
  readonly csrf: Csrf;
  readonly visits: ReturnType<typeof createVisits>;
  readonly pages: Pages;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
}

/** Its logins are rows that no sign-in reads, and the end of one is no sign-in. */
const apart = (storage: Storage): Storage => ({
  ...storage,
  records: (kind) => storage.records(kind === "login" ? "password-login" : kind),
  commit: (writes, events = []) =>
    storage.commit(
      writes,
      events.filter(({ kind }) => kind !== "signed-in"),
    ),
});
