/** `sallyport audit verify`: whether the audit is as it was written, for whoever owns the data folder of this host. */
import { type AuditFault, type AuditSeals, MOST_FAULTS } from "../../../core/audit-seals.ts";
import type { Said } from "./people.ts";

const WORDS: Readonly<Record<AuditFault["kind"], string>> = {
  altered: "was changed after it was sealed",
  missing: "was taken away",
  inserted: "was put in after its place was sealed",
  forged: "was not written by this server",
  "seal-broken": "was changed",
  "seal-missing": "was taken away, and the events under it are known to nobody",
};

/** Says how many events are sound, or what is wrong, a line each. `from`: a seal whose past was looked at before. */
export async function verifyAudit(seals: AuditSeals, from?: string): Promise<Said> {
  if (from !== undefined && !/^\d{1,15}$/.test(from))
    return {
      ok: false,
      text: `--from ${JSON.stringify(from)} is no number of a seal; an earlier run printed one.`,
    };
  const { sound, unsealed, erased, trimmed, head, faults } = await seals.verify(
    from === undefined ? 0 : Number(from) + 1,
  );
  const end =
    head === undefined
      ? "none of them sealed yet"
      : `sealed through seal ${head.seal} (${head.fingerprint}), ${unsealed} not sealed yet`;
  const text = [
    `${sound} events are as they were written, ${end}.`,
    ...(erased === 0 ? [] : [`${erased} of them keep what happened and nothing that names anybody.`]),
    ...(trimmed === 0 ? [] : [`Up to event ${trimmed} they have had their time and were taken out.`]),
  ].join("\n");
  if (faults.length === 0) return { ok: true, text };
  const lines = faults.map((fault) =>
    "seq" in fault ? `Event ${fault.seq} ${WORDS[fault.kind]}.` : `Seal ${fault.seal} ${WORDS[fault.kind]}.`,
  );
  const more = faults.length >= MOST_FAULTS ? ["There may be more."] : [];
  return { ok: false, text: [...lines, ...more, text].join("\n") };
}
