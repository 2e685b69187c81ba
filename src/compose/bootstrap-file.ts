/**
 * The file with the bootstrap token: made at a start without an administrator, for the owner of the data folder alone,
 * gone when the token is worth nothing. The token is never printed, so no log and no scrollback has it.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { BootConfig } from "../config.ts";
import type { Bootstrap } from "../core/bootstrap.ts";
import { makeFile } from "../core/folder-owner.ts";

export interface BootstrapFile {
  /** What the program says at its start; undefined: there is an administrator. */
  readonly said: string | undefined;
  /** Takes the file away when its token is worth nothing any more. */
  tidy(): Promise<void>;
}

/** Writes the file where there is no administrator, and takes away one of an earlier start where there is. */
export async function openBootstrapFile(config: BootConfig, bootstrap: Bootstrap): Promise<BootstrapFile> {
  const file = join(config.data, "bootstrap.token");
  const remove = () => rmSync(file, { force: true });
  // The demo's administrator is there from the start.
  const opened = config.mode === "serve" ? await bootstrap.open() : undefined;
  remove();
  if (opened === undefined) return { said: undefined, tidy: async () => {} };
  // A file that was there could have been made by somebody else, with rights of their choice.
  makeFile(file, `${opened.token.reveal()}\n`);
  let there = true;
  return {
    said: `No administrator yet. Create one within 1 hour: sallyport admin bootstrap --host ${config.issuer.origin} --token-file ${file}`,
    async tidy() {
      if (!there || (await opened.stands())) return;
      remove();
      there = false;
    },
  };
}
