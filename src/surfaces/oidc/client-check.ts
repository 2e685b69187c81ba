/** Asks the engine itself whether it could serve a client, before the settings take it in. */
import { createRequire } from "node:module";
import type { Adapter, Configuration, errors, Provider } from "oidc-provider";
import type { Keys } from "../../core/keys.ts";
import type { ClientSettings, Fault } from "../../core/settings.ts";
import { engineClient } from "./clients.ts";

const MOST_KNOWN = 5_000;
/**
 * The engine is a quarter of what a command of the host loads, and few of them change a client. A judge of settings
 * answers at once, so it cannot wait for an `import()`.
 */
const load = createRequire(import.meta.url);

/** No request ever reaches this engine, so nothing is stored. */
const nowhere = (): Adapter => {
  throw new Error("the engine that checks clients stores nothing");
};

/** What the engine has against a client, with the name of the field; undefined when it takes it. */
export function createClientCheck(
  keys: Pick<Keys, "signing">,
): (client: ClientSettings) => Fault | undefined {
  let engine: Provider | undefined;
  const known = new Map<string, Fault | undefined>();

  const open = (): Provider => {
    const library = load("oidc-provider") as typeof import("oidc-provider");
    return new library.Provider("https://issuer.invalid", {
      adapter: nowhere,
      jwks: { keys: keys.signing() as NonNullable<Configuration["jwks"]>["keys"] },
      cookies: { keys: ["unused"] },
      responseTypes: ["code"],
      subjectTypes: ["public"],
      clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
      enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
      features: {
        devInteractions: { enabled: false },
        dPoP: { enabled: false },
        clientCredentials: { enabled: true },
        deviceFlow: { enabled: true },
        pushedAuthorizationRequests: { enabled: true },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
    });
  };

  function ask(client: ClientSettings): Fault | undefined {
    engine ??= open();
    const { Client } = engine as unknown as { Client: new (metadata: object) => unknown };
    const { scope: _ours, ...metadata } = engineClient(client, []);
    try {
      new Client(metadata);
      return undefined;
    } catch (problem) {
      const { error_description: said = "cannot be served" } = problem as Partial<errors.OIDCProviderError>;
      // "jwks or jwks_uri is mandatory for this client": the field comes first.
      const [field = "", ...rest] = said.split(" ");
      return field in metadata || /^[a-z]+(_[a-z]+)*$/.test(field)
        ? { path: field, message: rest.join(" ") }
        : { path: "", message: said };
    }
  }

  return (client) => {
    const text = JSON.stringify(client);
    if (!known.has(text)) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(text, ask(client));
    }
    return known.get(text);
  };
}
