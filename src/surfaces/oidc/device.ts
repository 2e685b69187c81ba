/**
 * The person's side of the device grant (RFC 8628): which code a browser has typed, who may answer it, and the pages of
 * `/device`. A code belongs to the first browser that types it, and only that browser can allow or refuse it
 * (CVE-2026-45337): what a page shows is a function of this browser's record, so it can be reloaded, and nothing happens
 * by a GET. Guesses are bounded per network; the odds stand in docs/decisions/0011.
 */
import type { IncomingMessage } from "node:http";
import { type ErrorOut, errors, type KoaContextWithOIDC, type Provider } from "oidc-provider";
import type { Audit } from "../../core/audit.ts";
import type { Directory } from "../../core/directory.ts";
import type { Mechanism } from "../../core/mechanism.ts";
import { networksOf } from "../../core/network.ts";
import type { Page } from "../../core/pages.ts";
import type { Storage } from "../../core/records.ts";
import type { Snapshot } from "../../core/settings.ts";
import type { ThrottleRow } from "../../core/throttle-lanes.ts";
import { createZones } from "../../core/throttle-zones.ts";
import type { Clock, EpochMs } from "../../core/words.ts";
import { type OwnApi, shownScopes } from "./access.ts";
import { acrRequest, chooseAcr } from "./choice.ts";
import { clientSettings } from "./clients.ts";
import type { Visit } from "./visitor.ts";

/** Seconds a code lives, and between two polls of a device. */
export const DEVICE_LIFE = 600;
export const DEVICE_INTERVAL = 5;
/** An hour, per address (or /64) and per /48: wrong codes that people type, codes that devices ask for. */
const GUESSES = [30, 300];
const ASKED = [120, 1200];
/** 20 letters without vowels, so that no code spells a word. */
const USER_CODE = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/;
const MASK = "****-****";

export type DeviceCode = InstanceType<Provider["DeviceCode"]> & {
  error?: string;
  errorDescription?: string;
  inFlight?: boolean;
  userCode: string;
  deviceInfo: { readonly address: string; readonly at: EpochMs };
};

/** What this browser is doing at `/device`. */
type View = {
  readonly state: "typing" | "asked" | "allowed" | "refused";
  readonly code: string;
  readonly appName: string;
  readonly notice?: string;
  readonly args?: Readonly<Record<string, number>>;
};

export interface DeviceDeps {
  readonly snapshot: Snapshot;
  readonly mechanisms: readonly Mechanism[];
  readonly storage: Storage;
  readonly directory: Directory;
  readonly audit: Audit;
  readonly apis: readonly OwnApi[];
  readonly visitOf: (request: IncomingMessage) => Visit;
  readonly csrfToken: (uid: string, turn: number, browser: string) => string;
  readonly show: (ctx: KoaContextWithOIDC, page: Page) => Promise<void>;
  readonly now: Clock;
}

const normal = (typed: string): string | undefined => {
  const code = typed.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return USER_CODE.test(code) ? code : undefined;
};
const spaced = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;
const isOpen = (code: DeviceCode): boolean =>
  !code.isExpired && code.error === undefined && code.accountId === undefined;

export type DeviceFlow = ReturnType<typeof createDeviceFlow>;

