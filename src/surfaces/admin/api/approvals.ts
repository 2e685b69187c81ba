/**
 * Acts that take two administrators. Every handler that does such an act stands behind `behindApproval`, whoever calls it:
 * tools, pages or an operation by its id; so there is no way round. What was asked is carried out by the same handler, as
 * whoever asked, with the rights they have at that moment; a person, a role or a phone that is gone by then stops it.
 */
import type { Approval, Approvals, Hand, HandOver } from "../../../core/approvals.ts";
import type { Directory } from "../../../core/directory.ts";
import type { DeskAct, HelpDeskSettings } from "../../../core/help-desk-settings.ts";
import { ROLES } from "../../../core/roles.ts";
import type { Json } from "../../../core/words.ts";
import * as contract from "../contract/approvals.ts";
import { deleteAuthenticator } from "../contract/authenticators.ts";
import type { Operation } from "../contract/operation.ts";
import { postPassword, postPasswordTicket } from "../contract/passwords.ts";
import { deletePhone, postEnrolment, postPhone } from "../contract/phones.ts";
import { scopesOfRole } from "../contract/scopes.ts";
import { type Actor, type Call, type Handler, handle, isRefusal, notFound, refuse } from "./call.ts";
import type { Rights } from "./rights.ts";

export interface ApprovalDeps {
  readonly approvals: Approvals;
  readonly directory: Directory;
  readonly rights: Rights;
  readonly policy: () => HelpDeskSettings;
}

/** Acts of the help desk that an operation stands for, as it was called. */
function actsOf({ id }: Operation, body: unknown): readonly DeskAct[] {
  switch (id) {
    case deletePhone.id:
    case deleteAuthenticator.id:
      return ["remove-factor"];
    case postPhone.id:
      return ["add-phone"];
    case postEnrolment.id: {
      const { by, lost } = body as { by: "window" | "ticket"; lost?: boolean };
      return [
        by === "ticket" ? "hand-out-ticket" : "open-window",
        ...(lost ? ["remove-factor" as const] : []),
      ];
    }
    case postPassword.id:
      return ["set-password"];
    case postPasswordTicket.id:
      // Of whoever has no second factor it is the whole account: more than the ticket for a phone.
      return ["password-ticket", "hand-out-ticket"];
    default:
      return [];
  }
}

