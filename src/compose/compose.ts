/**
 * The wiring diagram: which part is given to which. `openParts` (parts.ts) opens what commands on this host need as
 * well; `compose` puts the walk, the protocol surface and the web server on top. No rule of the product stands here.
 */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { type BootConfig, invalid } from "../config.ts";
import { createCodes } from "../core/codes.ts";
import { createDelivery } from "../core/delivery.ts";
import { createDevices } from "../core/device.ts";
import { createGatewayLine, type GatewayEntry, problemWords } from "../core/gateway-line.ts";
import type { Mechanism } from "../core/mechanism.ts";
import type { Page } from "../core/pages.ts";
import { createReportUrls, REPORT_PATH } from "../core/report-url.ts";
import type { OnSend } from "../core/send-fact.ts";
import type { Snapshot } from "../core/settings.ts";
import { createThrottle } from "../core/throttle.ts";
import { createWalk } from "../core/walk.ts";
import { createTrustedPeers } from "../kits/web/address.ts";
import { createCsrf } from "../kits/web/csrf.ts";
import { createPages } from "../kits/web/pages.ts";
import { createWebServer } from "../kits/web/server.ts";
import { createPasswordFactor } from "../plugins/factors/password/password.ts";
import { createSmsFactor } from "../plugins/factors/sms/sms.ts";
import { rewriteApi } from "../surfaces/admin/api/mount.ts";
import { mountCallbacks } from "../surfaces/callbacks/mount.ts";
import { createAccessTokens } from "../surfaces/oidc/access.ts";
import { createEnginePages } from "../surfaces/oidc/engine-pages.ts";
import { createEngine, mountOidc, rewriteOriginal } from "../surfaces/oidc/mount.ts";
import { createProvider } from "../surfaces/oidc/provider.ts";
import { createVisits } from "../surfaces/oidc/visitor.ts";
import { composeAdmin, ownApi } from "./admin.ts";
import { createGateways } from "./gateway.ts";
import { openParts, type Parts } from "./parts.ts";
import { createRevisions } from "./revisions.ts";
import { takeIn } from "./seed.ts";
import { mountAssets, probePort, readTls } from "./web.ts";

export interface Running {
  readonly issuer: string;
  close(): Promise<void>;
}

export interface Voices {
  readonly complain: (text: string) => void;
}

/** What failed and what made it fail; the first line of each. */
const reasonOf = (problem: unknown): string => {
  if (!(problem instanceof Error)) return "unknown";
  const line = problem.message.split("\n")[0] ?? "";
  return problem.cause instanceof Error ? `${line}: ${problem.cause.message.split("\n")[0] ?? ""}` : line;
};
const newId = (): string => randomBytes(16).toString("base64url");
/** How often a node looks for keys that another one has made or rotated, and for messages nobody sent. */
const KEYS_EVERY = 5_000;
const OUTBOX_EVERY = 5_000;
/** How soon a node serves the settings that another one has changed. */
const SETTINGS_EVERY = 1_000;
/** How long an event of the audit may be taken away without being missed. */
const SEAL_EVERY = 5_000;
const SWEEP_EVERY = 60_000;
const SWEEP_AT_ONCE = 200;

export interface ComposeOptions extends Voices {
  /** Mounts what only the demo has. */
  readonly extras?: (
    app: FastifyInstance,
    tools: { render: (page: Page) => Promise<string>; acrs: () => readonly string[] },
  ) => void;
  readonly parts?: Parts;
  readonly gateways?: () => Promise<readonly GatewayEntry[]>;
  /** Is told of every attempt to bring a code. */
  readonly onSend?: OnSend;
  /** Where texts go when no property of the script says so. */
  readonly apiBase?: URL | undefined;
}

/** The boot file's settings, where it says something else than at the last start. Refuses a file the settings cannot take. */
async function takeInFile({ settings, config, now }: Parts): Promise<void> {
  const change = await settings.change({
    change: (document) => takeIn(document, config, now()),
    by: "sallyport.yaml",
    what: "the file has changed",
  });
  if (change.kind === "faulty")
    throw invalid(
      "sallyport.yaml",
      change.faults.map(({ path, message }) => `${path}: ${message}`),
    );
}

