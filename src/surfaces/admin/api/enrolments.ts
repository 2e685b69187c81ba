/** The ways that an administrator opens for a person who has lost what they sign in with: seen, opened, closed. */
import { STRENGTH } from "../../../core/authenticators.ts";
import type { Directory, User } from "../../../core/directory.ts";
import type { OpenWay } from "../../../core/enrolment.ts";
import type { FactorKind } from "../../../core/words.ts";
import * as contract from "../contract/phones.ts";
import { type Actor, type Handler, handle, isRefusal, type Refusal, refuse } from "./call.ts";
import { createHandsOn } from "./hands-on.ts";
import type { Rights } from "./rights.ts";
import { createTaking, type TakingDeps } from "./taking.ts";

export interface EnrolmentDeps extends TakingDeps {
  readonly directory: Directory;
  readonly rights: Rights;
}

type Wanted = {
  readonly by: "window" | "ticket";
  readonly factor: FactorKind;
  readonly lost: boolean;
  readonly reason: string;
};

const SMS = "sms";
const KINDS = Object.keys(STRENGTH);

export function enrolmentHandlers(deps: EnrolmentDeps): readonly Handler[] {
  const { authenticators, enrolment, notices } = deps;
  const take = createTaking(deps);

  const { whom, record } = createHandsOn(deps);

  /** What stands in the way of this way. */
  async function inTheWay({ id, username }: User, { factor, lost }: Wanted): Promise<Refusal | undefined> {
    const held = await authenticators.list(id);
    const left = lost ? held.filter(({ kind }) => kind !== factor) : held;
    if (left.some(({ kind }) => kind === factor))
      return factor === SMS
        ? refuse(
            409,
            "phone",
            `${username} has a phone; remove it first, or say that it is lost, then open the way for another one`,
          )
        : refuse(
            409,
            "factor",
            `${username} has one; remove it first, or say that it is lost, then open the way for another one`,
          );
    // Whoever holds something else adds this with it; a way for the password alone would be one round it (O21).
    if (factor !== SMS && left.some(({ kind }) => KINDS.includes(kind)))
      return refuse(
        409,
        "factor",
        `${username} has another factor, and can add this one with it at /account`,
      );
    return undefined;
  }

  async function open(user: User, actor: Actor, wanted: Wanted) {
    const refused = await inTheWay(user, wanted);
    if (refused !== undefined) return refused;
    const { by, factor, lost, reason } = wanted;
    for (const one of lost ? await authenticators.list(user.id, factor) : [])
      await take(user, actor, one, reason);
    await record("enrolment-opened", actor, user.id, { factor, way: by, reason });
    await deps.forgetFailures(user.id);
    if (by === "window") await enrolment.openWindow(user.id, factor, actor.label, reason);
    const ticket =
      by === "ticket" ? await enrolment.openTicket(user.id, factor, actor.label, reason) : undefined;
    await notices.send(user.id, { kind: "access-recovered" });
    const opened = (await enrolment.openings(user.id, factor)).findLast((one) => one.by === by);
    if (opened === undefined) return refuse(409, "enrolment", "it was closed again at this moment");
    return {
      body: { ...openingOf(opened, factor), ...(ticket === undefined ? {} : { ticket: ticket.reveal() }) },
    };
  }

  return [
    handle(contract.getEnrolment, async ({ params, actor }) => {
      const user = await whom(params.inum, actor);
      if (isRefusal(user)) return user;
      const open = await Promise.all(
        KINDS.map(async (kind) =>
          (await enrolment.openings(user.id, kind)).map((one) => openingOf(one, kind)),
        ),
      );
      return { body: open.flat() };
    }),
    handle(
      contract.postEnrolment,
      async ({ params, body, actor }) => {
        const user = await whom(params.inum, actor, "open an enrolment");
        return isRefusal(user) ? user : open(user, actor, body);
      },
      async ({ params, body, actor }) => {
        const user = await whom(params.inum, actor);
        return isRefusal(user) ? user : inTheWay(user, body);
      },
    ),
    handle(contract.deleteEnrolment, async ({ params, query, actor }) => {
      const user = await whom(params.inum, actor, "close an enrolment");
      if (isRefusal(user)) return user;
      await record("enrolment-closed", actor, user.id, { factor: SMS, reason: query.reason });
      for (const kind of KINDS) await enrolment.closeAll(user.id, kind);
      await notices.send(user.id, { kind: "access-closed" });
      return { body: undefined };
    }),
  ];
}

const openingOf = ({ by, until, openedBy, reason }: OpenWay, factor: FactorKind) => ({
  by: by === "window" ? ("window" as const) : ("ticket" as const),
  factor,
  until: new Date(until).toISOString(),
  openedBy,
  reason,
});
