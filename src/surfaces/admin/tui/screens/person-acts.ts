/** What can be done to a person, each with its reason and the command that does the same. */
import { type HandedOver, handOverText } from "../../client/hand-over.ts";
import { done, type Outcome } from "../../client/trouble.ts";
import type { Entry } from "../api.ts";
import type { Act, Desk, Field } from "../desk.ts";
import { line, wrap } from "../lines.ts";
import { clean, commandLine, when } from "../words.ts";

/** Whom an act is about. */
export interface Who {
  readonly inum: string;
  readonly name: string;
  readonly status: string;
}

interface Attribute {
  readonly name: string;
  readonly value?: unknown;
  readonly values?: readonly unknown[];
}

const ROLES = "jansAdminUIRole";

/** Their roles by our names, with spaces between them. */
export function rolesOf(one: Entry): string {
  const attributes = (one.customAttributes ?? []) as readonly Attribute[];
  const { values, value } = attributes.find(({ name }) => name === ROLES) ?? {};
  const all = values ?? (value === undefined ? [] : [value]);
  return all.map((role) => (role === "api-admin" ? "admin" : clean(role))).join(" ");
}

export const REASON: Field = {
  name: "reason",
  label: "Reason",
  required: true,
  hint: "One line; it goes into the audit.",
};

const FACTOR: Field = {
  name: "factor",
  label: "Factor",
  choices: ["sms", "totp", "passkey", "recovery-code"],
  value: "sms",
  hint: "Any but a phone only for whoever has no factor left.",
};

/** Changes attributes of the person as they are at this moment. */
async function patch(
  desk: Desk,
  inum: string,
  customAttributes: readonly unknown[],
): Promise<Outcome<unknown>> {
  const values = { inum };
  const found = await desk.api.call("get-user-by-inum", { values });
  if (found.kind !== "done") return found;
  return desk.api.call("patch-user-by-inum", {
    values,
    body: { customAttributes },
    ifMatch: found.value.etag,
  });
}

export const saying = (answer: Outcome<unknown>, text: string): Outcome<string> =>
  answer.kind === "done" ? done(text) : answer;

export function disabling(desk: Desk, { inum, name, status }: Who): Act {
  const off = status === "active";
  const verb = off ? "disable" : "enable";
  return {
    key: "d",
    label: verb,
    run: () =>
      desk.ask({
        title: `${off ? "Disable" : "Enable"} ${name}`,
        about: [
          off
            ? `${name} can do nothing any more: no sign-in, no new tokens, and every session ends.`
            : `${name} can sign in again.`,
        ],
        fields: [],
        verb,
        command: () => commandLine("user", verb, name),
        send: async () =>
          saying(
            await patch(desk, inum, [{ name: "status", value: off ? "inactive" : "active" }]),
            off ? `${name} is disabled.` : `${name} can sign in again.`,
          ),
      }),
  };
}

export const removing = (desk: Desk, { inum, name }: Who, afterwards?: () => void): Act => ({
  key: "x",
  label: "remove",
  run: () =>
    desk.ask({
      title: `Remove ${name}`,
      about: [`${name} goes for good, with phones, sessions and tokens. The audit stays.`],
      fields: [REASON],
      verb: "remove for good",
      command: ({ reason }) => commandLine("user", "remove", name, ["--reason", reason]),
      send: async ({ reason = "" }) =>
        saying(
          await desk.api.call("delete-user", { values: { inum }, query: { reason } }),
          `Removed ${name}.`,
        ),
      ...(afterwards === undefined ? {} : { afterwards }),
    }),
});

export const givingRoles = (desk: Desk, { inum, name }: Who, roles: () => string): Act => ({
  key: "m",
  label: "roles",
  run: () =>
    desk.ask({
      title: `Roles of ${name}`,
      about: ["admin may do everything, helpdesk helps with phones and sessions, auditor looks."],
      fields: [
        {
          name: "roles",
          label: "Roles",
          value: roles(),
          hint: "With spaces between them; none: leave it empty.",
        },
      ],
      verb: "save",
      command: ({ roles: given = "" }) =>
        given.trim() === ""
          ? commandLine("user", "roles", name, "--none")
          : commandLine("user", "roles", name, ...given.trim().split(/\s+/)),
      async send({ roles: given = "" }) {
        const values = given
          .trim()
          .split(/\s+/)
          .filter((role) => role !== "")
          .map((role) => (role === "admin" ? "api-admin" : role));
        return saying(
          await patch(desk, inum, [{ name: ROLES, multiValued: true, values }]),
          values.length === 0
            ? `${name} has no roles.`
            : `${name} is ${given.trim().split(/\s+/).join(", ")}.`,
        );
      },
    }),
});

export const addingPhone = (desk: Desk, { inum, name }: Who): Act => ({
  key: "p",
  label: "add phone",
  run: () =>
    desk.ask({
      title: `Add a phone of ${name}`,
      about: ["You answer for whose phone it is: no code is sent to it."],
      fields: [
        {
          name: "number",
          label: "Number",
          required: true,
          hint: "In international form, such as +44 7400 123456.",
        },
        { name: "reason", label: "Reason", required: true, hint: "How you know; it goes into the audit." },
      ],
      verb: "add it, verified",
      command: ({ number = "", reason }) =>
        commandLine("user", "phone", "add", name, number === "" ? "NUMBER" : number, "--verified", [
          "--reason",
          reason,
        ]),
      async send({ number, reason }) {
        const body = { number, verified: true, reason };
        const answer = await desk.api.call("post-user-phone", { values: { inum }, body });
        if (answer.kind !== "done") return answer;
        return done(`${name} has the phone ${clean((answer.value.body as { number: string }).number)}.`);
      },
    }),
});

