/** What every part of doctor is given to look at, and what becomes of one that fails. */
import type { BootConfig } from "../../config.ts";
import { Breakage } from "../../core/errors.ts";
import type { Finding } from "../../core/finding.ts";
import type { SettingsDocument } from "../../core/settings.ts";
import type { Phones } from "../../kits/phone/phones.ts";
import type { Parts } from "../parts.ts";

/** `parts`: where there is a store that this user may open. `up`: a server of this configuration answers on this host. */
export interface Looked {
  readonly config: BootConfig;
  readonly document: SettingsDocument;
  readonly parts: Parts | undefined;
  readonly phones: Phones;
  readonly now: number;
  readonly up: boolean;
}

/** A look that fails is a finding of its own, and the others go on. */
export async function guarded(
  check: string,
  act: () => Promise<readonly Finding[]> | readonly Finding[],
): Promise<readonly Finding[]> {
  try {
    return await act();
  } catch (problem) {
    const { code } = problem as { code?: unknown };
    // What an unknown error says may hold anything: a connection string, a row.
    const message =
      problem instanceof Breakage
        ? problem.message
        : `This could not be looked at: it failed (${typeof code === "string" ? code : "unknown"}).`;
    const remedy =
      problem instanceof Breakage && /^(store|directory)-/.test(problem.code)
        ? "Start the database and see its log; until then every sign-in is refused, and none is let through."
        : "Run doctor again; where it stays, see data/logs/server.log and report it.";
    return [{ level: "error", check, message, remedy }];
  }
}
