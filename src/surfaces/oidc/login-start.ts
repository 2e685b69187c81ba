/** What a login is begun with: the request, the session it builds on and the browser in front. Called by interaction.ts. */
import type { Provider } from "oidc-provider";
import type { Directory } from "../../core/directory.ts";
import type { LoginStart } from "../../core/login.ts";
import type { Mechanism } from "../../core/mechanism.ts";
import type { Snapshot } from "../../core/settings.ts";
import type { Clock } from "../../core/words.ts";
import { wantedLocales } from "../../kits/web/locale.ts";
import { acrRequest, chooseAcr, proofsToBuildOn } from "./choice.ts";
import { clientSettings } from "./clients.ts";
import { enrolKind, proofsOf } from "./policy.ts";
import { lets } from "./remembering.ts";
import type { Visit } from "./visitor.ts";

export type Interaction = Awaited<ReturnType<Provider["interactionDetails"]>>;

export interface StartDeps {
  readonly provider: Provider;
  readonly snapshot: Snapshot;
  readonly mechanisms: readonly Mechanism[];
  readonly directory: Directory;
  /** The language of the pages for somebody who wants these (BCP 47, best first). */
  readonly localeFor: (wanted: readonly string[]) => string;
  readonly now: Clock;
}

/** Makes what a login is begun with; undefined: no acr answers the request (any more, where the settings have changed since it was made). */
export const createStart =
  ({ provider, snapshot, ...deps }: StartDeps) =>
  async (details: Interaction, visit: Visit): Promise<LoginStart | undefined> => {
    const { params, session, uid, prompt } = details;
    const client = clientSettings(snapshot, String(params.client_id));
    const request = acrRequest(params);
    const choice = chooseAcr(request, client, snapshot, deps.mechanisms);
    if (choice.kind === "unmet") return undefined;
    const anew = String(params.prompt ?? "")
      .split(" ")
      .includes("login");
    // Another person is asked for by id_token_hint or by the sub claim: the session's own cannot be it.
    const otherWanted = prompt.reasons.some(
      (reason) => reason === "id_token_hint" || reason === "claims_id_token_sub_value",
    );
    // A person who was disabled meanwhile is not asked to go on as themselves: whoever signs in, signs in anew.
    const person = session?.accountId === undefined ? undefined : await deps.directory.get(session.accountId);
    const subject = anew || otherWanted || person?.status !== "active" ? undefined : person.id;
    const enrol = enrolKind(params);
    const maxAge = params.max_age === undefined ? undefined : Number(params.max_age);
    return {
      id: uid,
      acr: choice.mechanism.acr,
      ...(choice.essential ? { essential: true } : {}),
      // Whoever writes the URL writes this: bounded, so that it does not fill the audit.
      requested: request.wanted.slice(0, 8).map((acr) => acr.slice(0, 100)),
      ...(enrol === undefined ? {} : { enrol }),
      ...(lets(params, choice, snapshot) ? { mayStandIn: true as const } : {}),
      revision: snapshot.revision,
      visitor: visit.visitor,
      locale: deps.localeFor(wantedLocales(params.ui_locales, visit.languages)),
      client: { id: String(params.client_id), name: client?.client_name ?? String(params.client_id) },
      // The interaction keeps only an extract of the session; the proofs are in the session itself.
      proofs:
        subject === undefined || session === undefined
          ? []
          : proofsToBuildOn(choice, proofsOf(await provider.Session.findByUid(session.uid))),
      notBefore: maxAge === undefined ? 0 : deps.now() - maxAge * 1000,
      ...(subject === undefined ? {} : { subject }),
      session: session?.uid,
      username:
        (subject !== undefined || anew ? person?.username : undefined) ??
        (typeof params.login_hint === "string" ? params.login_hint.slice(0, 128) : ""),
      pinned: subject !== undefined,
      restart: restartUrl(details),
      redirectUri: typeof params.redirect_uri === "string" ? params.redirect_uri : "",
    };
  };

/**
 * The authorization request as it was made, to be made again; empty for a pushed one, whose parameters are not for a
 * URL (RFC 9126 §1) and which can be made anew by the relying party alone.
 */
export function restartUrl(details: Pick<Interaction, "params" | "deviceCode">): string {
  if (details.deviceCode !== undefined) return "/device";
  if ((details as { parJti?: string }).parJti !== undefined) return "";
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(details.params))
    if (typeof value === "string" || typeof value === "number") query.set(name, String(value));
  return `/authorize?${query}`;
}
