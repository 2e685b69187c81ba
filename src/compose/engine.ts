/** The protocol engine of one revision of the settings: made in under a millisecond, swapped by revisions.ts. */
import type { IncomingMessage } from "node:http";
import type { Devices } from "../core/device.ts";
import type { Mechanism } from "../core/mechanism.ts";
import type { Page } from "../core/pages.ts";
import type { Snapshot } from "../core/settings.ts";
import type { StandIns } from "../core/stand-in.ts";
import type { Walk } from "../core/walk.ts";
import type { Logs } from "../kits/log/log.ts";
import { createDeviceFlow } from "../surfaces/oidc/device.ts";
import { createDisplacing } from "../surfaces/oidc/displaced.ts";
import { createEngine, type Engine } from "../surfaces/oidc/engine.ts";
import { createEnginePages, createShow } from "../surfaces/oidc/engine-pages.ts";
import { createProvider, onRefused } from "../surfaces/oidc/provider.ts";
import { createDeviceCookies } from "../surfaces/oidc/remembering.ts";
import type { createVisits } from "../surfaces/oidc/visitor.ts";
import { ownApis } from "./apis.ts";
import type { Parts } from "./parts.ts";

export interface EngineDeps {
  readonly parts: Parts;
  readonly walk: Walk;
  readonly devices: Devices;
  readonly standIns: Pick<StandIns, "secretOf">;
  readonly visits: ReturnType<typeof createVisits>;
  readonly csrfToken: (uid: string, turn: number, browser: string) => string;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
  readonly languages: readonly string[];
  readonly localeFor: (wanted: readonly string[]) => string;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly log: Logs["server"];
  readonly onProblem: (problem: unknown) => void;
}

/** Answers what makes an engine of a revision. */
export function engineBuilder(
  deps: EngineDeps,
): (snapshot: Snapshot, mechanisms: readonly Mechanism[]) => Engine {
  const { parts, walk, devices, visits, csrfToken, log, onProblem } = deps;
  const { config, storage, directory, authenticators, audit, keyring, now } = parts;
  const show = createShow(deps.render);
  const apis = ownApis(config.issuer);
  const displace = createDisplacing({ storage, logouts: parts.logouts, now });
  const restartOf = async (login: string, request: IncomingMessage): Promise<string> => {
    const standing = await walk.stand(login, visits.of(request).visitor);
    return standing.kind === "other-browser" ? "" : (standing.login?.restart ?? "");
  };
  return (snapshot, mechanisms) => {
    const device = createDeviceFlow({
      snapshot,
      mechanisms,
      storage,
      directory,
      audit,
      apis,
      visitOf: visits.of,
      csrfToken,
      show,
      now,
    });
    const provider = createProvider({
      issuer: config.issuer.origin,
      snapshot,
      mechanisms,
      storage,
      keys: keyring,
      directory: parts.accounts,
      authenticators,
      audit,
      logouts: parts.logouts,
      pages: createEnginePages({ brand: snapshot.brand, show, restartOf }),
      device,
      languages: deps.languages,
      apis,
      addressOf: deps.addressOf,
      begin: (ctx, interaction) => engine.login.beginEarly(ctx, interaction, visits.of(ctx.req)),
      now,
    });
    provider.on("server_error", (_ctx, problem) => onProblem(problem));
    onRefused(provider, (facts) => log.debug("Refused a request", facts));
    const engine = createEngine({
      provider,
      device,
      snapshot,
      mechanisms,
      walk,
      devices,
      displace,
      directory,
      audit,
      localeFor: deps.localeFor,
      marksCookie: visits.marksCookie,
      deviceCookies: createDeviceCookies({
        secretOf: deps.standIns.secretOf,
        devicesCookie: visits.devicesCookie,
        now,
      }),
      csrfToken,
      now,
    });
    return engine;
  };
}
