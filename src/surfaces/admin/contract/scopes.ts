/** Scopes of the admin API, one per resource and verb, and what each role of an administrator may ask for. */
import type { Role } from "../../../core/roles.ts";

const CONFIG = "https://jans.io/oauth/config";
const SESSION = "https://jans.io/oauth/jans-auth-server/session";

/** The original's names where it has one, so that its clients' scopes go on working. */
export const scopes = {
  scriptsRead: `${CONFIG}/scripts.readonly`,
  scriptsWrite: `${CONFIG}/scripts.write`,
  scriptsDelete: `${CONFIG}/scripts.delete`,
  acrsRead: `${CONFIG}/acrs.readonly`,
  acrsWrite: `${CONFIG}/acrs.write`,
  usersRead: `${CONFIG}/user.readonly`,
  usersWrite: `${CONFIG}/user.write`,
  usersDelete: `${CONFIG}/user.delete`,
  phonesRead: `${CONFIG}/phones.readonly`,
  phonesWrite: `${CONFIG}/phones.write`,
  phonesDelete: `${CONFIG}/phones.delete`,
  enrolmentWrite: `${CONFIG}/enrolment.write`,
  approvalsRead: `${CONFIG}/approvals.readonly`,
  approvalsWrite: `${CONFIG}/approvals.write`,
  clientsRead: `${CONFIG}/openid/clients.readonly`,
  clientsWrite: `${CONFIG}/openid/clients.write`,
  clientsDelete: `${CONFIG}/openid/clients.delete`,
  sessionsRead: `${SESSION}.readonly`,
  sessionsDelete: `${SESSION}.delete`,
  loginsRead: `${CONFIG}/logins.readonly`,
  loggingRead: `${CONFIG}/logging.readonly`,
  loggingWrite: `${CONFIG}/logging.write`,
  settingsRead: `${CONFIG}/settings.readonly`,
  settingsWrite: `${CONFIG}/settings.write`,
  smsRead: `${CONFIG}/sms.readonly`,
  auditRead: `${CONFIG}/audit.readonly`,
  keysRead: `${CONFIG}/keys.readonly`,
  keysWrite: `${CONFIG}/keys.write`,
} as const;

export type Scope = (typeof scopes)[keyof typeof scopes];

/** Every scope of the admin API. */
export const adminScopes: readonly Scope[] = Object.values(scopes);

const helpdesk: readonly Scope[] = [
  scopes.usersRead,
  scopes.phonesRead,
  scopes.phonesWrite,
  scopes.phonesDelete,
  scopes.enrolmentWrite,
  scopes.approvalsRead,
  scopes.approvalsWrite,
  scopes.sessionsRead,
  scopes.sessionsDelete,
  scopes.loginsRead,
];

/** What a person of this role may do; a token of theirs never holds more, whatever it was given. */
export const scopesOfRole: Readonly<Record<Role, readonly Scope[]>> = {
  admin: adminScopes,
  helpdesk,
  auditor: adminScopes.filter((scope) => scope.endsWith(".readonly")),
};
