/**
 * The wiring diagram: which part is given to which. `openParts` (parts.ts) opens what commands on this host need as
 * well; `compose` puts the walk, the protocol surface and the web server on top. No rule of the product stands here.
 */
import type { Server } from "node:https";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import type { BootConfig } from "../config.ts";
import { createCodes } from "../core/codes.ts";
import { createDelivery } from "../core/delivery.ts";
import { createDevices } from "../core/device.ts";
import { createNoticeSender } from "../core/notice-sender.ts";
import type { Page } from "../core/pages.ts";
import { randomName } from "../core/random.ts";
import { createReportUrls, REPORT_PATH } from "../core/report-url.ts";
import type { OnSend } from "../core/send-fact.ts";
import { createThrottle } from "../core/throttle.ts";
import { createPostOutward } from "../kits/http/outward.ts";
import type { Logs } from "../kits/log/log.ts";
import { createSmtp } from "../kits/mail/smtp.ts";
import { clientAddress, createTrustedPeers, isPublicAddress } from "../kits/web/address.ts";
import { addressCountries } from "../kits/web/address-countries.ts";
import { createCsrf } from "../kits/web/csrf.ts";
import { createMessageTexts } from "../kits/web/messages.ts";
import { createPages } from "../kits/web/pages.ts";
import { createWebServer } from "../kits/web/server.ts";
import { rewriteApi } from "../surfaces/admin/api/mount.ts";
import { testNumberLines } from "../surfaces/admin/host/sms-lines.ts";
import { mountRecover } from "../surfaces/admin/recover/mount.ts";
import { mountCallbacks } from "../surfaces/callbacks/mount.ts";
import { rewriteCasa } from "../surfaces/enrolment/mount.ts";
import { createLogoutDelivery } from "../surfaces/oidc/logout-delivery.ts";
import { mountOidc, rewriteOriginal } from "../surfaces/oidc/mount.ts";
import { createVisits } from "../surfaces/oidc/visitor.ts";
import { composeApis } from "./apis.ts";
import { type Background, createBackground } from "./background.ts";
import { openBootstrapFile } from "./bootstrap-file.ts";
import { startChores } from "./chores.ts";
import { compileEarly } from "./compilers.ts";
import { engineBuilder } from "./engine.ts";
import { createExplain } from "./explain.ts";
import { composeFactors } from "./factors.ts";
import { composeForgotten } from "./forgotten.ts";
import { composeHealth } from "./health.ts";
import { composeLimits } from "./limits.ts";
import { composeLine } from "./line.ts";
import { answersLog, auditLog, followSettings, openServerLogs } from "./logs.ts";
import { costsOfTexts } from "./message-texts.ts";
import { openMeter } from "./metrics.ts";
import { composeOverview } from "./overview.ts";
import { createOwnScripts } from "./own-scripts.ts";
import { openParts, type Parts } from "./parts.ts";
import { composePortal } from "./portal.ts";
import { createRevisions } from "./revisions.ts";
import { tellOfScripts } from "./script-log.ts";
import { smsFactors } from "./sms-factor.ts";
import { reasonOf, takeInFile } from "./take-file.ts";
import { createTlsReload, readTls } from "./tls.ts";
import { composeWalk } from "./walk.ts";
import { mountAssets, probePort } from "./web.ts";

export interface Running {
  readonly issuer: string;
  /** What the operator of a server without an administrator is told. */
  readonly bootstrap: string | undefined;
  /** Takes its certificate anew. */
  reload(): Promise<void>;
  /** Tells that it is not ready, waits, and ends when every request that was let in is answered. */
  close(): Promise<void>;
}

export interface Voices {
  readonly complain: (text: string) => void;
}

/** How soon a renewed certificate is seen where nobody says so. */
const TLS_EVERY = 10_000;
export interface ComposeOptions extends Voices {
  /** Mounts what only the demo has. */
  readonly extras?: (
    app: FastifyInstance,
    tools: {
      render: (page: Page, languages?: readonly string[]) => Promise<string>;
      acrs: () => readonly string[];
    },
  ) => void;
  readonly parts?: Parts;
  /** Is told of every attempt to bring a code. */
  readonly onSend?: OnSend;
  readonly logs?: Logs;
  /** Addresses that applications may name; public ones if not given. */
  readonly reach?: (address: string) => boolean;
  /** How often its chores come round: 1 unless given, a tenth of the time at 0.1. */
  readonly pace?: number;
  /** It ends before compiling early would pay; the default is a server that stays. */
  readonly brief?: boolean;
  /** Where texts go when no property of the script says so. */
  readonly apiBase?: URL | undefined;
}

