/** What the commands of this host do: the parts are opened for one act and closed again. No server is needed. */
import type { NewPassword } from "../surfaces/admin/cli/host-acts.ts";
import { verifyAudit } from "../surfaces/admin/host/audit.ts";
import { checkOverlay } from "../surfaces/admin/host/overlay.ts";
import { addUser, eraseUser, openEnrolment, resetPhone, setStatus } from "../surfaces/admin/host/people.ts";
import { passwordTicket, setPassword } from "../surfaces/admin/host/people-passwords.ts";
import { checkMessagesIn } from "./message-texts.ts";
import { withParts } from "./with-parts.ts";

type By = "window" | "ticket";

export const hostActs = {
  addUser: (config: string, name: string, password: string, claims: Readonly<Record<string, string>>) =>
    withParts(config, (parts) => addUser(parts, name, password, claims)),
  setStatus: (config: string, name: string, status: "active" | "disabled") =>
    withParts(config, (parts) => setStatus(parts, name, status)),
  openEnrolment: (config: string, name: string, by: By, reason: string) =>
    withParts(config, (parts) => openEnrolment(parts, name, by, reason)),
  resetPhone: (config: string, name: string, by: By, reason: string) =>
    withParts(config, (parts) => resetPhone(parts, name, by, reason)),
  setPassword: (config: string, name: string, wanted: NewPassword, reason: string) =>
    withParts(config, (parts) => setPassword(parts, name, wanted, reason)),
  passwordTicket: (config: string, name: string, reason: string) =>
    withParts(config, (parts) => passwordTicket(parts, name, reason)),
  eraseUser: (config: string, name: string, isId: boolean) =>
    withParts(config, (parts) => eraseUser(parts, name, isId)),
  verifyAudit: (config: string, from?: string) =>
    withParts(config, ({ auditSeals }) => verifyAudit(auditSeals, from), "store"),
  rotate: (config: string, purpose: string) =>
    withParts(config, async (parts) => parts.rotate(purpose), "store"),
  checkPages: checkOverlay,
  checkMessages: async (folder: string | undefined, all: boolean) => checkMessagesIn(folder, all),
};
