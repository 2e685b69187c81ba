/**
 * Answers what a script's factor asks of the server while it is called. What is to be written or sent is gathered and
 * goes out with the login's own commit. Used by scripted-factor.ts alone; no port reaches another person, another kind
 * of authenticator, a key or the store.
 */
import { z } from "zod";
import type { AuditEvent } from "./audit.ts";
import type { Authenticators, PhoneData } from "./authenticators.ts";
import type { Effects, Factor, Login, Outcome, Prepared } from "./mechanism.ts";
import type { ScriptPerson } from "./script.ts";
import type { AnswerPort } from "./scripted.ts";
import { PhoneNumber } from "./secret.ts";
import { preferred } from "./undo.ts";
import type { Clock, Json, Subject } from "./words.ts";

/** The login's state: the script's own, and what it does not see. */
export type ScriptedState = {
  readonly own: Json;
  readonly problem: string;
  readonly sms?: Json | undefined;
};

interface AnswersFor {
  readonly kind: string;
  readonly step: "challenge" | "enrol";
  readonly act: "prepare" | "view" | "authenticate";
  readonly login?: Login<Json> | undefined;
  readonly subject: Subject;
  readonly authenticators: Authenticators;
  readonly sms: Factor | undefined;
  readonly personOf: (subject: Subject) => Promise<ScriptPerson>;
  readonly newId: () => string;
  readonly log: (text: string) => void;
  readonly now: Clock;
}

/** What the ports did in one call. */
export interface Turned {
  readonly writes: NonNullable<Effects["writes"]>;
  readonly deliver: string | undefined;
  readonly events: readonly AuditEvent[];
  readonly sms: Json | undefined;
}

const LONGEST_DATA = 10_000;
/** Authenticators of one kind that a person can have; a mistake must not fill the store. */
const MOST = 10;
const data = z.object({
  data: z.json().refine((value) => JSON.stringify(value).length <= LONGEST_DATA, "10 000 letters at most"),
});
const change = data.extend({ id: z.string().max(100), version: z.number() });
const typed = z.object({ code: z.string().max(100) });
const line = z.object({ text: z.string().max(1_000) });

export function createAnswers(on: AnswersFor, state: ScriptedState | undefined) {
  const { kind, step, act, subject, authenticators } = on;
  const writes: Turned["writes"][number][] = [];
  const events: AuditEvent[] = [];
  let deliver: string | undefined;
  let sms = state?.sms;

  const own = () => authenticators.list(subject, kind);
  const acting = (port: string): void => {
    if (act === "view") throw new Error(`${port} cannot be asked for in view or held; they only look`);
  };

  async function bind(input: Json): Promise<null> {
    acting("authenticators.bind");
    if (step !== "enrol") throw new Error("authenticators.bind can be asked for in an enrol step alone");
    const parsed = data.parse(input);
    if ((await own()).length >= MOST)
      throw new Error(`nobody has more than ${MOST} authenticators of one kind`);
    await authenticators.bind({
      subject,
      kind,
      key: on.newId(),
      data: parsed.data as Json,
      boundBy: "password-once",
    });
    events.push({
      kind: "authenticator-bound",
      at: on.now(),
      subject,
      login: on.login?.id,
      client: on.login?.client.id,
      facts: { factor: kind, authority: "script" },
    });
    return null;
  }

  async function update(input: Json): Promise<boolean> {
    acting("authenticators.update");
    const parsed = change.parse(input);
    // Only what is this person's and of this kind, whatever id the script came by.
    if (!(await own()).some(({ id }) => id === parsed.id)) return false;
    return authenticators.update(parsed.id, parsed.version, parsed.data as Json);
  }

  function keep(outcome: Prepared<Json> | Outcome<Json>): void {
    if (outcome.kind === "stop") return;
    events.push(...(outcome.events ?? []));
    if (outcome.kind === "proved") return;
    writes.push(...(outcome.writes ?? []));
    deliver = outcome.deliver ?? deliver;
    if (outcome.state !== undefined) sms = outcome.state;
  }

  const smsStep = (port: string) => {
    acting(port);
    const challenge = on.sms?.challenge;
    if (challenge === undefined || on.login === undefined || step !== "challenge")
      throw new Error(`${port} can be asked for in a challenge step alone`);
    return { challenge, login: on.login };
  };

  async function send(): Promise<{ sent: boolean; phone: string }> {
    const { challenge, login } = smsStep("sms.send");
    const outcome =
      sms === undefined
        ? await challenge.prepare({ ...login, state: null })
        : await challenge.authenticate({ ...login, state: sms }, { action: "resend" });
    const before = deliver;
    keep(outcome);
    const phone = preferred(await authenticators.list(subject, "sms"));
    return {
      sent: deliver !== undefined && deliver !== before,
      phone: phone === undefined ? "" : new PhoneNumber((phone.data as PhoneData).number).toString(),
    };
  }

  async function check(input: Json): Promise<"right" | "wrong"> {
    const { challenge, login } = smsStep("sms.check");
    const { code } = typed.parse(input);
    if (sms === undefined) return "wrong";
    const outcome = await challenge.authenticate({ ...login, state: sms }, { code });
    keep(outcome);
    return outcome.kind === "proved" ? "right" : "wrong";
  }

  const answer: AnswerPort = async (port, input) => {
    switch (port) {
      case "person":
        return on.personOf(subject);
      case "authenticators.list":
        return (await own()).map(({ id, version, data: kept }) => ({ id, version, data: kept }));
      case "authenticators.bind":
        return bind(input);
      case "authenticators.update":
        return update(input);
      case "sms.send":
        return send();
      case "sms.check":
        return check(input);
      case "log":
        on.log(line.parse(input).text);
        return null;
      default:
        throw new Error(`there is no port ${port}`);
    }
  };
  return { answer, turned: (): Turned => ({ writes, deliver, events, sms }) };
}