export async function compose(config: BootConfig, options: ComposeOptions): Promise<Running> {
  if (options.parts === undefined) await probePort(config.listen);
  const parts = options.parts ?? (await openParts(config));
  const { now } = parts;
  let background: Background | undefined;
  let logs = options.logs;
  const complain = (text: string): void => {
    options.complain(text);
    logs?.server.error(text);
  };
  const onProblem = (problem: unknown) =>
    complain(problem instanceof Error ? `${problem.name}: ${problem.message}` : "something failed");
  try {
    const { storage, authenticators, audit, directory, keyring, settings, phones } = parts;
    logs ??= await openServerLogs(config, options.complain);
    const log = logs.server;
    await takeInFile(parts);
    followSettings(logs, settings);
    log.info("Starting", {
      issuer: config.issuer.origin,
      store: config.store.type,
      revision: settings.revision,
    });
    for (const warning of config.warnings) log.warn(warning);
    for (const line of testNumberLines(settings.document().testNumbers, now())) complain(line);
    const meter = await openMeter(config);
    const line = composeLine({ settings, audit, now, log, apiBase: options.apiBase, complain, onProblem });
    const countryOf = addressCountries(config.addressCountries, onProblem);
    const bounds = composeLimits({
      line,
      parts,
      audit,
      alarm: complain,
      onProblem,
      metrics: meter.metrics,
      countryOfAddress: countryOf,
    });
    const { limits, tallies, brake } = bounds;
    const overview = composeOverview({ parts, tallies, line, isBraked: () => brake.since !== undefined });
    const toLog = meter.alsoHears(auditLog(log, settings));
    parts.hearAudit((event) => {
      toLog(event);
      overview.heard(event);
    });
    const host = config.issuer.hostname;
    const brand = () => settings.document().brand;

    const codes = createCodes({ storage, keys: keyring, limits, now, newId: randomName, ...bounds.hooks });
    const pages = createPages({
      defaultDir: fileURLToPath(new URL("../../pages/default", import.meta.url)),
      brand: brand(),
      locale: "en",
      ...(config.pages === undefined ? {} : { overlayDir: config.pages }),
      onProblem: complain,
    });
    const texts = createMessageTexts({
      files: pages.messages,
      settings: () => settings.document(),
      locale: "en",
      onProblem: complain,
    });
    for (const line of costsOfTexts(settings.document())) complain(line);
    const delivery = createDelivery({
      storage,
      codes,
      line,
      urls: createReportUrls(config.issuer, keyring, now),
      settings: () => settings.document().delivery,
      now,
      texts,
      brand,
      host,
      onSend: meter.alsoSends(options.onSend),
      onProblem,
      onAccepted: bounds.onAccepted,
      maySend: bounds.maySend,
    });
    const mail = config.smtp === undefined ? undefined : createSmtp(config.smtp);
    const notices = createNoticeSender({
      storage,
      authenticators,
      directory,
      gateway: line,
      mail,
      audit,
      texts,
      brand,
      host,
      ...bounds.notices,
      now,
    });
    const devices = createDevices(keyring);
    const throttle = createThrottle({ records: storage.records("password-throttle"), now });
    const countries = () => revisions.current().snapshot.countries;
    const smsFactor = smsFactors({ parts, codes, bounds, devices, line, countries });
    const forgotten = composeForgotten({
      parts,
      mail,
      texts,
      delivery,
      throttle,
      limits,
      mechanisms: () => revisions.current().mechanisms,
      factors: () => reset,
    });
    const { signIn: factors, reset } = composeFactors({
      parts,
      bounds,
      devices,
      throttle,
      asked: meter.timed(directory),
      brand,
      smsFactor,
      forgotten: forgotten.isOn,
    });
    const scripts = createOwnScripts({
      ...parts,
      folder: join(config.data, "custom"),
      limits,
      sms: () => factors.get("sms"),
      log: logs.script,
      newId: randomName,
    });
    const { walk, standIns, demands } = composeWalk({
      parts,
      bounds,
      factors,
      at: (revision) => revisions.at(revision),
      delivery,
      countryOf,
    });

    const render = async (page: Page, languages?: readonly string[]): Promise<string> =>
      (await pages.render(page, { locale: languages })).html;
    const https = config.issuer.protocol === "https:";
    const peers = createTrustedPeers(config.trustedProxies);
    const visits = createVisits({ https, peers });
    const csrf = createCsrf(() => keyring.secrets("csrf").map(({ bytes }) => bytes));

    const build = engineBuilder({
      parts,
      walk,
      standIns,
      devices,
      visits,
      csrfToken: csrf.token,
      render,
      languages: pages.locales(),
      localeFor: pages.localeFor,
      addressOf: (request) => clientAddress(request, peers),
      log,
      onProblem,
    });
    const revisions = createRevisions({
      settings,
      issuer: config.issuer,
      phones,
      partsOf: scripts.partsOf,
      build,
    });
    revisions.current();

    const health = composeHealth(parts, line, peers, complain);
    const app = await createWebServer({
      issuer: config.issuer,
      peers,
      rewrite: (url) => rewriteCasa(rewriteApi(rewriteOriginal(url))),
      render,
      brand,
      // Of a login its own id: what the person reads out is what `sallyport trace` wants.
      newReference: (path) => /^\/login\/([\w-]{1,64})/.exec(path)?.[1] ?? randomName().slice(0, 8),
      onAnswer: answersLog(log, settings, peers),
      door: health.door,
      onProblem: (problem, { reference, method, path }) =>
        complain(`${method} ${path} failed (reference ${reference}): ${reasonOf(problem)}`),
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
    await mountRecover(app, {
      issuer: config.issuer,
      brand,
      recovery: parts.recovery,
      csrf,
      visitOf: visits.of,
      render,
    });
    const desk = await composeApis(app, {
      parts,
      peers,
      scripts,
      overview,
      demands,
      explain: createExplain({ parts, bounds, demands, current: () => revisions.current() }),
      smsFactor,
      delivery,
      factors,
      served: revisions.current,
      localeFor: pages.localeFor,
      onProblem: (problem, { method, path }) => complain(`${method} ${path} failed: ${reasonOf(problem)}`),
    });
    await forgotten.mount(app, { csrf, visits, pages, render });
    await composePortal(app, {
      parts,
      desk,
      csrf,
      visits,
      pages,
      render,
      served: revisions.current,
      factors,
      demands,
      onProblem,
    });
    options.extras?.(app, { render, acrs: () => revisions.current().mechanisms.map(({ acr }) => acr) });
    const bootstrapFile = await openBootstrapFile(config, parts.bootstrap);
    await app.listen({ host: config.listen.host, port: config.listen.port });
    if (options.brief !== true) compileEarly();
    log.info("Listening", {
      host: config.listen.host,
      port: config.listen.port,
      tls: config.tls !== undefined,
    });

    const tls =
      config.tls && createTlsReload(config.tls, app.server as unknown as Server, { log, complain, now });

    const closeMetrics = await meter.open(
      {
        brakeOn: () => bounds.brake.since !== undefined,
        gateways: line.states,
        hashing: parts.directory.hashingStats,
      },
      onProblem,
    );

    const logoutDelivery = createLogoutDelivery({
      ...parts,
      clients: () => settings.document().clients,
      keys: keyring,
      issuer: config.issuer.origin,
      post: createPostOutward(options.reach ?? isPublicAddress),
    });
    background = createBackground(log, onProblem, options.pace);
    const { every, soon } = background;
    parts.followDirectories(background, complain);
    startChores(background, {
      ...parts,
      bounds,
      bootstrapFile,
      outboxes: [delivery, notices, logoutDelivery, forgotten],
      onSigningKeys(count) {
        // A new engine takes under a millisecond and carries the new keys; logins under way live in the store.
        revisions.forget();
        log.info("Signing keys taken", { keys: count });
      },
    });
    if (tls !== undefined) every(TLS_EVERY, tls.look);
    parts.logouts.hear(() => soon(() => logoutDelivery.sweep()));
    soon(() => delivery.sweep());
    const { script } = logs;
    soon(() => tellOfScripts(script, settings, line));

    return {
      issuer: config.issuer.origin,
      bootstrap: bootstrapFile.said,
      async reload() {
        await tls?.reload();
      },
      async close() {
        log.info("Stopping");
        health.drain();
        await setTimeout((config.drainSeconds ?? 0) * 1000);
        bounds.prices.stop();
        await Promise.all([background?.stop(), app.close(), closeMetrics()]);
        await Promise.all([delivery.idle(), notices.idle(), scripts.close()]);
        await bounds.flush().catch(onProblem);
        await parts.close();
        log.info("Stopped");
        await logs?.close();
      },
    };
  } catch (problem) {
    await background?.stop();
    await parts.close();
    logs?.server.error("Not started", { reason: reasonOf(problem) });
    await logs?.close();
    throw problem;
  }
}
