/**
 * What has happened to an account, in plain words, from the audit; and "this was not me": it ends every session, so that
 * whoever goes on has to show everything anew, leads the person to do so first, and calls the administrators.
 */
import type { AuditEntry, AuditKind } from "../../core/audit.ts";
import { tellOthers } from "../../core/notices.ts";
import { type Asked, type Frame, zoneOf } from "./frame.ts";
import { placeOf } from "./place.ts";
import type { PortalDeps } from "./portal.ts";

const URL = "/account/activity";
const PAGE = 40;

/** What a person can make sense of; each has the text `account.act.<kind>`. */
const KINDS: readonly AuditKind[] = [
  "signed-in",
  "signed-out",
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
  "user-changed",
  "roles-changed",
  "consent-given",
  "device-allowed",
  "device-remembered",
  "remembered-device-used",
  "remembered-device-ended",
  "tokens-revoked",
  "recovery-used",
  "change-undone",
  "reported",
];
/** What somebody who guesses would leave behind. */
const WARNINGS: readonly AuditKind[] = [
  "password-wrong",
  "code-wrong",
  "factor-wrong",
  "factor-paused",
  "factor-disabled",
];

export function mountActivity(frame: Frame, deps: PortalDeps): void {
  const { audit, sessions, client, visitOf, now } = deps;

  const detailOf = ({ facts = {}, client: by }: AuditEntry): string => {
    if (typeof facts.phone === "string") return facts.phone;
    const found = deps.snapshot().clients.find(({ client_id }) => client_id === by);
    return found?.client_name ?? by ?? "";
  };

  frame.look(URL, async (asked) => {
    const { here, request, locale } = asked;
    const { after } = request.query as { after?: unknown };
    const from = typeof after === "string" && /^\d{1,15}$/.test(after) ? Number(after) : undefined;
    const page = await audit.page({
      subject: here.subject,
      kinds: KINDS,
      limit: PAGE,
      ...(from === undefined ? {} : { after: from }),
    });
    const timeZone = zoneOf(here);
    const day = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone });
    const time = new Intl.DateTimeFormat(locale, { timeStyle: "short", timeZone });
    const rows = await Promise.all(
      page.entries.map(async (entry) => ({
        day: day.format(entry.at),
        id: String(entry.seq),
        kind: entry.kind,
        detail: detailOf(entry),
        time: time.format(entry.at),
        place: await placeOf(deps, entry.address, locale),
        isWarning: WARNINGS.includes(entry.kind),
      })),
    );
    return frame.show(asked, "account-activity", {
      days: Object.entries(Object.groupBy(rows, (row) => row.day)).map(([name, events = []]) => ({
        day: name,
        events: events.map(({ day: _day, ...event }) => event),
      })),
      olderUrl: page.next === undefined ? "" : `${URL}?after=${page.next}`,
    });
  });

  /** An event of this person. The audit is asked by person, so a number of somebody else's finds nothing (IDOR). */
  async function eventOf({ here, parameters }: Asked): Promise<AuditEntry | undefined> {
    const seq = /^\d{1,15}$/.test(parameters.id ?? "") ? Number(parameters.id) : 0;
    const { entries } = await audit.page({ subject: here.subject, limit: 1, after: seq + 1 });
    return entries.find((entry) => entry.seq === seq && KINDS.includes(entry.kind));
  }

  frame.look(`${URL}/:id/not-me`, async (asked) => {
    const event = await eventOf(asked);
    if (event === undefined) return frame.goOn(asked, URL, "account.failed.gone");
    return frame.show(asked, "account-ask", {
      act: "not-me",
      args: { when: frame.at(asked, event.at) },
      action: `${URL}/${event.seq}/not-me`,
      backUrl: URL,
      danger: true,
    });
  });
  frame.take(`${URL}/:id/not-me`, async (asked) => {
    const { here, request, reply, address, locale } = asked;
    const event = await eventOf(asked);
    if (event === undefined) return frame.goOn(asked, URL, "account.failed.gone");
    const { subject, user } = here;
    const acrs = await frame.strength.strongest(subject);
    await audit.append({
      kind: "reported",
      at: now(),
      subject,
      address,
      facts: { about: event.kind, of: event.seq },
    });
    await sessions.endAll(subject, subject, "not me");
    await tellOthers(deps, user, "reported");
    reply.raw.appendHeader("set-cookie", await frame.accounts.end(here.id));
    const url = await client.begin(visitOf(request.raw).visitor.browser, {
      next: "/account/check",
      subject,
      username: user.username,
      acrs,
      maxAge: 0,
      locale,
    });
    return reply.code(303).header("location", url).send("");
  });
  /** What to look after, once it is clear who is there. */
  frame.look("/account/check", (asked) => frame.told(asked, "check"));
}
