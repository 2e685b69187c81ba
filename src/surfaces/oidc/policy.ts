/**
 * When the engine has to send a person to us. Its own login prompt takes any session for any `acr_values`; ours weighs
 * the session's proofs through the gate. Fenced here: the proofs ride in the engine's session under
 * `proofs`, the device they were shown on under `device`, the login they came of under `loginId`.
 */
import { errors, interactionPolicy, type KoaContextWithOIDC, type Provider } from "oidc-provider";
import { ACCOUNT_CLIENT } from "../../core/access.ts";
import { STRENGTH } from "../../core/authenticators.ts";
import type { Mechanism } from "../../core/mechanism.ts";
import type { Snapshot } from "../../core/settings.ts";
import type { Proof } from "../../core/words.ts";
import { acrRequest, answered, chooseAcr } from "./choice.ts";
import { clientSettings } from "./clients.ts";
import { lets } from "./remembering.ts";
import { KEEPS_LOGIN } from "./told-acts.ts";

/** Where a sign-in came from, in a few words, for whoever looks at the sessions of a person. */
export type Device = { readonly address: string; readonly agent: string };

type WithProofs = { proofs?: readonly Proof[]; device?: Device; loginId?: string; enrolled?: string };

/** What a relying party is told whose request no acr answers that is enabled here and allowed to it. */
export const UNMET = "no acr that would do is enabled here for this client";

/** The kind of authenticator that a request wants bound (docs/tour.md). */
export const enrolKind = (params: { readonly enrol?: unknown }): string | undefined =>
  typeof params.enrol === "string" ? params.enrol : undefined;

/** What is wrong with a request's `enrol`: only our own pages may send people to bind something. */
export const enrolProblem = (enrol: string | undefined, client: string | undefined): string | undefined =>
  enrol === undefined
    ? undefined
    : client !== ACCOUNT_CLIENT
      ? "enrol is for this server's own pages alone"
      : Object.hasOwn(STRENGTH, enrol)
        ? undefined
        : `enrol must be one of ${Object.keys(STRENGTH).join(", ")}`;

/** The proofs a session holds. */
export const proofsOf = (session: unknown): readonly Proof[] =>
  (session as WithProofs | undefined)?.proofs ?? [];

/** Lets the engine's session rows keep their proofs, where the person signed in and by which login; what comes of them the last. */
export function keepProofs(provider: Provider): void {
  const widen = (model: object, fields: readonly string[]): void => {
    const own = (model as { IN_PAYLOAD: readonly string[] }).IN_PAYLOAD;
    Object.defineProperty(model, "IN_PAYLOAD", { get: () => [...own, ...fields] });
  };
  widen(provider.Session, ["proofs", "device", "loginId"]);
  for (const model of KEEPS_LOGIN) widen(provider[model], ["loginId"]);
}

/** The token tells what the gate makes of the session now, on the settings of now; not what was true when it began. */
function tell(oidc: KoaContextWithOIDC["oidc"], { acr, attained }: NonNullable<ReturnType<typeof answered>>) {
  const session = oidc.session as unknown as { acr?: string; amr?: readonly string[]; loginTs?: number };
  const loginTs = Math.floor(attained.authTime / 1000);
  if (session.acr !== attained.acr || session.loginTs !== loginTs)
    Object.assign(session, { acr: attained.acr, amr: [...attained.amr], loginTs });
  // Of this answer alone: the session itself keeps the mechanism's own name.
  if (acr !== attained.acr) Object.defineProperty(oidc, "acr", { value: acr, configurable: true });
}

export function createPolicy(snapshot: Snapshot, mechanisms: readonly Mechanism[]) {
  const policy = interactionPolicy.base();
  const login = policy.get("login");
  if (login === undefined) throw new Error("the engine has no login prompt");
  login.checks.remove("essential_acr");
  login.checks.remove("essential_acrs");
  login.checks.add(
    new interactionPolicy.Check(
      "acr",
      "the session does not amount to the requested acr",
      "login_required",
      (ctx) => {
        const { oidc } = ctx;
        const { session } = oidc;
        const result = oidc.result?.login as (WithProofs & { accountId?: string }) | undefined;
        if (session !== undefined && result?.proofs !== undefined)
          Object.assign(session, {
            proofs: result.proofs,
            device: result.device,
            loginId: result.loginId,
          });
        const request = acrRequest(oidc.params as { acr_values?: unknown; claims?: unknown });
        const choice = chooseAcr(
          request,
          clientSettings(snapshot, oidc.client?.clientId),
          snapshot,
          mechanisms,
        );
        if (choice.kind === "unmet")
          throw new errors.CustomOIDCProviderError("unmet_authentication_requirements", UNMET);
        if (session?.accountId === undefined) return interactionPolicy.Check.NO_NEED_TO_PROMPT;
        // Disabled or removed since: the session opens nothing any more (S08).
        if (oidc.account === undefined) return interactionPolicy.Check.REQUEST_PROMPT;
        const { administers } = oidc.account as { administers?: boolean };
        const lenient = administers !== true && lets(oidc.params ?? {}, choice, snapshot);
        const answer = answered(choice, proofsOf(session), mechanisms, lenient);
        if (answer === undefined) return interactionPolicy.Check.REQUEST_PROMPT;
        tell(oidc, answer);
        return interactionPolicy.Check.NO_NEED_TO_PROMPT;
      },
    ),
    // Before the engine's own, of which one weighs the time that is told here against max_age.
    0,
  );
  login.checks.add(
    new interactionPolicy.Check(
      "enrol",
      "an authenticator has to be bound first",
      "login_required",
      (ctx) => {
        const { params, result } = ctx.oidc;
        const wanted = enrolKind(params ?? {});
        const done = (result?.login as WithProofs | undefined)?.enrolled;
        return wanted === undefined || wanted === done
          ? interactionPolicy.Check.NO_NEED_TO_PROMPT
          : interactionPolicy.Check.REQUEST_PROMPT;
      },
    ),
  );
  return policy;
}
