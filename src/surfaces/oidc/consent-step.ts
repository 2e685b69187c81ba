/** The consent page: what a relying party may know, asked once per session. */
import type { Provider } from "oidc-provider";
import type { Audit } from "../../core/audit.ts";
import type { Directory } from "../../core/directory.ts";
import type { Form } from "../../core/mechanism.ts";
import type { Snapshot } from "../../core/settings.ts";
import type { Clock } from "../../core/words.ts";
import { clientSettings } from "./clients.ts";
import { giveGrant, scopesToShow } from "./consent.ts";
import type { Answer } from "./interaction.ts";
import type { Interaction } from "./login-start.ts";

export interface ConsentDeps {
  readonly provider: Provider;
  readonly snapshot: Snapshot;
  readonly directory: Directory;
  readonly audit: Audit;
  readonly csrfToken: (uid: string, turn: number, browser: string) => string;
  readonly now: Clock;
}

export function createConsent({ provider, snapshot, directory, audit, csrfToken, now }: ConsentDeps) {
  return {
    async show(details: Interaction, browser: string): Promise<Answer> {
      const client = clientSettings(snapshot, String(details.params.client_id));
      const redirectUri = String(details.params.redirect_uri);
      const user =
        details.session?.accountId === undefined ? undefined : await directory.get(details.session.accountId);
      return {
        kind: "page",
        status: 200,
        redirectUri,
        uiLocales: details.params.ui_locales,
        page: {
          page: "consent",
          facts: {
            brand: snapshot.brand,
            appName: client?.client_name ?? client?.client_id ?? "",
            action: `/login/${details.uid}`,
            csrf: csrfToken(details.uid, 0, browser),
            username: user?.username ?? "",
            // A device has no address of its own.
            clientHost: hostOf(redirectUri) || (client?.client_name ?? client?.client_id ?? ""),
            scopes: [...scopesToShow(details.params, details.prompt.details)],
            policyUrl: client?.policy_uri ?? "",
            termsUrl: client?.tos_uri ?? "",
          },
        },
      };
    },

    async submit(
      details: Interaction,
      form: Form,
      address: string,
      record: (details: Interaction, result: Record<string, unknown>) => Promise<string>,
    ): Promise<Answer> {
      const accountId = details.session?.accountId;
      const event = {
        at: now(),
        subject: accountId,
        login: details.uid,
        client: String(details.params.client_id),
        address,
      };
      if (form.action === "cancel" || accountId === undefined) {
        await audit.append({ ...event, kind: "consent-refused" });
        return {
          kind: "see-other",
          url: await record(details, { error: "access_denied", error_description: "the person refused" }),
        };
      }
      await audit.append({
        ...event,
        kind: "consent-given",
        facts: { scopes: scopesToShow(details.params, details.prompt.details).join(" ") },
      });
      const grantId = await giveGrant(provider, {
        grantId: details.grantId,
        accountId,
        clientId: event.client,
        details: details.prompt.details,
      });
      return { kind: "see-other", url: await record(details, { consent: { grantId } }) };
    },
  };
}

function hostOf(uri: string): string {
  try {
    return new URL(uri).host || new URL(uri).protocol;
  } catch {
    return "";
  }
}
