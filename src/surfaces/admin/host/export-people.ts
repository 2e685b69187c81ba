/**
 * `sallyport users export FILE`: people as JSON Lines, which `users import` reads. Hashes and phones go in only where
 * they are asked for by name; the file is made for its owner's eyes and never written over.
 */

import { once } from "node:events";
import { createWriteStream, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import type { Audit } from "../../../core/audit.ts";
import type { Authenticators } from "../../../core/authenticators.ts";
import type { BulkDirectory, OutgoingPerson } from "../../../core/bulk-people.ts";
import type { Clock } from "../../../core/words.ts";
import type { Said } from "./people.ts";

export interface ExportDeps {
  readonly directory: BulkDirectory;
  readonly authenticators: Authenticators;
  readonly audit: Audit;
  readonly now: Clock;
}

export interface ExportOptions {
  readonly file: string;
  readonly withHashes?: boolean | undefined;
  readonly withPhones?: boolean | undefined;
}

const PAGE = 250;

/** Writes everybody, in the order of ids. A file that is not complete is taken away again. */
export async function exportPeople(deps: ExportDeps, options: ExportOptions): Promise<Said> {
  const { file, withHashes = false, withPhones = false } = options;
  const { bulk } = deps.directory;
  if (bulk === undefined)
    return { ok: false, text: "People are kept in another directory; export them there." };
  const out = createWriteStream(file, { flags: "wx", mode: 0o600 });
  const problem = await once(out, "open").catch((error: { code?: string }) => error);
  if (!Array.isArray(problem)) {
    const { code = "unknown" } = problem;
    const why = code === "EEXIST" ? "is there already; name a new file" : `cannot be written (${code})`;
    return { ok: false, text: `${file} ${why}.` };
  }
  // Before the first line: nobody gets a list of everybody without a trace.
  await deps.audit.append({
    kind: "users-exported",
    at: deps.now(),
    facts: { by: "host", hashes: withHashes, phones: withPhones },
  });
  let count = 0;
  try {
    let after: string | undefined;
    for (;;) {
      const page = await bulk.read(after, PAGE);
      const lines = await Promise.all(page.map(line));
      if (!out.write(lines.join(""))) await once(out, "drain");
      count += page.length;
      after = page.at(-1)?.user.id;
      if (page.length < PAGE) break;
    }
    out.end();
    await finished(out);
  } catch (problem) {
    out.destroy();
    rmSync(file, { force: true });
    throw problem;
  }
  return { ok: true, text: `${count} people are in ${file}, which this user alone can read.` };

  async function line({ user, hash }: OutgoingPerson): Promise<string> {
    const { id, username, status, claims, roles, createdAt, external } = user;
    const bound = withPhones ? await deps.authenticators.list(id, "sms") : [];
    const phones = bound.map(({ data }) => ({ number: (data as { number: string }).number, verified: true }));
    return `${JSON.stringify({
      id,
      username,
      status,
      created_at: new Date(createdAt).toISOString(),
      claims,
      ...(roles.length === 0 ? {} : { roles }),
      ...(external === undefined ? {} : { external_id: external.id, external_client: external.client }),
      ...(withHashes && hash !== undefined ? { password_hash: hash } : {}),
      ...(withPhones ? { phones } : {}),
    })}\n`;
  }
}
