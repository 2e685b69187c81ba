/** Why a request gets the acr it gets. It chooses nothing: `chooseAcr` does, and this says by which of its rules. */
import type { Mechanism } from "../../core/mechanism.ts";
import type { ClientSettings, Snapshot } from "../../core/settings.ts";
import type { Acr } from "../../core/words.ts";
import { type AcrRequest, type Choice, chooseAcr, namesOf } from "./choice.ts";

/** What became of a name that was asked for. */
export type Considered = "chosen" | "would-do" | "unknown" | "disabled" | "not-allowed";

export interface ChoiceWhy {
  readonly choice: Choice;
  /** Whose word it was; `allowed`: the strongest of the others is no rule, the first that the client is allowed. */
  readonly by: "request" | "client" | "server" | "allowed" | "nobody";
  readonly considered: readonly { readonly name: Acr; readonly verdict: Considered }[];
}

export function whyChosen(
  request: AcrRequest,
  client: ClientSettings | undefined,
  snapshot: Snapshot,
  mechanisms: readonly Mechanism[],
): ChoiceWhy {
  const choice = chooseAcr(request, client, snapshot, mechanisms);
  const find = (name: Acr) => mechanisms.find((one) => namesOf(one).includes(name));
  const allowed = client?.allowed_acr_values;
  const may = (one: Mechanism) =>
    allowed === undefined || allowed.some((name) => namesOf(one).includes(name));
  const chosen = choice.kind === "acr" ? choice.mechanism : undefined;
  let first = true;
  const considered = request.wanted.map((name) => {
    const mechanism = find(name);
    if (mechanism === undefined) {
      const known = snapshot.scripts.some((entry) => [entry.name, ...entry.aliases].includes(name));
      return { name, verdict: known ? ("disabled" as const) : ("unknown" as const) };
    }
    if (!may(mechanism)) return { name, verdict: "not-allowed" as const };
    const verdict = first ? ("chosen" as const) : ("would-do" as const);
    first = false;
    return { name, verdict };
  });
  const asked = considered.some(({ verdict }) => verdict === "chosen");
  const own = (client?.default_acr_values ?? []).flatMap((name) => find(name) ?? []).find(may);
  const server = find(snapshot.acrs.default);
  const by =
    chosen === undefined
      ? "nobody"
      : asked
        ? "request"
        : own === chosen
          ? "client"
          : server === chosen
            ? "server"
            : "allowed";
  return { choice, by, considered };
}
