/** Where a person is signed in, and the end of it. */
import type { SessionInfo } from "../../core/sessions.ts";
import type { Asked, Frame } from "./frame.ts";
import { placeOf } from "./place.ts";
import type { PortalDeps } from "./portal.ts";

const URL = "/account/sessions";
const DEVICES = "/account/devices";
const MOST = 200;

export function mountSessions(frame: Frame, deps: PortalDeps): void {
  const { sessions } = deps;
  const nameOf = (client: string): string => {
    const found = deps.snapshot().clients.find(({ client_id }) => client_id === client);
    return found?.client_name ?? client;
  };

  async function all({ here }: Asked): Promise<readonly SessionInfo[]> {
    const found: SessionInfo[] = [];
    let after: string | undefined;
    do {
      const page = await sessions.list({ subject: here.subject, limit: 100, after });
      found.push(...page.sessions);
      after = page.next;
    } while (after !== undefined && found.length < MOST);
    return found.sort(
      (one, other) =>
        Number(other.sid === here.sid) - Number(one.sid === here.sid) || other.startedAt - one.startedAt,
    );
  }

  frame.look(URL, async (asked) => {
    const rows = await Promise.all(
      (await all(asked)).map(async ({ sid, startedAt, lastUsedAt, userAgent = "", address, clients }) => ({
        id: sid,
        device: userAgent,
        place: await placeOf(deps, address, asked.locale),
        began: frame.at(asked, startedAt),
        used: lastUsedAt === undefined ? "" : frame.at(asked, lastUsedAt),
        apps: clients.map(nameOf).join(", "),
        isThis: sid === asked.here.sid,
      })),
    );
    return frame.show(asked, "account-sessions", { sessions: rows, remembered: await rememberedOf(asked) });
  });

  const { remembered } = deps;
  /** Devices that are not asked for a code. */
  async function rememberedOf(asked: Asked) {
    const { devices = [] } = deps.visitOf(asked.request.raw).visitor;
    return Promise.all(
      (await remembered.list(asked.here.subject)).map(async ({ id, agent, address, shownAt, until }) => ({
        id,
        device: agent,
        place: await placeOf(deps, address, asked.locale),
        since: frame.at(asked, shownAt),
        until: frame.at(asked, until),
        isThis: devices.some((one) => one.id === id),
      })),
    );
  }
  frame.take(`${DEVICES}/end`, async (asked) => {
    const { subject } = asked.here;
    await remembered.endAll(subject, subject, "forgotten by the person");
    return frame.goOn(asked, URL, "account.done.forgotten");
  });
  frame.take(`${DEVICES}/:id/end`, async (asked) => {
    const { here, parameters } = asked;
    // Of anybody else's it is as if there were none (IDOR).
    const done = await remembered.end(
      here.subject,
      parameters.id ?? "",
      here.subject,
      "forgotten by the person",
    );
    return frame.goOn(asked, URL, done ? "account.done.forgotten" : "account.failed.gone");
  });

  frame.take(`${URL}/:id/end`, async (asked) => {
    const { here, parameters } = asked;
    const session = await sessions.find(parameters.id ?? "");
    // Of anybody else's it is as if there were none (IDOR).
    if (session === undefined || session.subject !== here.subject)
      return frame.goOn(asked, URL, "account.failed.gone");
    await sessions.end(session.sid, here.subject, "ended by the person");
    return frame.goOn(asked, URL, "account.done.ended");
  });

  frame.look(`${URL}/end`, (asked) =>
    frame.show(asked, "account-ask", {
      act: "end-all",
      args: {},
      action: `${URL}/end`,
      backUrl: URL,
      danger: true,
    }),
  );
  frame.take(`${URL}/end`, async (asked) => {
    const { here, reply } = asked;
    await sessions.endAll(here.subject, here.subject, "ended by the person");
    reply.raw.appendHeader("set-cookie", await frame.accounts.end(here.id));
    return reply.code(303).header("location", "/account/out").send("");
  });
}
