/** Acts that wait for a second administrator, on pages: seen, approved, declined; and the ticket of one's own. */
import type { FastifyReply } from "fastify";
import type { Agent, SeenApproval } from "../../core/help-desk.ts";
import type { Asked, Frame } from "./frame.ts";
import { DESK, type DeskFrame } from "./help-desk.ts";
import type { Answering } from "./help-desk-acts.ts";
import type { PortalDeps } from "./portal.ts";

const URL = `${DESK}/approvals`;

export function mountDeskApprovals(
  frame: Frame,
  within: DeskFrame,
  { desk }: PortalDeps,
  answering: Answering,
): void {
  const oneUrl = (id: string) => `${URL}/${encodeURIComponent(id)}`;
  const isMine = ({ askedBy }: SeenApproval, agent: Agent) => askedBy === agent.user.username;
  const shown = (asked: Asked, agent: Agent, one: SeenApproval) => ({
    url: oneUrl(one.id),
    act: one.act,
    state: one.state,
    person: one.person,
    askedBy: one.askedBy,
    reason: one.reason,
    until: frame.at(asked, one.until),
    decidedBy: one.decidedBy,
    isMine: isMine(one, agent),
    canDecide: one.state === "pending" && !isMine(one, agent) && one.subject !== agent.user.id,
    hasTicket: one.hasTicket && isMine(one, agent),
  });

  within.look(URL, async (asked, agent) =>
    frame.show(asked, "account-desk-approvals", {
      approvals: (await desk.approvals(agent)).map((one) => shown(asked, agent, one)),
      backUrl: DESK,
    }),
  );

  const about =
    (act: (asked: Asked, agent: Agent, one: SeenApproval) => Promise<FastifyReply>) =>
    async (asked: Asked, agent: Agent) => {
      const one = (await desk.approvals(agent)).find(({ id }) => id === asked.parameters.id);
      if (one === undefined) return frame.goOn(asked, URL, "desk.failed.gone");
      return (await frame.isSure(asked, oneUrl(one.id))) ? act(asked, agent, one) : asked.reply;
    };

  within.look(
    `${URL}/:id`,
    about(async (asked, agent, one) =>
      frame.show(asked, "account-desk-approval", { one: shown(asked, agent, one), backUrl: URL }),
    ),
  );
  within.take(
    `${URL}/:id/approve`,
    about(async (asked, agent, one) =>
      answering.answer(asked, await desk.approve(agent, one.id), URL, one.person, "desk.done.approved"),
    ),
  );
  within.take(
    `${URL}/:id/decline`,
    about(async (asked, agent, one) => {
      const reason = (asked.form.reason ?? "").trim();
      const answer = await desk.decline(agent, one.id, reason);
      return answering.answer(asked, answer, URL, one.person, "desk.done.declined");
    }),
  );
  within.take(
    `${URL}/:id/ticket`,
    about(async (asked, agent, one) =>
      answering.answer(asked, await desk.ticket(agent, one.id), URL, one.person, "desk.done.opened"),
    ),
  );
}
