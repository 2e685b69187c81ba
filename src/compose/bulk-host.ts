/** What `sallyport users …` and `sallyport clients import` do on this host; no server is needed, and none is in the way. */
import { setFlagsFromString } from "node:v8";
import { Breakage } from "../core/errors.ts";
import { adminScopes } from "../surfaces/admin/contract/scopes.ts";
import type { BulkActs } from "../surfaces/admin/host/bulk-commands.ts";
import { exportPeople } from "../surfaces/admin/host/export-people.ts";
import { importClients } from "../surfaces/admin/host/import-clients.ts";
import { importPeople } from "../surfaces/admin/host/import-people.ts";
import type { Said } from "../surfaces/admin/host/people.ts";
import type { Terminal } from "../surfaces/admin/host/people-files/progress.ts";
import { enrolmentScopes } from "../surfaces/enrolment/contract.ts";
import { SCOPES } from "../surfaces/oidc/provider.ts";
import { countriesOf } from "./revisions.ts";
import { withParts } from "./with-parts.ts";

/** A store that is away in the middle: what was taken in stays, so the same command goes on. */
async function resumable(act: () => Promise<Said>): Promise<Said> {
  try {
    return await act();
  } catch (problem) {
    if (!(problem instanceof Breakage) || !/^(store|directory)-/.test(problem.code)) throw problem;
    return {
      ok: false,
      text: `${problem.message} What was taken in stays: run the same command again. Where the embedded database is locked by a busy server, stop the server first.`,
    };
  }
}

/** The acts; `terminal` is where problems and the bar go. */
export const bulkActs = (terminal: Terminal): BulkActs => ({
  importPeople(config, options) {
    // Lines are garbage as soon as they are read: the nursery stays small, or it alone would grow by a hundred megabytes.
    setFlagsFromString("--semi-space-growth-factor=1");
    return resumable(() =>
      withParts(config, (parts) =>
        importPeople(
          {
            ...parts,
            countries: countriesOf(parts.settings.document(), parts.phones),
            terminal,
          },
          options,
        ),
      ),
    );
  },
  exportPeople: (config, options) => withParts(config, (parts) => exportPeople(parts, options)),
  importClients: (config, options) =>
    withParts(
      config,
      ({ settings }) =>
        importClients(
          { settings, scopes: [...SCOPES, ...adminScopes, ...enrolmentScopes], adminScopes },
          options,
        ),
      "store",
    ),
});
