/**
 * The demo's client for `sallyport cli`: made at the first start, kept in cli.json beside the data (0600), a client of
 * the settings with every scope of the admin API. A lost file is made anew, with another secret. Only the demo has it.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Secret } from "../core/secret.ts";
import { adminScopes } from "../surfaces/admin/contract/scopes.ts";

/** The id of the demo's machine among the clients. */
const DEMO_MACHINE = "demo-cli";
const FILE = "cli.json";

const schema = z.strictObject({
  host: z.string(),
  client_id: z.literal(DEMO_MACHINE),
  client_secret: z.string().min(16),
});

/** The secret of the demo's machine; the file says where this start listens. */
export function openDemoMachine(data: string, issuer: URL): Secret {
  const file = join(data, FILE);
  const known = schema.safeParse(readJson(file));
  const wanted = {
    host: issuer.origin,
    client_id: DEMO_MACHINE,
    client_secret: known.success ? known.data.client_secret : randomBytes(32).toString("base64url"),
  };
  if (!known.success || known.data.host !== wanted.host) {
    const beside = `${file}.${randomBytes(6).toString("hex")}`;
    writeFileSync(beside, `${JSON.stringify(wanted, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(beside, file);
  }
  // Copied about, it may have become readable for others; the tool would refuse it.
  chmodSync(file, 0o600);
  return new Secret(wanted.client_secret);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** It among the clients of the settings. */
export const demoMachine = (secret: Secret) => ({
  client_id: DEMO_MACHINE,
  client_name: "sallyport cli of the demo",
  client_secret: secret.reveal(),
  grant_types: ["client_credentials"],
  scope: adminScopes.join(" "),
});

/** The first command of the document's story, ready to be pasted into another terminal in this folder. */
export function readyCommand(data: string, cwd: string): string {
  // From a checkout the command is its bin file, which finds the project's own Node; a package has put it on the PATH.
  const here = fileURLToPath(import.meta.url);
  const command = here.endsWith(".ts")
    ? `node ${quoted(relative(cwd, resolve(here, "../../../bin/sallyport.js")))}`
    : "sallyport";
  const where = data === resolve(cwd, ".sallyport") ? "" : ` --config-file ${quoted(join(data, FILE))}`;
  return `${command} cli${where} --operation-id get-config-scripts-by-type --url-suffix type:PERSON_AUTHENTICATION`;
}

/** As a shell takes it for one word (POSIX 2.2.2). */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