export function createDeviceFlow(deps: DeviceDeps) {
  const { snapshot, storage, directory, audit, now } = deps;
  const views = storage.records<View>("device-view");
  const owners = storage.records<string>("device-owner");
  const zones = (kind: string, perHour: readonly number[]) =>
    createZones({ records: storage.records<ThrottleRow>(kind), now, perHour });
  const guesses = zones("device-guesses", GUESSES);
  const asked = zones("device-asked", ASKED);
  const end = () => now() + DEVICE_LIFE * 1000;
  const appOf = (id: string | undefined) => clientSettings(snapshot, id)?.client_name ?? id ?? "";

  async function find(provider: Provider, code: string): Promise<DeviceCode | undefined> {
    return (await provider.DeviceCode.findByUserCode(code, { ignoreExpiration: true })) as
      | DeviceCode
      | undefined;
  }

  /** The open code of this browser, to be answered. */
  async function own(provider: Provider, visit: Visit): Promise<DeviceCode | undefined> {
    const view = await views.get(visit.visitor.browser);
    if (view?.state !== "asked") return undefined;
    const code = await find(provider, view.code);
    return code !== undefined && isOpen(code) ? code : undefined;
  }

  const note = (visit: Visit, typed: string, notice: string, args: Readonly<Record<string, number>> = {}) =>
    views.put(
      visit.visitor.browser,
      { state: "typing", code: typed.slice(0, 20), appName: "", notice, args },
      end(),
    );

  async function pageOf(ctx: KoaContextWithOIDC, notice?: string): Promise<Page> {
    const { provider, session } = ctx.oidc;
    const visit = deps.visitOf(ctx.req);
    const { browser } = visit.visitor;
    const view = await views.get(browser);
    const common = { brand: snapshot.brand, appName: view?.appName ?? "" };
    const done = (state: "allowed" | "refused" | "expired"): Page => ({
      page: "device-done",
      facts: { ...common, state, continueUrl: "/device?again=1" },
    });
    if (view?.state === "allowed" || view?.state === "refused") return done(view.state);
    const xsrf = (session as unknown as { state?: { secret?: string } } | undefined)?.state?.secret ?? "";
    const form = { ...common, action: "/device", xsrf };
    const said = notice ?? view?.notice;
    const noticed =
      said === undefined
        ? {}
        : { notice: said, ...(view?.args === undefined ? {} : { noticeArgs: view.args }) };
    if (view?.state !== "asked") {
      const csrf = deps.csrfToken("device", 0, browser);
      return { page: "device", facts: { ...form, ...noticed, csrf, userCode: view?.code ?? "" } };
    }
    const code = await own(provider, visit);
    if (code === undefined) return done("expired");
    const { address, at } = code.deviceInfo;
    const person = session?.accountId === undefined ? undefined : await directory.get(session.accountId);
    return {
      page: "device-confirm",
      facts: {
        ...form,
        ...noticed,
        csrf: deps.csrfToken(`device ${view.code}`, 0, browser),
        userCode: spaced(view.code),
        scopes: shownScopes(
          deps.apis,
          String(code.params?.scope ?? "")
            .split(" ")
            .filter(Boolean),
        ),
        address,
        minutes: Math.max(0, Math.floor((now() - at) / 60_000)),
        username: person?.username ?? "",
      },
    };
  }

  return {
    own,
    /** The engine's settings of the grant. */
    feature: {
      enabled: true as const,
      charset: "base-20" as const,
      mask: MASK,
      /** Kept with the code, and shown to whoever types it. Refuses a client whose sign-in could not succeed. */
      deviceInfo(ctx: KoaContextWithOIDC) {
        const { client, params } = ctx.oidc;
        const settings = clientSettings(snapshot, client?.clientId);
        const wanted = acrRequest(params as { acr_values?: unknown; claims?: unknown });
        if (chooseAcr(wanted, settings, snapshot, deps.mechanisms).kind === "unmet")
          throw new errors.CustomOIDCProviderError("unmet_authentication_requirements", NO_ACR);
        return { address: deps.visitOf(ctx.req).visitor.address, at: now() };
      },
      /** `/device`, and what became of an answer that failed. */
      async userCodeInputSource(ctx: KoaContextWithOIDC, _form: string, out?: ErrorOut, problem?: Error) {
        if (problem === undefined) return deps.show(ctx, await pageOf(ctx));
        if (problem.name === "AbortedError") {
          const common = { brand: snapshot.brand, appName: "" };
          return deps.show(ctx, {
            page: "device-done",
            facts: { ...common, state: "refused", continueUrl: "/device?again=1" },
          });
        }
        if (/^(NotFound|Expired|AlreadyUsed|NoCode)Error$/.test(problem.name))
          return deps.show(ctx, await pageOf(ctx, "device.unknown"));
        if (ctx.oidc.route === "code_verification" && out?.error === "invalid_request")
          return deps.show(ctx, await pageOf(ctx, "form.stale"));
        const expired = problem.name === "SessionNotFound";
        await deps.show(ctx, {
          page: "error",
          facts: {
            brand: snapshot.brand,
            appName: ctx.oidc.client?.clientName ?? "",
            problem: expired ? "expired" : out?.error === "server_error" ? "broken" : "oauth",
            reference: "",
            restartUrl: "/device",
            oauthError: out?.error ?? "",
            oauthDescription: out?.error_description ?? "",
          },
        });
      },
      /** Never asked for: mount-device.ts hands on answers only, and shows the question itself. */
      userCodeConfirmSource(): never {
        throw new Error("an answer without an answer");
      },
      async successSource(ctx: KoaContextWithOIDC) {
        const { browser, address } = deps.visitOf(ctx.req).visitor;
        const { session, client } = ctx.oidc;
        const code = ctx.oidc.entities.DeviceCode as DeviceCode | undefined;
        await audit.append({
          kind: "device-allowed",
          at: now(),
          subject: session?.accountId,
          client: client?.clientId,
          address,
          facts: { askedFrom: code?.deviceInfo.address ?? "" },
        });
        const view: View = { state: "allowed", code: "", appName: appOf(client?.clientId) };
        await views.put(browser, view, end());
        // A page is never the answer to a post, and a reload repeats nothing.
        ctx.status = 303;
        ctx.redirect("/device");
      },
    },
    /** A device asks for a code; the seconds to wait where its network has asked for too many, else 0. */
    async ask(address: string): Promise<number> {
      const slot = await asked.reserve(networksOf(address).zones);
      if (slot.kind === "wait") return slot.seconds;
      await slot.settle(true);
      return 0;
    },
    /** Begins anew; what was typed is shown in the field and does nothing yet (RFC 8628 §3.3.1). */
    begin: (visit: Visit, typed = "") =>
      views.put(visit.visitor.browser, { state: "typing", code: normalOr(typed), appName: "" }, end()),
    /** A person types a code. What came of it is in this browser's record. */
    async enter(provider: Provider, visit: Visit, typed: string): Promise<void> {
      const { browser, address } = visit.visitor;
      const name = normal(typed);
      if (name === undefined) return note(visit, typed, "device.malformed");
      const slot = await guesses.reserve(networksOf(address).zones);
      if (slot.kind === "wait")
        return note(visit, typed, "device.too-many", { minutes: Math.ceil(slot.seconds / 60) });
      const code = await find(provider, name);
      const mine =
        code !== undefined &&
        isOpen(code) &&
        (await owners.update(name, (owner) =>
          owner === undefined
            ? { result: true, write: browser, expiresAt: end() }
            : { result: owner === browser },
        ));
      await slot.settle(!mine);
      if (!mine) return note(visit, typed, "device.unknown");
      await views.put(browser, { state: "asked", code: name, appName: appOf(code.clientId) }, end());
    },
    async refuse(code: DeviceCode, visit: Visit): Promise<void> {
      const { browser, address } = visit.visitor;
      await audit.append({
        kind: "device-refused",
        at: now(),
        client: code.clientId,
        address,
        facts: { askedFrom: code.deviceInfo.address },
      });
      Object.assign(code, { error: "access_denied", errorDescription: "the person refused the device" });
      await code.save();
      await views.put(browser, { state: "refused", code: "", appName: appOf(code.clientId) }, end());
    },
    /** Whoever went away from the sign-in may answer the same question again. */
    async reopen(code: DeviceCode): Promise<void> {
      if (code.inFlight !== true) return;
      code.inFlight = false;
      await code.save();
    },
  };
}

const normalOr = (typed: string): string => {
  const code = normal(typed);
  return code === undefined ? "" : spaced(code);
};

/** What a client with no reachable acr is told; the one it happens to is the command line on a new server. */
const NO_ACR =
  "no acr that this client may use is enabled here; an administrator has to enable one with a second factor first, such as twilio_sms";
