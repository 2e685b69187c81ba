/** What `sallyport user …` and `audit verify` do with `--config FILE`: on this host, in the store itself, without a server. */

export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** The password somebody gets: one that is made, none but a mark on the present one, or what came on standard input. */
export type NewPassword =
  | { readonly how: "temporary" | "must-change" }
  | { readonly how: "typed" | "final"; readonly password: string };

/** Given by compose; `config` is the path of sallyport.yaml. */
export interface HostActs {
  addUser(
    config: string,
    name: string,
    password: string,
    claims: Readonly<Record<string, string>>,
  ): Promise<Said>;
  setStatus(config: string, name: string, status: "active" | "disabled"): Promise<Said>;
  openEnrolment(config: string, name: string, by: "window" | "ticket", reason: string): Promise<Said>;
  resetPhone(config: string, name: string, by: "window" | "ticket", reason: string): Promise<Said>;
  setPassword(config: string, name: string, wanted: NewPassword, reason: string): Promise<Said>;
  passwordTicket(config: string, name: string, reason: string): Promise<Said>;
  eraseUser(config: string, name: string, isId: boolean): Promise<Said>;
  verifyAudit(config: string, from?: string): Promise<Said>;
}