export const removingFactor = (desk: Desk, { inum, name }: Who, id: string, what: string): Act => ({
  key: "x",
  label: "remove factor",
  run: () =>
    desk.ask({
      title: `Remove ${what} of ${name}`,
      about: ["Every session ends, wrong answers are forgotten, and the person is told."],
      fields: [REASON],
      verb: "remove it",
      command: ({ reason }) => commandLine("user", "factor", "remove", name, id, ["--reason", reason]),
      send: async ({ reason = "" }) =>
        saying(
          await desk.api.call("delete-user-authenticator", { values: { inum, id }, query: { reason } }),
          `${name} no longer has ${what}.`,
        ),
    }),
});

/** Shows, once, what is handed to the person. */
export function handingOver(desk: Desk, name: string, made: HandedOver): void {
  const until = made.until === undefined ? undefined : `${when(made.until)} UTC`;
  const text = handOverText({ act: made.act, until }, `to ${clean(name)}`);
  desk.show(
    `For ${name}`,
    [
      // A note breaks no lines by itself, and an address that is broken cannot be copied.
      ...wrap(text, 76).map((part) => line(` ${part}`)),
      line(),
      line(`   ${clean(made.ticket)}`, "strong"),
      ...(made.url === undefined ? [] : [line(), line(" It is typed at"), line(`   ${clean(made.url)}`)]),
    ],
    true,
  );
}

/** Opens the way to a new phone; with `lost` the old ones go first. */
export const openingWay = (desk: Desk, { inum, name }: Who, lost: boolean): Act => {
  let made: Partial<HandedOver> = {};
  return {
    key: lost ? "z" : "o",
    label: lost ? "lost phone" : "open a way to a phone",
    run: () =>
      desk.ask({
        title: lost ? `${name} has lost the phone` : `A way to a phone for ${name}`,
        about: [
          ...(lost ? ["Every phone and every wrong code goes, and every session ends. Then:"] : []),
          "window: whoever knows the password may bind a phone at the next sign-in.",
          "ticket: who also holds the ticket that is shown next. Once, within 24 hours.",
        ],
        fields: [
          { name: "by", label: "Way", choices: ["ticket", "window"], value: "ticket" },
          ...(lost ? [] : [FACTOR]),
          REASON,
        ],
        verb: "open it",
        command: ({ by, factor = "sms", reason }) =>
          commandLine(
            "user",
            lost ? "reset-phone" : "enrolment",
            name,
            `--${by}`,
            ["--factor", factor === "sms" ? undefined : factor],
            ["--reason", reason],
          ),
        async send({ by, factor = "sms", reason = "" }) {
          const answer = await desk.api.call("post-user-enrolment", {
            values: { inum },
            body: { by, factor, reason, ...(lost ? { lost } : {}) },
          });
          if (answer.kind !== "done") return answer;
          made = answer.value.body as Partial<HandedOver>;
          if (made.ticket === undefined)
            return done(
              `${name} may bind a ${factor === "sms" ? "phone" : `factor ${factor}`} at the next sign-in, once, within 24 hours.`,
            );
          return done(`A ticket for ${name} is open.`);
        },
        afterwards() {
          void desk.reload();
          const { ticket, until } = made;
          made = {};
          if (ticket !== undefined) handingOver(desk, name, { ticket, until });
        },
      }),
  };
};

export const closingWays = (desk: Desk, { inum, name }: Who): Act => ({
  key: "c",
  label: "close ways",
  run: () =>
    desk.ask({
      title: `Close every way to a phone for ${name}`,
      fields: [REASON],
      verb: "close them",
      command: ({ reason }) =>
        commandLine("cli", "--operation-id", "delete-user-enrolment", "--url-suffix", `inum:${inum}`, [
          "--endpoint-args",
          reason === undefined || reason === "" ? undefined : `reason:${reason.replace(/,/g, "\\,")}`,
        ]),
      send: async ({ reason = "" }) =>
        saying(
          await desk.api.call("delete-user-enrolment", { values: { inum }, query: { reason } }),
          `No way to a phone stands open for ${name}.`,
        ),
    }),
});

export const endingSessions = (desk: Desk, { inum, name }: Who): Act => ({
  key: "s",
  label: "end all sessions",
  run: () =>
    desk.ask({
      title: `End every session of ${name}`,
      about: ["With everything that came of them: access and refresh tokens too."],
      fields: [{ ...REASON, required: false }],
      verb: "end them",
      command: ({ reason }) => commandLine("session", "end", "--user", name, ["--reason", reason]),
      send: async ({ reason = "" }) =>
        saying(
          await desk.api.call("revoke-user-session", { values: { userDn: inum }, query: { reason } }),
          `Every session of ${name} has ended.`,
        ),
    }),
});
