/** The help desk of the pages, by the handlers of the admin API: one way for an act, whoever asks for it. */
import { ACCOUNT_CLIENT } from "../core/access.ts";
import { activeAdministrators } from "../core/administrators.ts";
import type { Agent, DeskAnswer, DeskWay, HelpDesk, SeenApproval } from "../core/help-desk.ts";
import type { DeskAct } from "../core/help-desk-settings.ts";
import { ROLES } from "../core/roles.ts";
import type { Actor, Call, Handler } from "../surfaces/admin/api/call.ts";
import { reachesOver } from "../surfaces/admin/api/rights.ts";
import * as approvals from "../surfaces/admin/contract/approvals.ts";
import { deleteAuthenticator, getAuthenticators } from "../surfaces/admin/contract/authenticators.ts";
import type { Operation } from "../surfaces/admin/contract/operation.ts";
import { postPasswordTicket } from "../surfaces/admin/contract/passwords.ts";
import { deleteEnrolment, getEnrolment, postEnrolment } from "../surfaces/admin/contract/phones.ts";
import { scopesOfRole } from "../surfaces/admin/contract/scopes.ts";
import { revokeUserSession } from "../surfaces/admin/contract/sessions.ts";

import type { Parts } from "./parts.ts";

type Asked = { readonly params?: object; readonly query?: object; readonly body?: unknown };

const scopesOf = (roles: readonly string[]) => [
  ...new Set<string>(ROLES.filter((role) => roles.includes(role)).flatMap((role) => scopesOfRole[role])),
];

const actorOf = ({ user, address }: Agent): Actor => ({
  client: ACCOUNT_CLIENT,
  subject: user.id,
  roles: ROLES.filter((role) => user.roles.includes(role)),
  scopes: scopesOf(user.roles),
  label: user.username,
  address,
});

/** Whoever may change the settings can take an act out of those that take two: not unseen by the other administrators. */
export function tellOfLoosening(
  { settings, directory, notices }: Pick<Parts, "settings" | "directory" | "notices">,
  onProblem: (problem: unknown) => void,
): void {
  let before: readonly string[] = settings.document().helpDesk.secondApproval;
  settings.watch((document) => {
    const now: readonly string[] = document.helpDesk.secondApproval;
    const isLooser = before.some((act) => !now.includes(act));
    before = now;
    if (!isLooser) return;
    // Each node sees the revision; once a day is told once.
    void activeAdministrators(directory)
      .then((all) => Promise.all(all.map(({ id }) => notices.sendOnce(id, { kind: "approval-loosened" }))))
      .catch(onProblem);
  });
}

export function createHelpDesk(handlers: readonly Handler[]): HelpDesk {
  /** Exactly what the API does behind its guard: the scope, the schemas, then the handler. */
  async function call(agent: Agent, operation: Operation, { params = {}, query = {}, body }: Asked) {
    const handler = handlers.find((one) => one.operation.id === operation.id);
    if (handler === undefined) throw new Error(`nobody does ${operation.id}`);
    const actor = actorOf(agent);
    if (!actor.scopes.includes(operation.scope)) return { refused: 403, message: "" } as const;
    const parts = { params, query, body };
    const sent: Record<string, unknown> = {};
    for (const name of ["params", "query", "body"] as const) {
      const parsed = operation[name]?.safeParse(parts[name]);
      if (parsed?.success === false) return { refused: 400, message: "" } as const;
      sent[name] = parsed?.data ?? parts[name];
    }
    return handler.run({ ...sent, actor, ifMatch: undefined } as unknown as Call<Operation>);
  }

  async function act(agent: Agent, operation: Operation, asked: Asked): Promise<DeskAnswer> {
    const answer = await call(agent, operation, asked);
    if ("waits" in answer) return { kind: "waits", until: Date.parse(answer.waits.until) };
    if ("refused" in answer)
      return {
        kind: "refused",
        why: answer.refused === 403 ? "rights" : answer.refused === 404 ? "gone" : "state",
      };
    const {
      ticket,
      act: kind = operation.id === postPasswordTicket.id ? "password-ticket" : "hand-out-ticket",
      url = "",
    } = (answer.body ?? {}) as { ticket?: string; act?: DeskAct; url?: string };
    return ticket === undefined ? { kind: "done" } : { kind: "ticket", ticket, act: kind, url };
  }

  /** What is looked at; nothing where it may not be. */
  async function list<T>(agent: Agent, operation: Operation, params: object): Promise<readonly T[]> {
    const answer = await call(agent, operation, { params });
    return "body" in answer ? (answer.body as unknown as readonly T[]) : [];
  }

  return {
    isAgent(roles) {
      const scopes = scopesOf(roles);
      return [deleteAuthenticator, postEnrolment, revokeUserSession].every(({ scope }) =>
        scopes.includes(scope),
      );
    },
    reaches: (agent, person) => reachesOver(actorOf(agent), person),
    factors: async (agent, inum) =>
      (await list<FactorView>(agent, getAuthenticators, { inum })).map((one) => ({
        id: one.id,
        kind: one.kind,
        label: one.label ?? "",
        boundAt: Date.parse(one.boundAt),
        disabled: one.disabled === true,
        ...(one.pausedUntil === undefined ? {} : { pausedUntil: Date.parse(one.pausedUntil) }),
      })),
    ways: async (agent, inum) =>
      (await list<WayView>(agent, getEnrolment, { inum })).map(({ by, factor, until, openedBy }) => ({
        by,
        factor,
        openedBy,
        until: Date.parse(until),
      })),
    removeFactor: (agent, inum, id, reason) =>
      act(agent, deleteAuthenticator, { params: { inum, id }, query: { reason } }),
    openWay: (agent, inum, way, reason) =>
      act(agent, postEnrolment, { params: { inum }, body: { ...way, reason } }),
    passwordTicket: (agent, inum, reason) =>
      act(agent, postPasswordTicket, { params: { inum }, body: { reason } }),
    closeWays: (agent, inum, reason) => act(agent, deleteEnrolment, { params: { inum }, query: { reason } }),
    endSessions: (agent, userDn, reason) =>
      act(agent, revokeUserSession, { params: { userDn }, query: { reason } }),
    approvals: async (agent) =>
      (await list<ApprovalView>(agent, approvals.getApprovals, {})).map((one) => ({
        id: one.id,
        state: one.state,
        act: one.act,
        person: one.userId,
        subject: one.inum,
        reason: one.reason,
        until: Date.parse(one.until),
        askedBy: one.askedBy,
        decidedBy: one.decidedBy ?? "",
        hasTicket: one.hasTicket,
      })),
    approve: (agent, id) => act(agent, approvals.postApprove, { params: { id } }),
    decline: (agent, id, reason) => act(agent, approvals.postDecline, { params: { id }, query: { reason } }),
    ticket: (agent, id) => act(agent, approvals.postApprovalTicket, { params: { id } }),
  };
}

type FactorView = {
  readonly id: string;
  readonly kind: string;
  readonly label?: string;
  readonly boundAt: string;
  readonly pausedUntil?: string;
  readonly disabled?: boolean;
};
type WayView = Omit<DeskWay, "until"> & { readonly until: string };
type ApprovalView = Pick<SeenApproval, "id" | "state" | "act" | "reason" | "askedBy" | "hasTicket"> & {
  readonly inum: string;
  readonly userId: string;
  readonly until: string;
  readonly decidedBy?: string;
};
