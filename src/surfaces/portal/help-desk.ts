/**
 * `/account/help-desk`, for people with the role: somebody is found by what they say of themselves, seen with two digits
 * of a number, and helped. Nobody browses: who is looked for is named whole, each look is counted for each agent and
 * stands in the audit, and a page of a person opens only behind such a look. Acts are help-desk-acts.ts.
 */
import type { FastifyReply } from "fastify";
import type { AuditKind } from "../../core/audit.ts";
import type { PhoneData } from "../../core/authenticators.ts";
import type { User } from "../../core/directory.ts";
import type { Agent } from "../../core/help-desk.ts";
import type { EpochMs } from "../../core/words.ts";
import type { Act, Asked, Frame } from "./frame.ts";
import { createLooks } from "./help-desk-looks.ts";
import { placeOf } from "./place.ts";
import type { PortalDeps } from "./portal.ts";

export const DESK = "/account/help-desk";
/** Seconds that a proof counts for acts on others, however patient the pages for oneself are. */
export const DESK_FRESH = 300;
/** Of the same name, and of the sessions of one person. */
const SAME_NAME = 20;
const SESSIONS = 50;
const EVENTS = 12;

/** What of the activity tells an agent something. */
const KINDS: readonly AuditKind[] = [
  "signed-in",
  "session-ended",
  "password-wrong",
  "password-changed",
  "code-wrong",
  "factor-wrong",
  "factor-paused",
  "factor-disabled",
  "authenticator-bound",
  "authenticator-unbound",
  "phone-added",
  "enrolment-opened",
  "enrolment-closed",
  "enrolment-refused",
  "user-changed",
  "password-ticket",
  "change-undone",
  "reported",
];

/** An act of the desk on a person who was looked up. */
export type DeskAct = (asked: Asked, agent: Agent, person: User) => Promise<FastifyReply>;

export interface DeskFrame {
  look(path: string, act: (asked: Asked, agent: Agent) => Promise<FastifyReply>): void;
  take(path: string, act: (asked: Asked, agent: Agent) => Promise<FastifyReply>): void;
  /** Of a person whose page this agent has opened within the hour; anybody else is not there. */
  about(act: DeskAct): (asked: Asked, agent: Agent) => Promise<FastifyReply>;
}

/** Lets in who has the role, signed in with a second factor; to anybody else there is no such page. */
export function createDeskFrame(frame: Frame, deps: PortalDeps): DeskFrame {
  const { desk, directory } = deps;
  const looks = createLooks(deps);
  const guarded =
    (act: (asked: Asked, agent: Agent) => Promise<FastifyReply>): Act =>
    async (asked) => {
      const { here, reply, request, address } = asked;
      if (!desk.isAgent(here.user.roles)) {
        reply.callNotFound();
        return reply;
      }
      if (here.session.amr.includes("mfa")) return act(asked, { user: here.user, address });
      const isSure = await frame.isSure(asked, request.method === "GET" ? pathOf(asked) : DESK);
      return isSure ? frame.told(asked, "nothing-enough") : reply;
    };
  return {
    look: (path, act) => frame.look(path, guarded(act)),
    take: (path, act) => frame.take(path, guarded(act)),
    about: (act) => async (asked, agent) => {
      const { id = "" } = asked.parameters;
      const isOpen = await looks.isOpen(agent.user.id, id);
      const person = isOpen ? await directory.get(id) : undefined;
      return person === undefined ? frame.goOn(asked, DESK, "desk.failed.closed") : act(asked, agent, person);
    },
  };
}

export const pathOf = ({ request }: Asked): string => request.url.split("?")[0] ?? DESK;
export const personUrl = (id: string): string => `${DESK}/people/${encodeURIComponent(id)}`;

