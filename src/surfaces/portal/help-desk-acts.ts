/**
 * What somebody of the help desk does for a person: each with a reason, after the agent's own strongest factor of the
 * last minutes, shown once more on a page of its own. The acts themselves, with rights, events, notices and a second
 * administrator where one is wanted, are core/help-desk.ts. A ticket is shown once and is in no address.
 */
import type { FastifyReply } from "fastify";
import type { User } from "../../core/directory.ts";
import type { Agent, DeskAnswer } from "../../core/help-desk.ts";
import type { Asked, Frame } from "./frame.ts";
import { DESK, type DeskFrame, pathOf, personUrl } from "./help-desk.ts";
import type { PortalDeps } from "./portal.ts";

/** How long a ticket waits to be shown to whoever has just opened it. */
const SHOWN_WITHIN = 10 * 60_000;
const SMS = "sms";
const LINE = /^[ -~\u00a0-\uffff]{1,200}$/;

export type Answering = ReturnType<typeof createAnswering>;

/** How the answer of an act is told: on a page of its own, or as a word on the one that is gone back to. */
export function createAnswering(frame: Frame, deps: PortalDeps) {
  const tickets = deps.storage.records<{
    readonly ticket: string;
    readonly act: string;
    readonly url: string;
    readonly person: string;
  }>("desk-ticket");
  return {
    tickets,
    async answer(asked: Asked, answer: DeskAnswer, back: string, person: string, said: string) {
      switch (answer.kind) {
        case "ticket": {
          const { ticket, act, url } = answer;
          await tickets.put(asked.here.id, { ticket, act, url, person }, deps.now() + SHOWN_WITHIN);
          return frame.goOn(asked, `${DESK}/ticket`);
        }
        case "waits":
          return frame.goOn(asked, back, "desk.done.waits", { until: frame.at(asked, answer.until) });
        case "refused":
          return frame.goOn(asked, back, `desk.failed.${answer.why}`);
        case "done":
          return frame.goOn(asked, back, said);
      }
    },
  };
}

interface Deed {
  /** Below the person's page. */
  readonly path: string;
  /** The texts `desk.ask.<act>.heading`, `.text` and `.submit`. */
  readonly act: string;
  readonly asksWay?: true;
  readonly said: string;
  readonly danger?: true;
  doIt(agent: Agent, person: User, asked: Asked, reason: string): Promise<DeskAnswer>;
}

export function mountDeskActs(frame: Frame, within: DeskFrame, deps: PortalDeps, answering: Answering): void {
  const { desk } = deps;
  const wayOf = ({ form }: Asked) => (form.by === "window" ? "window" : "ticket");
  const deeds: readonly Deed[] = [
    {
      path: "factors/:factor/remove",
      act: "remove",
      said: "desk.done.removed",
      danger: true,
      doIt: (agent, { id }, { parameters }, reason) =>
        desk.removeFactor(agent, id, parameters.factor ?? "", reason),
    },
    {
      path: "open",
      act: "open",
      asksWay: true,
      said: "desk.done.opened",
      doIt: (agent, { id }, asked, reason) =>
        desk.openWay(agent, id, { by: wayOf(asked), factor: asked.form.factor ?? SMS, lost: false }, reason),
    },
    {
      path: "lost",
      act: "lost",
      asksWay: true,
      said: "desk.done.opened",
      danger: true,
      doIt: (agent, { id }, asked, reason) =>
        desk.openWay(agent, id, { by: wayOf(asked), factor: SMS, lost: true }, reason),
    },
    {
      path: "password",
      act: "password",
      said: "desk.done.opened",
      doIt: (agent, { id }, _asked, reason) => desk.passwordTicket(agent, id, reason),
    },
    {
      path: "close",
      act: "close",
      said: "desk.done.closed",
      doIt: (agent, { id }, _asked, reason) => desk.closeWays(agent, id, reason),
    },
    {
      path: "sign-out",
      act: "sign-out",
      said: "desk.done.signed-out",
      danger: true,
      doIt: (agent, { id }, _asked, reason) => desk.endSessions(agent, id, reason),
    },
  ];

  /** Only on somebody within reach, and never on oneself: that is done on one's own pages, with what one has. */
  const allowed = (then: (asked: Asked, agent: Agent, person: User) => Promise<FastifyReply>) =>
    within.about(async (asked, agent, person) => {
      if (person.id === agent.user.id || !desk.reaches(agent, person))
        return frame.goOn(asked, personUrl(person.id), "desk.failed.rights");
      return (await frame.isSure(asked, pathOf(asked))) ? then(asked, agent, person) : asked.reply;
    });

  for (const deed of deeds) {
    const url = `${DESK}/people/:id/${deed.path}`;
    const page = async (asked: Asked, agent: Agent, person: User, notice?: string) => {
      const { factor } = asked.parameters;
      const held = await desk.factors(agent, person.id);
      const one = held.find(({ id }) => id === factor);
      if (factor !== undefined && one === undefined)
        return frame.goOn(asked, personUrl(person.id), "desk.failed.gone");
      return frame.show(
        asked,
        "account-desk-act",
        {
          act: deed.act,
          person: person.username,
          kind: one?.kind ?? "",
          what: one?.label ?? "",
          asksWay: deed.asksWay === true,
          // Whoever holds something adds any other factor with it; a phone is what an agent can always let them add.
          factors: deed.act !== "open" ? [] : held.length === 0 ? [...deps.kinds()] : [SMS],
          reason: asked.form.reason ?? "",
          action: pathOf(asked),
          backUrl: personUrl(person.id),
          danger: deed.danger === true,
        },
        notice === undefined ? {} : { status: 422, notice: { key: notice } },
      );
    };
    within.look(
      url,
      allowed((asked, agent, person) => page(asked, agent, person)),
    );
    within.take(
      url,
      allowed(async (asked, agent, person) => {
        const reason = (asked.form.reason ?? "").trim();
        if (!LINE.test(reason)) return page(asked, agent, person, "desk.failed.reason");
        const answer = await deed.doIt(agent, person, asked, reason);
        return answering.answer(asked, answer, personUrl(person.id), person.username, deed.said);
      }),
    );
  }

  within.look(`${DESK}/ticket`, async (asked) => {
    const shown = await answering.tickets.take(asked.here.id);
    if (shown === undefined) return frame.goOn(asked, DESK, "desk.failed.shown");
    return frame.show(asked, "account-desk-ticket", { ...shown, backUrl: DESK });
  });
}
