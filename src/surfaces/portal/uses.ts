/**
 * When a factor was last used, read from the audit: a row of its own would be one more write in every sign-in. Phones
 * are told apart as the audit does, by the two digits of them that it has.
 */
import type { Audit, AuditKind } from "../../core/audit.ts";
import type { EpochMs, FactorKind, Subject } from "../../core/words.ts";

const KINDS: readonly AuditKind[] = ["code-issued", "code-right", "factor-right", "authenticator-bound"];
/** Events that are looked at, back from now. */
const STRETCH = 200;

export const createUses =
  (audit: Audit) =>
  async (subject: Subject): Promise<(kind: FactorKind, label: string) => EpochMs | undefined> => {
    const { entries } = await audit.page({ subject, kinds: KINDS, limit: STRETCH });
    const phones = new Map<string, string>();
    for (const { kind, login, facts } of entries)
      if (kind === "code-issued" && login !== undefined && typeof facts?.phone === "string")
        phones.set(login, phones.get(login) ?? facts.phone);
    const used = new Map<string, EpochMs>();
    for (const { kind, login = "", facts, at } of entries) {
      if (kind !== "code-right" && kind !== "factor-right") continue;
      const factor = String(facts?.factor);
      const name = factor === "sms" ? `sms ${phones.get(login)}` : factor;
      used.set(name, Math.max(at, used.get(name) ?? 0));
    }
    return (kind, label) => used.get(kind === "sms" ? `sms ${label}` : kind);
  };
