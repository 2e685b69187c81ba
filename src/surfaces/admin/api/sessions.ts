/** Sessions in the original's shape: looked at, searched for and ended. */
import type { Directory } from "../../../core/directory.ts";
import type { Notices } from "../../../core/notices.ts";
import type { SessionInfo, Sessions } from "../../../core/sessions.ts";
import type { Clock } from "../../../core/words.ts";
import * as contract from "../contract/sessions.ts";
import { type Actor, type Handler, handle, notFound, type Refusal, refuse } from "./call.ts";
import type { Cursors } from "./lists.ts";
import type { Rights } from "./rights.ts";
import { originalTime } from "./times.ts";
import { dnOf } from "./user-view.ts";

export interface SessionDeps {
  readonly sessions: Sessions;
  readonly directory: Directory;
  readonly notices: Notices;
  readonly rights: Rights;
  readonly cursors: Cursors;
  readonly now: Clock;
}

interface Asked {
  readonly limit: number;
  readonly startIndex: number;
  readonly cursor?: string | undefined;
  readonly pattern?: string | undefined;
  readonly fieldValuePair?: string | undefined;
}

const LIST = "sessions";
/** Sessions a search looks at before it answers with where to go on. */
const STRETCH = 1_000;
const AT_ONCE = 100;
const FIELDS = [
  "userDn",
  "auth_user",
  "sid",
  "acr",
  "client_id",
  "remote_ip",
  "creationDate",
  "expirationDate",
];

type View = Awaited<ReturnType<ReturnType<typeof createView>>>;
type Test = (view: View, info: SessionInfo) => boolean;

export function sessionHandlers(deps: SessionDeps): readonly Handler[] {
  const { sessions, directory, cursors, rights, now } = deps;
  const viewOf = createView(directory, now);

  async function list({ limit, startIndex, cursor, pattern = "", fieldValuePair = "" }: Asked) {
    const tests = testsOf(fieldValuePair, pattern);
    if ("refused" in tests) return tests;
    // How many were shown before, how many are still to be left out, and behind which session to go on.
    const place = cursor === undefined ? `${startIndex}|${startIndex}|` : cursors.open(LIST, cursor);
    if (place === undefined) return refuse(400, "cursor", "cursor: is not one that this list has given out");
    const [before = "", left = "", behind = ""] = place.split("|");
    const start = Number(before);
    let toSkip = Number(left);
    let after: string | undefined = behind === "" ? undefined : behind;
    const subject = await subjectOf(tests.subject, tests.username);
    if (subject === "nobody") return answer(start, []);
    const found: View[] = [];
    const isFull = () => found.length >= limit;
    for (let seen = 0; seen < STRETCH && !isFull(); seen += AT_ONCE) {
      const page = await sessions.list({ limit: AT_ONCE, after, subject });
      after = page.next;
      for (const [index, info] of page.sessions.entries()) {
        const view = await viewOf(info);
        if (!tests.all.every((test) => test(view, info))) continue;
        if (toSkip > 0) toSkip -= 1;
        else found.push(view);
        if (!isFull()) continue;
        // A session's name is its place in the list: the next page begins behind it.
        if (index < page.sessions.length - 1) after = info.sid;
        break;
      }
      if (after === undefined) break;
    }
    return answer(start, found, toSkip, after);
  }

  function answer(start: number, entries: readonly View[], toSkip = 0, after?: string) {
    const end = start + entries.length;
    return {
      body: {
        start,
        totalEntriesCount: end + (after === undefined ? 0 : 1),
        entriesCount: entries.length,
        entries: [...entries],
        ...(after === undefined ? {} : { next: cursors.seal(LIST, `${end}|${toSkip}|${after}`) }),
      },
    };
  }

  async function subjectOf(subject: string | undefined, username: string | undefined) {
    if (username === undefined) return subject;
    const user = await directory.find(username);
    return user === undefined || (subject !== undefined && subject !== user.id) ? "nobody" : user.id;
  }

  /** Whoever could end the sessions of a stronger account could keep it out (M24). */
  async function mayEnd(actor: Actor, subject: string): Promise<Refusal | undefined> {
    const user = await directory.get(subject);
    return user === undefined ? undefined : rights.toChange(actor, user, "end sessions");
  }

  const gone = (sid: string) => refuse(404, `No authenticated session exists for sid '${sid}'!!!`);

  return [
    handle(contract.getSession, async ({ params }) => {
      const info = await sessions.find(params.sid);
      return info === undefined ? gone(params.sid) : { body: await viewOf(info) };
    }),
    handle(contract.deleteSession, async ({ params, query, actor }) => {
      const info = await sessions.find(params.sid);
      if (info === undefined) return gone(params.sid);
      const refused = await mayEnd(actor, info.subject);
      if (refused !== undefined) return refused;
      if (!(await sessions.end(params.sid, actor.label, query.reason))) return gone(params.sid);
      await deps.notices.send(info.subject, { kind: "sessions-ended" });
      return { body: undefined };
    }),
    handle(contract.revokeUserSession, async ({ params, query, actor }) => {
      const user = await directory.get(idOf(params.userDn));
      if (user === undefined) return notFound("user");
      const refused = await mayEnd(actor, user.id);
      if (refused !== undefined) return refused;
      await sessions.endAll(user.id, actor.label, query.reason);
      await deps.notices.send(user.id, { kind: "sessions-ended" });
      return { body: undefined };
    }),
    handle(contract.getSessions, ({ query }) => list(query)),
    handle(contract.searchSessions, ({ query }) => list(query)),
  ];
}

