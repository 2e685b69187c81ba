/**
 * A script's factor as the walk knows factors. The script's own state, the sentence about its last answer and core's
 * code by text lie side by side in the login's state; the script sees the first alone. Its ports are answered for the
 * person of the login and no other. Built by compose with the rest of scripted.ts.
 */
import { z } from "zod";
import type { AuditEvent } from "./audit.ts";
import type { Authenticators } from "./authenticators.ts";
import { type createFailures, failuresKey } from "./code-failures.ts";
import type { Directory } from "./directory.ts";
import type { Effects, Factor, Form, Login, Outcome, Step } from "./mechanism.ts";
import type { Manifest, ScriptPerson } from "./script.ts";
import { createAnswers, type ScriptedState, type Turned } from "./script-answers.ts";
import type { ScriptRun } from "./scripted.ts";
import type { Clock, Json, Subject } from "./words.ts";

export interface ScriptedFactorDeps {
  readonly script: ScriptRun;
  readonly directory: Pick<Directory, "get">;
  readonly authenticators: Authenticators;
  /** Counts wrong answers, by person and kind. */
  readonly failures: Pick<ReturnType<typeof createFailures>, "take" | "giveBack" | "reset">;
  /** The factor that sends codes; undefined where none does. */
  readonly sms: Factor | undefined;
  readonly newId: () => string;
  readonly log: (text: string) => void;
  readonly now: Clock;
}

const LONGEST_STATE = 16_384;
const json = z.json().refine((value) => JSON.stringify(value).length <= LONGEST_STATE, "16 KB at most");
const sentence = z.string().max(1_000);
/** What a view may answer. */
export const questionSchema = z.strictObject({
  heading: z.string().min(1).max(200),
  text: sentence.default(""),
  label: z.string().min(1).max(200),
  input: z.enum(["text", "digits", "secret"]).default("text"),
});
/** What an answer may come to. */
export const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("proved") }),
  z.strictObject({ kind: z.literal("retry"), problem: sentence.min(1), state: json.optional() }),
  z.strictObject({ kind: z.literal("next"), state: json }),
  z.strictObject({ kind: z.literal("stop") }),
]);

const LONGEST_ANSWER = 1_000;

export function scriptedFactor(
  { kind, method, enrols }: NonNullable<Manifest["factor"]>,
  deps: ScriptedFactorDeps,
): Factor {
  const { script, failures, now } = deps;

  async function personOf(subject: Subject): Promise<ScriptPerson> {
    const user = await deps.directory.get(subject);
    return { username: user?.username ?? "", claims: { ...user?.claims } };
  }

  function stepOf(step: "challenge" | "enrol"): Step {
    const stateOf = (login: Login<Json>): ScriptedState =>
      (login.state as ScriptedState | null) ?? { own: null, problem: "" };

    /** Calls the script with ports for this login; what the ports did goes with the login's commit. */
    async function call(login: Login<Json>, act: "prepare" | "view" | "authenticate", form?: Form) {
      const { subject } = login;
      // Another factor finds out who it is: this one has nobody to ask about.
      if (subject === undefined) return script.fail(`${kind} comes before anybody has said who they are`);
      const state = stateOf(login);
      const answers = createAnswers(
        { ...deps, kind, step, act, login, subject, sms: deps.sms, personOf },
        state,
      );
      const value = await script.run(
        {
          act,
          step,
          login: {
            state: state.own,
            username: login.username,
            client: { ...login.client },
            locale: login.locale,
            address: login.visitor.address,
          },
          ...(form === undefined ? {} : { form }),
        },
        answers.answer,
      );
      return { value, turned: answers.turned(), state, subject };
    }

    const parsed = async <T>(schema: z.ZodType<T>, value: unknown, act: string): Promise<T> => {
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      const [issue] = result.error.issues;
      const where = issue?.path.join(".") ?? "";
      return script.fail(
        `${step}.${act} answered what it may not: ${where}${where === "" ? "" : ": "}${issue?.message}`,
      );
    };

    const eventOf = (login: Login<Json>, right: boolean): AuditEvent => ({
      kind: right ? "factor-right" : "factor-wrong",
      at: now(),
      subject: login.subject,
      login: login.id,
      client: login.client.id,
      address: login.visitor.address,
      facts: { factor: kind, act: step },
    });

    const effectsOf = ({ writes, deliver, events }: Turned, more: readonly AuditEvent[] = []): Effects => ({
      writes,
      ...(deliver === undefined ? {} : { deliver }),
      events: [...events, ...more],
    });

    async function answered(login: Login<Json>, form: Form): Promise<Outcome<Json>> {
      const plain = { answer: (form.answer ?? "").slice(0, LONGEST_ANSWER), action: form.action ?? "" };
      const { value, turned, state } = await call(login, "authenticate", plain);
      const outcome = await parsed(outcomeSchema, value, "authenticate");
      const kept = turned.sms === undefined ? {} : { sms: turned.sms };
      switch (outcome.kind) {
        case "stop":
          return { kind: "stop", reason: "no-factor", events: turned.events };
        case "proved":
          return { kind: "proved", method, events: [...turned.events, eventOf(login, true)] };
        case "next":
          return {
            kind: "next",
            state: { own: outcome.state, problem: "", ...kept },
            ...effectsOf(turned),
          };
        case "retry":
          return {
            kind: "next",
            state: { own: outcome.state ?? state.own, problem: outcome.problem, ...kept },
            ...effectsOf(turned, [eventOf(login, false)]),
          };
      }
    }

    return {
      async prepare(login) {
        const { value, turned } = await call(login, "prepare");
        const own = await parsed(json, value, "prepare");
        const state: ScriptedState = {
          own: own as Json,
          problem: "",
          ...(turned.sms === undefined ? {} : { sms: turned.sms }),
        };
        return { kind: "ready", state: state as Json, ...effectsOf(turned) };
      },

      async view(login) {
        const { value, state } = await call(login, "view");
        const { heading, text, label, input } = await parsed(questionSchema, value, "view");
        return { page: { page: "question", facts: { heading, text, label, input, problem: state.problem } } };
      },

      async authenticate(login, form) {
        const { subject } = login;
        if (step === "enrol" || subject === undefined) return answered(login, form);
        // Before the script sees the answer; what is taken counts until it is right.
        const slot = await failures.take(failuresKey(kind, subject));
        if (slot.kind === "disabled") return { kind: "stop", reason: "factor-disabled" };
        if (slot.kind === "paused") {
          const minutes = Math.max(1, Math.ceil((slot.until - now()) / 60_000));
          return { kind: "retry", notice: { key: "question.paused", args: { minutes } } };
        }
        const outcome = await answered(login, form);
        const wrong = outcome.kind === "next" && (outcome.state as ScriptedState).problem !== "";
        const key = failuresKey(kind, subject);
        if (outcome.kind === "proved") await failures.reset(key);
        else if (outcome.kind === "next" && !wrong) await failures.giveBack(key);
        return outcome;
      },
    };
  }

  return {
    kind,
    challenge: stepOf("challenge"),
    ...(enrols ? { enrol: stepOf("enrol") } : {}),
    async held(subject) {
      const answers = createAnswers(
        { ...deps, kind, step: "challenge", act: "view", subject, personOf },
        undefined,
      );
      return (await script.run({ act: "held", person: await personOf(subject) }, answers.answer)) === true;
    },
  };
}
