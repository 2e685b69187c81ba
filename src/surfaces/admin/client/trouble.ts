/**
 * surfaces/admin/client: what an administrator's tools know of a server: where it is, who they are, and how it is asked.
 * Used by cli and tui. It speaks HTTP and nothing else, keeps tokens in one file of its user, prints nothing, and has no
 * switch that leaves a certificate unchecked.
 */

/** Why something was not done; a sentence for the person in front of the tool. */
export type Trouble =
  /** What was given cannot be used. */
  | { readonly kind: "usage"; readonly text: string }
  /** Nobody is signed in, or whoever is may not. `body`: what the server said. */
  | { readonly kind: "signed-out"; readonly text: string; readonly status?: number; readonly body?: unknown }
  /** The server would not; its answer. */
  | { readonly kind: "refused"; readonly text: string; readonly status: number; readonly body?: unknown }
  /** Somebody has changed it since it was read. */
  | { readonly kind: "lost"; readonly text: string; readonly body?: unknown }
  /** Asked for and not done: a second administrator has to approve it. */
  | { readonly kind: "waits"; readonly text: string; readonly body?: unknown }
  /** No answer, or one that says the server is broken. */
  | { readonly kind: "unreachable"; readonly text: string; readonly body?: unknown };

/** A value, or why there is none. */
export type Outcome<T> = { readonly kind: "done"; readonly value: T } | Trouble;

export const done = <T>(value: T): Outcome<T> => ({ kind: "done", value });
export const usage = (text: string): Trouble => ({ kind: "usage", text });
export const signedOut = (text: string) => ({ kind: "signed-out", text }) as const;
export const unreachable = (text: string, body?: unknown): Trouble => ({ kind: "unreachable", text, body });

/** Why a request got no answer, without a stack. */
export function unanswered(host: string, problem: unknown): Trouble {
  const { cause, name } = problem as { cause?: { code?: string; message?: string }; name?: string };
  const code = cause?.code ?? (problem as { code?: string }).code ?? "";
  if (name === "TimeoutError") return unreachable(`${host} did not answer in time; try again.`);
  if (/CERT|SIGNED|ISSUER|VERIFY|ALTNAME|SSL|TLS/.test(code))
    return unreachable(
      `The certificate of ${host} does not verify (${code}), so nothing was sent; give the authority's certificate with --ca FILE, or correct the host's name.`,
    );
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return unreachable(`There is no host of the name in ${host}; correct --host.`);
  return unreachable(
    `${host} cannot be reached (${code === "" ? "no connection" : code}); is the server running, and is the host right?`,
  );
}