/** A DN or the inum alone. */
const idOf = (userDn: string): string => /^inum=([^,]+)/.exec(userDn)?.[1] ?? userDn;

function createView(directory: Directory, now: Clock) {
  return async (info: SessionInfo) => {
    const {
      sid,
      subject,
      startedAt,
      lastUsedAt,
      expiresAt,
      acr,
      amr,
      authTime,
      clients,
      address,
      userAgent,
    } = info;
    const username = (await directory.get(subject))?.username;
    const attributes = {
      acr,
      amr: amr.join(" "),
      auth_user: username,
      remote_ip: address,
      user_agent: userAgent,
    };
    return {
      dn: `jansId=${sid},ou=sessions,o=jans`,
      id: sid,
      outsideSid: sid,
      ...(lastUsedAt === undefined ? {} : { lastUsedAt: originalTime(lastUsedAt) }),
      userDn: dnOf(subject),
      ...(authTime === undefined ? {} : { authenticationTime: originalTime(authTime) }),
      state: "authenticated" as const,
      permissionGranted: true,
      permissionGrantedMap: { permissionGranted: Object.fromEntries(clients.map((id) => [id, true])) },
      sessionAttributes: Object.fromEntries(
        Object.entries(attributes).filter((entry): entry is [string, string] => (entry[1] ?? "") !== ""),
      ),
      expirationDate: originalTime(expiresAt),
      creationDate: originalTime(startedAt),
      deletable: true,
      persisted: true,
      ttl: Math.max(0, Math.floor((expiresAt - now()) / 1000)),
    };
  };
}

interface Tests {
  readonly subject?: string;
  readonly username?: string;
  readonly all: readonly Test[];
}

/** `name=value`, and for times also `name>value` and `name<value`; all of them hold. */
function testsOf(fieldValuePair: string, pattern: string): Tests | Refusal {
  const wrong = (pair: string, why: string) =>
    refuse(400, "fieldValuePair", `fieldValuePair: ${JSON.stringify(pair)} ${why}`);
  const all: Test[] = [];
  let [subject, username]: (string | undefined)[] = [];
  for (const pair of pairsIn(fieldValuePair)) {
    const [, name = "", sign = "", value = ""] = /^\s*(\w+)\s*([=<>])(.*)$/s.exec(pair) ?? [];
    const wanted = value.trim();
    if (!FIELDS.includes(name)) return wrong(pair, `names none of ${FIELDS.join(", ")}`);
    if (name === "creationDate" || name === "expirationDate") {
      const time = Date.parse(
        `${wanted.replace(" ", "T")}${/^\d{4}-\d\d-\d\d$/.test(wanted) ? "T00:00:00" : ""}Z`,
      );
      if (Number.isNaN(time)) return wrong(pair, "needs a time such as 2027-01-31 or 2027-01-31 12:00:00");
      const at = (info: SessionInfo) => (name === "creationDate" ? info.startedAt : info.expiresAt);
      all.push((_view, info) =>
        sign === ">" ? at(info) > time : sign === "<" ? at(info) < time : at(info) === time,
      );
    } else if (sign !== "=") return wrong(pair, "can only be compared with =");
    else if (name === "userDn") subject = idOf(wanted);
    else if (name === "auth_user") username = wanted;
    else if (name === "sid") all.push(({ id }) => id === wanted);
    else if (name === "client_id") all.push((_view, { clients }) => clients.includes(wanted));
    else all.push(({ sessionAttributes }) => sessionAttributes[name] === wanted);
  }
  const text = pattern.trim().toLowerCase();
  if (text !== "")
    all.push(({ id, userDn, sessionAttributes }, { clients }) =>
      [id, userDn, ...Object.values(sessionAttributes), ...clients].some((one) =>
        one.toLowerCase().includes(text),
      ),
    );
  return {
    all,
    ...(subject === undefined ? {} : { subject }),
    ...(username === undefined ? {} : { username }),
  };
}

/** A DN has commas of its own: one that does not begin a pair belongs to the value before. */
function pairsIn(text: string): readonly string[] {
  const pairs: string[] = [];
  for (const part of text.split(",")) {
    const last = pairs.length - 1;
    if (last >= 0 && /^\s*(ou|o|dc)=/.test(part)) pairs[last] += `,${part}`;
    else if (part.trim() !== "") pairs.push(part);
  }
  return pairs;
}
