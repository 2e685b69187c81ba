/** One engine with its pages, for one revision of the settings. */
import type { Provider } from "oidc-provider";
import { type ConsentDeps, createConsent } from "./consent-step.ts";
import type { DeviceFlow } from "./device.ts";
import { createLogin, type LoginDeps } from "./interaction.ts";

export interface Engine {
  readonly provider: Provider;
  /** The engine's request handler, put together once. */
  readonly serve: ReturnType<Provider["callback"]>;
  readonly login: ReturnType<typeof createLogin>;
  readonly consent: ReturnType<typeof createConsent>;
  readonly device: DeviceFlow;
}

export const createEngine = (deps: LoginDeps & ConsentDeps & { readonly device: DeviceFlow }): Engine => ({
  provider: deps.provider,
  serve: deps.provider.callback(),
  login: createLogin(deps),
  consent: createConsent(deps),
  device: deps.device,
});