export async function compose(config: BootConfig, options: ComposeOptions): Promise<Running> {
  if (options.parts === undefined) await probePort(config.listen);
  const parts = options.parts ?? (await openParts(config));
  const onProblem = (problem: unknown) =>
    options.complain(problem instanceof Error ? `${problem.name}: ${problem.message}` : "something failed");
  const { now } = parts;
  const timers: NodeJS.Timeout[] = [];
  try {
    const { storage, authenticators, directory, audit, enrolment, keyring, phoneKey, settings, phones } =
      parts;
    await takeInFile(parts);
    const line = createGatewayLine({
      entries: options.gateways ?? createGateways(() => settings.document(), options.apiBase),
      now,
      onProblem({ gateway, reason, providerCode = null, at }) {
        options.complain(`gateway ${gateway}: ${problemWords(reason)} (${providerCode ?? reason})`);
        audit
          .append({ kind: "gateway-problem", at, facts: { gateway, reason, providerCode } })
          .catch(onProblem);
      },
    });
    const limits = () => settings.document().limits;
    const host = config.issuer.hostname;
    const brand = () => settings.document().brand;

    const codes = createCodes({ storage, keys: keyring, limits, now, newId });
    const delivery = createDelivery({
      storage,
      codes,
      line,
      urls: createReportUrls(config.issuer, keyring, now),
      settings: () => settings.document().delivery,
      now,
      host,
      onSend: options.onSend,
      onProblem,
    });
    const devices = createDevices(keyring);
    const throttle = createThrottle({ records: storage.records("password-throttle"), now });
    const factors = new Map(
      [
        createPasswordFactor({ directory, throttle, devices, now }),
        createSmsFactor({
          codes,
          authenticators,
          enrolment,
          phones,
          countries: () => revisions.current().snapshot.countries,
          audit,
          now,
          host,
          phoneKey,
          canCall: () => line.hasNext("call", new Set()),
          mostSends: () => limits().sendsPerLogin,
          mostTries: () => limits().triesPerCode,
        }),
      ].map((factor) => [factor.kind, factor]),
    );
    const walk = createWalk({
      storage,
      mechanisms: async (revision) => (await revisions.at(revision)).mechanisms,
      factors,
      delivery,
      audit,
      limits,
      now,
    });

    const pages = createPages({
      defaultDir: fileURLToPath(new URL("../../pages/default", import.meta.url)),
      brand: brand(),
      locale: "en",
      ...(config.pages === undefined ? {} : { overlayDir: config.pages }),
      onProblem: options.complain,
    });
    const render = async (page: Page, locale?: string): Promise<string> =>
      (await pages.render(page, { locale })).html;
    const https = config.issuer.protocol === "https:";
    const peers = createTrustedPeers(config.trustedProxies);
    const visits = createVisits({ https, peers });
    const csrf = createCsrf(() => keyring.secrets("csrf").map(({ bytes }) => bytes));

    let signing = keyring.signing();
    const build = (snapshot: Snapshot, mechanisms: readonly Mechanism[]) => {
      const provider = createProvider({
        issuer: config.issuer.origin,
        snapshot,
        mechanisms,
        storage,
        keys: keyring,
        directory,
        authenticators,
        audit,
        pages: createEnginePages({ brand: snapshot.brand, render }),
        api: ownApi(config.issuer),
        now,
      });
      provider.on("server_error", (_ctx, problem) => onProblem(problem));
      return createEngine({
        provider,
        snapshot,
        mechanisms,
        walk,
        devices,
        directory,
        audit,
        marksCookie: visits.marksCookie,
        csrfToken: csrf.token,
        now,
      });
    };
    const revisions = createRevisions({ settings, phones, build });
    revisions.current();

    const app = await createWebServer({
      issuer: config.issuer,
      peers,
      rewrite: (url) => rewriteApi(rewriteOriginal(url)),
      render,
      brand,
      newReference: () => newId().slice(0, 8),
      onProblem: (problem, { reference, method, path }) =>
        options.complain(`${method} ${path} failed (reference ${reference}): ${reasonOf(problem)}`),
      ...(config.tls === undefined ? {} : { tls: readTls(config.tls) }),
    });
    await mountOidc(app, {
      issuer: config.issuer,
      engine: () => revisions.current().engine,
      engineOf: async (revision) => (await revisions.at(revision)).engine,
      visits,
      csrf,
      render,
    });
    await mountCallbacks(app, { issuer: config.issuer, path: REPORT_PATH, take: delivery.report });
    mountAssets(app, pages);
    await composeAdmin(app, {
      parts,
      access: createAccessTokens(() => revisions.current().engine.provider, ownApi(config.issuer)),
      peers,
      mechanisms: () => revisions.current().mechanisms,
      countries: () => revisions.current().snapshot.countries,
      onProblem: (problem, { method, path }) =>
        options.complain(`${method} ${path} failed: ${reasonOf(problem)}`),
    });
    options.extras?.(app, { render, acrs: () => revisions.current().mechanisms.map(({ acr }) => acr) });
    await app.listen({ host: config.listen.host, port: config.listen.port });

    const every = (ms: number, act: () => Promise<unknown>) =>
      timers.push(setInterval(() => void act().catch(onProblem), ms).unref());
    every(KEYS_EVERY, async () => {
      await keyring.refresh();
      // A new engine takes under a millisecond and carries the new keys; logins under way live in the store. Whoever
      // has rotated, another node or this one, the keyring answers other arrays from then on.
      if (keyring.signing() === signing) return;
      signing = keyring.signing();
      revisions.forget();
    });
    every(SETTINGS_EVERY, () => settings.refresh());
    every(OUTBOX_EVERY, () => delivery.sweep());
    every(SEAL_EVERY, () => parts.auditSeals.seal());
    every(SWEEP_EVERY, async () => {
      // In small acts, so that nobody waits behind them; until there is nothing left.
      while ((await storage.sweep(SWEEP_AT_ONCE)) === SWEEP_AT_ONCE) await new Promise(setImmediate);
    });
    setImmediate(() => void Promise.all([line.warm(), delivery.sweep()]).catch(onProblem));

    return {
      issuer: config.issuer.origin,
      async close() {
        for (const timer of timers) clearInterval(timer);
        await app.close();
        await delivery.idle();
        await parts.close();
      },
    };
  } catch (problem) {
    for (const timer of timers) clearInterval(timer);
    await parts.close();
    throw problem;
  }
}
