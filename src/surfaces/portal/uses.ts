/**
 * When a phone was last used, read from the audit: a row of its own would be one more write in every sign-in. Phones
 * are told apart as the audit does, by the two digits of them that it has. Every other factor keeps it itself.
 */
import type { Audit, AuditKind } from "../../core/audit.ts";
import type { EpochMs, Subject } from "../../core/words.ts";

const KINDS: readonly AuditKind[] = ["code-issued", "code-right"];
/** Events that are looked at, back from now. */
const STRETCH = 200;

export const createUses =
  (audit: Audit) =>
  async (subject: Subject): Promise<(masked: string) => EpochMs | undefined> => {
    const { entries } = await audit.page({ subject, kinds: KINDS, limit: STRETCH });
    const phones = new Map<string, string>();
    // The newest comes first: of a login that went to several phones, the last one is the one whose code was right.
    for (const { kind, login, facts } of entries)
      if (kind === "code-issued" && login !== undefined && typeof facts?.phone === "string")
        phones.set(login, phones.get(login) ?? facts.phone);
    const used = new Map<string, EpochMs>();
    for (const { kind, login = "", at } of entries) {
      const phone = kind === "code-right" ? phones.get(login) : undefined;
      if (phone !== undefined) used.set(phone, Math.max(at, used.get(phone) ?? 0));
    }
    return (masked) => used.get(masked);
  };
