/** A session as a row, wherever it is listed. */
import { done } from "../../client/trouble.ts";
import type { Entry } from "../api.ts";
import type { Desk } from "../desk.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine, short, when } from "../words.ts";
import { REASON } from "./person-acts.ts";

/** With the cells of a list of sessions of everybody, or of one person. */
export function sessionRow(desk: Desk, session: Entry, everybody = false): Row {
  const sid = String(session.outsideSid);
  const facts = (session.sessionAttributes ?? {}) as Readonly<Record<string, string>>;
  const who = clean(facts.auth_user);
  const own = [clean(facts.acr), clean(facts.remote_ip), `since ${short(session.creationDate)}`];
  return {
    id: `session ${sid}`,
    cells: everybody
      ? [
          who,
          clean(facts.acr),
          clean(facts.remote_ip),
          short(session.creationDate),
          short(session.expirationDate),
        ]
      : [...own, `until ${short(session.expirationDate)}`],
    facts: [
      ["session", clean(sid), "strong"],
      ["person", who],
      ["since", when(session.creationDate)],
      ["until", when(session.expirationDate)],
      ["last used", when(session.lastUsedAt)],
      ...Object.entries(facts)
        .filter(([name]) => name !== "auth_user")
        .map(([name, value]) => [clean(name), clean(value)] as const),
    ],
    acts: [
      {
        key: "x",
        label: "end session",
        run: () =>
          desk.ask({
            title: `End a session of ${who}`,
            about: [
              `Signed in by ${clean(facts.acr)} from ${clean(facts.remote_ip)}. Its tokens end with it.`,
            ],
            fields: [{ ...REASON, required: false }],
            verb: "end it",
            command: ({ reason }) => commandLine("session", "end", sid, ["--reason", reason]),
            async send({ reason = "" }) {
              const answer = await desk.api.call("delete-session", { values: { sid }, query: { reason } });
              return answer.kind === "done" ? done("The session has ended.") : answer;
            },
          }),
      },
    ],
  };
}
