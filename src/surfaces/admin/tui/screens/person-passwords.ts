/** Another password for somebody, or a ticket with which they set one. What is made is shown once and is in no command. */
import { done, usage } from "../../client/trouble.ts";
import type { Act, Desk, Values } from "../desk.ts";
import { commandLine } from "../words.ts";
import { handingOver, REASON, saying, type Who } from "./person-acts.ts";

const WAYS = ["temporary", "must change", "typed", "typed, final"];

const isTyped = ({ way = "" }: Values): boolean => way.startsWith("typed");

/** The acts that this server has. */
export const passwordActs = (desk: Desk, who: Who): readonly Act[] => [
  ...(desk.api.has("post-user-password") ? [settingPassword(desk, who)] : []),
  ...(desk.api.has("post-user-password-ticket") ? [handingOutTicket(desk, who)] : []),
];

function settingPassword(desk: Desk, { inum, name }: Who): Act {
  let made: string | undefined;
  let until: string | undefined;
  return {
    key: "w",
    label: "password",
    run: () =>
      desk.ask({
        title: `A password for ${name}`,
        about: [
          "temporary: made here and shown once; good for 72 hours, to set another one.",
          "must change: the present one stays until the next sign-in, which asks for another.",
          "typed: the one below, to be changed at the next sign-in; final: not to be changed.",
          "With a new password every session ends, and the person is told.",
        ],
        fields: [
          { name: "way", label: "Which", choices: WAYS, value: "temporary" },
          { name: "password", label: "Password", secret: true, hint: "Only where it is typed." },
          REASON,
        ],
        verb: "set it",
        command: (values) =>
          `${commandLine(
            "user",
            "password",
            name,
            (
              { temporary: "--temporary", "must change": "--must-change", "typed, final": "--final" } as const
            )[values.way ?? ""],
            ["--reason", values.reason],
          )}${isTyped(values) ? " < FILE" : ""}`,
        async send(values) {
          const { way = "", password = "", reason = "" } = values;
          if (isTyped(values) && password === "") return usage("Password is missing; it is what you set.");
          if (!isTyped(values) && password !== "")
            return usage("A password is typed only where it says typed; choose that, or leave it empty.");
          const answer = await desk.api.call("post-user-password", {
            values: { inum },
            body: {
              reason,
              temporary: way === "temporary",
              mustChange: way !== "typed, final",
              ...(isTyped(values) ? { password } : {}),
            },
          });
          if (answer.kind !== "done") return answer;
          const body = answer.value.body as { temporaryPassword?: string; until?: string };
          made = body.temporaryPassword;
          until = body.until;
          if (way === "must change") return done(`${name} sets another password at the next sign-in.`);
          return done(`The password of ${name} is set; every session has ended.`);
        },
        afterwards() {
          void desk.reload();
          if (made !== undefined) handingOver(desk, name, { ticket: made, act: "set-password", until });
          made = undefined;
        },
      }),
  };
}

function handingOutTicket(desk: Desk, { inum, name }: Who): Act {
  let made: { readonly ticket: string; readonly until: string; readonly url: string } | undefined;
  return {
    key: "f",
    label: "password ticket",
    run: () =>
      desk.ask({
        title: `${name} has forgotten the password`,
        about: [
          "A ticket for a new one, shown once, good once and for an hour. The second step is asked for as ever; the present password stays until then, and the person is told.",
        ],
        fields: [REASON],
        verb: "make a ticket",
        command: ({ reason }) => commandLine("user", "password-ticket", name, ["--reason", reason]),
        async send({ reason }) {
          const answer = await desk.api.call("post-user-password-ticket", {
            values: { inum },
            body: { reason },
          });
          if (answer.kind === "done") made = answer.value.body as typeof made;
          return saying(answer, `A ticket for ${name} is open.`);
        },
        afterwards() {
          void desk.reload();
          if (made !== undefined) handingOver(desk, name, { ...made, act: "password-ticket" });
          made = undefined;
        },
      }),
  };
}