/** What of an answer is handed to the person: never to whoever approves. */
function handOverOf(body: unknown): HandOver | undefined {
  const {
    ticket,
    temporaryPassword = ticket,
    until,
    url,
  } = (body ?? {}) as { ticket?: string; temporaryPassword?: string; until?: string; url?: string };
  if (temporaryPassword === undefined) return undefined;
  return {
    ticket: temporaryPassword,
    ...(until === undefined ? {} : { until }),
    ...(url === undefined ? {} : { url }),
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Puts handlers behind the option: what it names is asked for and not done. */
export function behindApproval(handlers: readonly Handler[], deps: ApprovalDeps): readonly Handler[] {
  const { approvals, directory, rights, policy } = deps;

  async function ask(handler: Handler, call: Call<Operation>, act: DeskAct) {
    const { params, query, body, actor } = call as unknown as {
      readonly params: { readonly inum: string };
      readonly query: { readonly reason?: unknown };
      readonly body: { readonly reason?: unknown } | undefined;
      readonly actor: Actor;
    };
    // Behind a machine's secret may stand the very one who would approve.
    if (actor.subject === undefined)
      return refuse(
        403,
        "Not allowed",
        `${act} takes two administrators here, and a machine is none; sign in as a person: sallyport login`,
      );
    const user = await directory.get(params.inum);
    if (user === undefined) return notFound("user");
    const refused = (await rights.toChange(actor, user, act)) ?? (await handler.ready?.(call));
    if (refused !== undefined) return refused;
    const asked = await approvals.ask(
      {
        act,
        operation: handler.operation.id,
        asked: { params, query, ...(body === undefined ? {} : { body }) } as Json,
        subject: user.id,
        person: user.username,
        reason: text(query.reason) || text(body?.reason),
        asker: handOf({ ...actor, subject: actor.subject }),
      },
      policy().approvalMinutes,
    );
    if (asked === "asked-already")
      return refuse(409, "approval", "you have asked for this already; it waits");
    if (asked === "too-many") return refuse(409, "approval", "too many acts wait; let some be decided first");
    return { waits: viewOf(asked) };
  }

  return handlers.map((handler) => ({
    ...handler,
    async run(call) {
      const wanted = policy().secondApproval;
      const act = actsOf(handler.operation, call.body).find((one) => wanted.includes(one));
      return act === undefined ? handler.run(call) : ask(handler, call, act);
    },
  }));
}

/** `acts`: the handlers themselves, without anything before them. */
export function approvalHandlers(acts: readonly Handler[], deps: ApprovalDeps): readonly Handler[] {
  const { approvals, directory, rights } = deps;
  const gone = () =>
    refuse(404, "The requested approval doesn't exist", "its time may be over; ask anew for what was wanted");

  /** The asker as they are now; undefined: they may not do it any more. */
  async function askerOf({ asker, operation }: Approval, by: Hand): Promise<Actor | undefined> {
    const user = await directory.get(asker.subject);
    if (user?.status !== "active") return undefined;
    const roles = ROLES.filter((role) => user.roles.includes(role));
    const scopes = [...new Set<string>(roles.flatMap((role) => scopesOfRole[role]))];
    const scope = acts.find((one) => one.operation.id === operation)?.operation.scope;
    if (scope === undefined || !scopes.includes(scope)) return undefined;
    const { client, address, subject } = asker;
    return { client, subject, roles, scopes, label: user.username, address, approvedBy: by.name };
  }

  async function carryOut(approval: Approval, by: Hand) {
    const { id, operation, asked } = approval;
    const failed = async (why: string) => {
      await approvals.end(id, { state: "failed", why });
      return refuse(409, "approval", `it could not be done any more: ${why}`);
    };
    const actor = await askerOf(approval, by);
    if (actor === undefined) return failed(`${approval.asker.name} may not do it any more`);
    const handler = acts.find((one) => one.operation.id === operation);
    if (handler === undefined) return failed(`there is no operation ${operation} any more`);
    const { params, query, body } = asked as { params: object; query: object; body?: unknown };
    const call = { params, query, body, actor, ifMatch: undefined } as unknown as Call<Operation>;
    const done = await handler.run(call).catch(async (problem: unknown) => {
      await approvals.end(id, { state: "failed", why: "it broke off on the way" });
      throw problem;
    });
    if (isRefusal(done)) return failed(done.description ?? done.message);
    const handOver = "body" in done ? handOverOf(done.body) : undefined;
    await approvals.end(id, { state: "done", ...(handOver === undefined ? {} : { handOver }) });
    return { body: viewOf((await approvals.get(id)) ?? approval) };
  }

  /** The approval, where this actor may decide about it. */
  async function open(id: string, actor: Actor, act: string) {
    const approval = await approvals.get(id);
    if (approval === undefined) return gone();
    if (actor.subject === undefined)
      return refuse(403, "Not allowed", "a machine decides nothing; sign in as a person: sallyport login");
    const user = await directory.get(approval.subject);
    if (user === undefined) return notFound("user");
    const scope = acts.find((one) => one.operation.id === approval.operation)?.operation.scope;
    if (scope === undefined || !actor.scopes.includes(scope))
      return rights.notYours(actor, user, act, "you may not do yourself what you would approve");
    const refused = await rights.toChange(actor, user, act);
    return refused ?? { approval, user, hand: handOf({ ...actor, subject: actor.subject }) };
  }

  async function decide(id: string, actor: Actor, to: "approved" | "declined", why?: string) {
    const act = to === "approved" ? "approve" : "decline";
    const found = await open(id, actor, act);
    if (isRefusal(found)) return found;
    const decided = await approvals.decide(id, found.hand, to, why);
    switch (decided.kind) {
      case "gone":
        return gone();
      case "decided-already":
        return refuse(409, "approval", "somebody has decided it already");
      case "not-yours":
        return rights.notYours(
          actor,
          found.user,
          act,
          "nobody approves what they have asked for, or what is done to them; another administrator has to",
        );
      case "decided":
        return to === "approved"
          ? carryOut(decided.approval, found.hand)
          : { body: viewOf(decided.approval) };
    }
  }

  return [
    handle(contract.getApprovals, async () => ({ body: (await approvals.list()).map(viewOf) })),
    handle(contract.postApprove, ({ params, actor }) => decide(params.id, actor, "approved")),
    handle(contract.postDecline, ({ params, query, actor }) =>
      decide(params.id, actor, "declined", query.reason),
    ),
    handle(contract.postApprovalTicket, async ({ params, actor }) => {
      const ticket = await approvals.takeTicket(params.id, actor.subject ?? "");
      return ticket === undefined ? notFound("ticket of yours") : { body: ticket };
    }),
  ];
}

const handOf = ({ subject, label, client, address }: Actor & { readonly subject: string }): Hand => ({
  subject,
  name: label,
  client,
  address,
});

/** Field by field: what was asked, and the ticket, stay here. */
const viewOf = (one: Approval) => ({
  id: one.id,
  state: one.state,
  act: one.act,
  operation: one.operation,
  inum: one.subject,
  userId: one.person,
  askedBy: one.asker.name,
  reason: one.reason,
  askedAt: new Date(one.at).toISOString(),
  until: new Date(one.until).toISOString(),
  ...(one.decidedBy === undefined ? {} : { decidedBy: one.decidedBy.name }),
  ...(one.why === undefined || one.why === "" ? {} : { why: one.why }),
  hasTicket: one.handOver !== undefined,
});
