/** What an administrator is, strongest first. Ordinary people have none. */
export const ROLES = ["admin", "helpdesk", "auditor"] as const;
export type Role = (typeof ROLES)[number];