export function mountDesk(frame: Frame, within: DeskFrame, deps: PortalDeps): void {
  const { desk, directory, authenticators, sessions, audit, now } = deps;
  const looks = createLooks(deps);

  const searchPage = (asked: Asked, found: readonly User[] = [], status = 200, notice?: string) =>
    frame.show(
      asked,
      "account-desk",
      {
        people: found.map((one) => ({ url: personUrl(one.id), name: nameOf(one), username: one.username })),
        canFind: true,
      },
      { status, ...(notice === undefined ? {} : { notice: { key: notice } }) },
    );

  within.look(DESK, (asked) => searchPage(asked));

  within.take(`${DESK}/find`, async (asked, agent) => {
    const { who = "", digits = "" } = asked.form;
    const wanted = who.trim();
    if (wanted === "" || wanted.length > 200 || !/^[\d\s•.-]{0,12}$/.test(digits))
      return frame.goOn(asked, DESK, "desk.failed.who");
    // Before it is looked: whoever is stopped here has learnt nothing.
    if (!(await looks.take(agent.user.id))) return searchPage(asked, [], 429, "desk.failed.limit");
    const found = await find(wanted, digits.replace(/\D/g, ""));
    const { id: subject, username: by } = agent.user;
    const event = { kind: "person-looked-up", at: now(), address: agent.address } as const;
    for (const one of found) await audit.append({ ...event, subject: one.id, facts: { by, found: true } });
    if (found.length === 0) await audit.append({ ...event, subject, facts: { by, found: false } });
    await looks.open(
      subject,
      found.map(({ id }) => id),
    );
    const [only] = found;
    if (only === undefined) return frame.goOn(asked, DESK, "desk.failed.nobody");
    return found.length === 1 ? frame.goOn(asked, personUrl(only.id)) : searchPage(asked, found);
  });

  /** By the name they sign in with or their mail address; by their full name with the last digits of a phone. */
  async function find(wanted: string, digits: string): Promise<readonly User[]> {
    const byUsername = await directory.find(wanted);
    const { users } =
      byUsername !== undefined
        ? { users: [byUsername] }
        : wanted.includes("@")
          ? await directory.list({ filter: { email: wanted }, sortBy: "inum", limit: SAME_NAME })
          : digits.length < 2
            ? { users: [] }
            : await directory.list({ filter: { name: wanted }, sortBy: "inum", limit: SAME_NAME });
    if (digits === "") return users;
    const fits = await Promise.all(
      users.map(async ({ id }) =>
        (await authenticators.list(id, "sms")).some(({ data }) =>
          (data as PhoneData).number.endsWith(digits),
        ),
      ),
    );
    return users.filter((_, index) => fits[index]);
  }

  within.look(
    `${DESK}/people/:id`,
    within.about(async (asked, agent, person) => {
      const [factors, ways, signedIn, page] = await Promise.all([
        desk.factors(agent, person.id),
        desk.ways(agent, person.id),
        sessions.list({ subject: person.id, limit: SESSIONS }),
        audit.page({ subject: person.id, kinds: KINDS, limit: EVENTS }),
      ]);
      const at = (ms: EpochMs | undefined) => (ms === undefined ? "" : frame.at(asked, ms));
      const isSelf = person.id === agent.user.id;
      return frame.show(asked, "account-desk-person", {
        url: personUrl(person.id),
        name: nameOf(person),
        person: person.username,
        isActive: person.status === "active",
        // On oneself one acts on one's own pages, which ask for what one has.
        why: isSelf ? "self" : desk.reaches(agent, person) ? "" : "rights",
        hasPhone: factors.some(({ kind }) => kind === "sms"),
        sessions: signedIn.sessions.length,
        factors: factors.map((one) => ({
          id: one.id,
          kind: one.kind,
          label: one.label,
          added: at(one.boundAt),
          pausedUntil: at(one.pausedUntil),
          isDisabled: one.disabled,
        })),
        ways: ways.map((one) => ({
          by: one.by,
          factor: one.factor,
          until: at(one.until),
          openedBy: one.openedBy,
        })),
        events: await Promise.all(
          page.entries.map(async ({ kind, at: ms, address, facts }) => ({
            kind,
            time: at(ms),
            detail: typeof facts?.phone === "string" ? facts.phone : "",
            place: await placeOf(deps, address, asked.locale),
          })),
        ),
      });
    }),
  );
}

const nameOf = ({ claims, username }: User): string => {
  const { name, given_name: given, family_name: family } = claims;
  const parts = [given, family].filter((one): one is string => typeof one === "string");
  return typeof name === "string" && name !== "" ? name : parts.join(" ") || username;
};
