/**
 * A login handed on to the engine in the very request that ended it. The form's answer leads straight back to the
 * application: no result is written down for a next request to find, and the person waits for one hop less. Used by
 * mount.ts, which has found this login to be this browser's; what the engine resumes stands in memory, beside the
 * request it belongs to, and no other request can find it. The interaction's row is still the one thing of which exactly
 * one resume takes it (adapter.ts), and where a process dies in between, a reload finds the login ended and not handed on.
 */
import type { IncomingMessage } from "node:http";
import { type AdapterPayload, Provider } from "oidc-provider";
import type { Interaction } from "./login-start.ts";

const given = new WeakMap<IncomingMessage, { readonly uid: string; readonly payload: AdapterPayload }>();

/** The interaction, with its result, that the request at work was made to resume; undefined: it is to be read. */
export function handedOn(uid: string): AdapterPayload | undefined {
  const { ctx } = Provider;
  const found = ctx === undefined ? undefined : given.get(ctx.req);
  return found?.uid === uid ? found.payload : undefined;
}

/** Whether the engine can go on with an interaction by a request of ours: one that began at `/authorize`. */
export const canHandOn = ({ returnTo }: Interaction): boolean => /\/authorize\/[\w-]+$/.test(returnTo);

/**
 * Makes the request that brought a login's end into the one by which the engine resumes it. The engine's cookie for that
 * has a path the browser did not ask for; the engine's other one, for this path, has said the same (findInteraction). It
 * stands in front, so that none which the browser brought counts instead.
 */
export function handOn(request: IncomingMessage, provider: Provider, details: Interaction): void {
  const { uid } = details;
  given.set(request, { uid, payload: { ...details, jti: uid } as unknown as AdapterPayload });
  const cookie = `${provider.cookieName("resume")}=${uid}`;
  const { keys } = provider as unknown as { readonly keys: { sign(data: string): string } };
  request.headers.cookie = `${cookie}; ${provider.cookieName("resume")}.sig=${keys.sign(cookie)}; ${request.headers.cookie ?? ""}`;
  request.method = "GET";
  request.url = new URL(details.returnTo).pathname;
}
