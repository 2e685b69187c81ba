/** Puts the account pages together: a client of this very server, which asks it for tokens and keys without a network. */
import type { FastifyInstance, InjectOptions } from "fastify";
import { ACCOUNT_CLIENT } from "../core/access.ts";
import type { Demands } from "../core/demands.ts";
import type { HelpDesk } from "../core/help-desk.ts";
import type { Factor, Mechanism } from "../core/mechanism.ts";
import type { Page } from "../core/pages.ts";
import type { Snapshot } from "../core/settings.ts";
import { addressCountries } from "../kits/web/address-countries.ts";
import type { Csrf } from "../kits/web/csrf.ts";
import type { Pages } from "../kits/web/pages.ts";
import type { Engine } from "../surfaces/oidc/engine.ts";
import { createGrants, sessionOfToken } from "../surfaces/oidc/grants.ts";
import type { createVisits } from "../surfaces/oidc/visitor.ts";
import { createAccountClient } from "../surfaces/portal/client.ts";
import { mountPortal } from "../surfaces/portal/mount.ts";
import { ACCOUNT_CALLBACK } from "./own-client.ts";
import type { Parts } from "./parts.ts";

/** In the order of the page: the safest first. */
const KINDS = ["passkey", "totp", "sms", "recovery-code"];

export interface PortalParts {
  readonly parts: Parts;
  readonly desk: HelpDesk;
  readonly csrf: Csrf;
  readonly visits: ReturnType<typeof createVisits>;
  readonly pages: Pages;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
  readonly served: () => {
    readonly snapshot: Snapshot;
    readonly mechanisms: readonly Mechanism[];
    readonly ownFactors: ReadonlyMap<string, Factor>;
    readonly engine: Pick<Engine, "provider">;
  };
  readonly factors: ReadonlyMap<string, Factor>;
  readonly demands: Demands;
  readonly onProblem: (problem: unknown) => void;
}

export async function composePortal(app: FastifyInstance, portal: PortalParts): Promise<void> {
  const { parts, served, factors, visits, pages } = portal;
  const { config, storage, settings, now } = parts;
  const policy = () => settings.document().portal;
  await mountPortal(app, {
    ...parts,
    issuer: config.issuer,
    own: ACCOUNT_CLIENT,
    csrf: portal.csrf,
    desk: portal.desk,
    searchesPerHour: () => settings.document().helpDesk.searchesPerHour,
    grants: createGrants(parts),
    demands: portal.demands,
    client: createAccountClient({
      issuer: config.issuer,
      clientId: ACCOUNT_CLIENT,
      callback: ACCOUNT_CALLBACK,
      fetch: inProcess(app, config.issuer),
      sessionOf: sessionOfToken(() => served().engine.provider, storage),
      storage,
      now,
    }),
    policy,
    snapshot: () => served().snapshot,
    mechanisms: () => served().mechanisms,
    factorOf: (kind) => factors.get(kind) ?? served().ownFactors.get(kind),
    // Only what some acr of now asks for: another one could be added and never be used.
    kinds: () =>
      KINDS.filter(
        (kind) =>
          factors.get(kind)?.enrol !== undefined &&
          served().mechanisms.some(({ requires }) => requires.includes(kind)),
      ),
    visitOf: visits.of,
    countryOf: addressCountries(config.addressCountries, portal.onProblem),
    render: portal.render,
    localeFor: pages.localeFor,
    locales: pages.locales,
    leastLength: parts.leastLength,
  });
}

/** A request to this server by itself: through its own routes and checks, over no wire. */
const inProcess = (app: FastifyInstance, issuer: URL) => async (url: string, init: RequestInit) => {
  const { pathname, search } = new URL(url);
  const answer = await app.inject({
    method: (init.method ?? "GET") as NonNullable<InjectOptions["method"]>,
    url: `${pathname}${search}`,
    headers: { ...Object.fromEntries(new Headers(init.headers)), host: issuer.host },
    ...(typeof init.body === "string" ? { payload: init.body } : {}),
  });
  const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return new Response(answer.payload, { status: answer.statusCode, headers });
};
