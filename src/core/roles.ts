/** What an administrator is, strongest first. Ordinary people have none. */
export const ROLES = ["admin", "helpdesk", "auditor"] as const;
export type Role = (typeof ROLES)[number];

/** Whether a text names a role. */
export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);
