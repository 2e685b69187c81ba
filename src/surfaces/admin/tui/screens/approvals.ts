/** Acts that wait for a second administrator, and what became of those of the last hours. */

import type { HandedOver } from "../../client/hand-over.ts";
import { done, type Outcome } from "../../client/trouble.ts";
import type { Entry } from "../api.ts";
import type { Act, Desk, View } from "../desk.ts";
import { createList, type Loaded } from "../list.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine, short, when } from "../words.ts";
import { person } from "./person.ts";
import { handingOver, REASON } from "./person-acts.ts";

export function approvals(desk: Desk): View {
  const { api } = desk;

  async function load(): Promise<Outcome<Loaded>> {
    const found = await api.call("get-approvals");
    if (found.kind !== "done") return found;
    const entries = found.value.body as readonly Entry[];
    return done({ rows: entries.map(rowOf), total: entries.length });
  }

  function rowOf(one: Entry): Row {
    const id = String(one.id);
    const name = clean(one.userId);
    const what = `${clean(one.act)} of ${name}`;
    const waits = one.state === "pending";
    return {
      id,
      cells: [clean(one.state), clean(one.act), name, clean(one.askedBy), short(one.until)],
      tone: waits ? undefined : "dim",
      facts: [
        ["act", what, "strong"],
        ["state", clean(one.state), one.state === "failed" ? "bad" : waits ? "warn" : "ok"],
        ["asked by", clean(one.askedBy)],
        ["reason", clean(one.reason)],
        ["asked", when(one.askedAt)],
        ["until", when(one.until)],
        ["decided by", clean(one.decidedBy ?? "")],
        ["why", clean(one.why ?? "")],
        ["id", clean(id)],
      ],
      open: () => desk.open(person(desk, String(one.inum), name)),
      acts: [
        ...(waits ? [approving(id, what), declining(id, what)] : []),
        ...(one.hasTicket === true ? [taking(id, name, one.act === "set-password")] : []),
      ],
    };
  }

  const approving = (id: string, what: string): Act => ({
    key: "y",
    label: "approve",
    run: () =>
      desk.ask({
        title: `Approve: ${what}`,
        about: ["It is carried out at once, in the name of whoever asked, and the person is told."],
        fields: [],
        verb: "approve",
        command: () => commandLine("approval", "approve", id),
        async send() {
          const answer = await api.call("post-approval-approve", { values: { id } });
          return answer.kind === "done" ? done(`Done: ${what}.`) : answer;
        },
      }),
  });

  const declining = (id: string, what: string): Act => ({
    key: "x",
    label: "decline",
    run: () =>
      desk.ask({
        title: `Decline: ${what}`,
        fields: [{ ...REASON, required: false }],
        verb: "decline",
        command: ({ reason }) => commandLine("approval", "decline", id, ["--reason", reason]),
        async send({ reason = "" }) {
          const answer = await api.call("post-approval-decline", { values: { id }, query: { reason } });
          return answer.kind === "done" ? done(`Declined: ${what}; nothing was done.`) : answer;
        },
      }),
  });

  const taking = (id: string, name: string, isPassword: boolean): Act => {
    const what = isPassword ? "password" : "ticket";
    let made: HandedOver | undefined;
    return {
      key: "t",
      label: `show the ${what}`,
      run: () =>
        desk.ask({
          title: `The ${what} for ${name}`,
          about: ["It is shown once, to whoever has asked for it."],
          fields: [],
          verb: "show it",
          command: () => commandLine("approval", "ticket", id),
          async send() {
            const answer = await api.call("post-approval-ticket", { values: { id } });
            if (answer.kind !== "done") return answer;
            made = answer.value.body as HandedOver;
            return done(`The ${what} for ${name} was shown.`);
          },
          afterwards() {
            void desk.reload();
            if (made !== undefined) handingOver(desk, name, made);
            made = undefined;
          },
        }),
    };
  };

  return createList(
    {
      title: "Approvals",
      columns: [
        { title: "STATE", width: 9 },
        { title: "ACT", width: 15, grow: 1 },
        { title: "PERSON", width: 16, grow: 2 },
        { title: "ASKED BY", width: 12, grow: 1 },
        { title: "UNTIL (UTC)", width: 11 },
      ],
      empty: "Nothing waits for a second administrator.",
      search: "here",
      command: () => commandLine("approval", "list"),
      every: 5_000,
      load,
    },
    desk,
  );
}
