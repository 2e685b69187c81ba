/**
 * What every script promises, as checks that anybody can run: `sallyport script test` runs them over the module in its
 * process, the contract suites (public/contracts.ts) over one in a test. They know no server and ask nobody.
 */
import { isDeepStrictEqual } from "node:util";
import type { Facts } from "./mechanism.ts";
import type { Manifest, ScriptLogin, ScriptPerson } from "./script.ts";
import type { ScriptCall } from "./script-module.ts";
import { type AnswerPort, factsToTry, taskFault, tryMechanism } from "./scripted.ts";
import { outcomeSchema, questionSchema } from "./scripted-factor.ts";
import type { Json } from "./words.ts";

export interface Check {
  readonly name: string;
  /** One sentence of what is wrong; undefined: it holds. May throw what the script throws. */
  run(): Promise<string | undefined>;
}

/** A module and the person it is tried with. */
export interface UnderTest {
  readonly manifest: Manifest;
  readonly call: (call: ScriptCall, answer: AnswerPort) => Promise<unknown>;
  readonly person?: ScriptPerson | undefined;
}

const nothing: AnswerPort = async (port) => {
  throw new Error(`${port} is not there in next`);
};
const PERSON: ScriptPerson = { username: "ada", claims: { name: "Ada", email: "ada@example.org" } };
/** What people type who do not know the answer, and what attackers do. */
const ANSWERS = [
  "",
  " ",
  "0000",
  "x".repeat(1_000),
  "<script>alert(1)</script>",
  "' or '1'='1",
  "\0",
  "__proto__",
];

/** All that hold for what the module exports. */
export const scriptChecks = (test: UnderTest): readonly Check[] => [
  ...mechanismChecks(test),
  ...factorChecks(test),
];

function mechanismChecks({ manifest: { mechanism }, call }: UnderTest): readonly Check[] {
  if (mechanism === undefined) return [];
  const { requires, decides } = mechanism;
  const next = (facts: Facts) => call({ act: "next", facts }, nothing);
  const password: Check = {
    name: "somebody says who they are: password is required",
    run: async () => (requires.includes("password") ? undefined : `requires is ${requires.join(", ")}`),
  };
  if (!decides) return [password];
  return [
    password,
    {
      name: "each factor is asked for until all are shown, and none twice",
      run: () => tryMechanism(requires, next),
    },
    {
      name: "the same facts have the same answer",
      async run() {
        for (const facts of factsToTry(requires))
          if (!isDeepStrictEqual(await next(facts), await next(facts)))
            return `next answers now this and now that with ${facts.proved.join(" and ") || "nothing"} shown`;
        return undefined;
      },
    },
    {
      name: "nothing is bound on a session alone",
      async run() {
        const proved = requires.slice(0, 1);
        const facts: Facts = { proved, fresh: [], held: proved };
        return taskFault(await next(facts), requires, facts);
      },
    },
  ];
}

function factorChecks({ manifest: { factor }, call, person = PERSON }: UnderTest): readonly Check[] {
  if (factor === undefined) return [];
  const { enrols } = factor;
  const steps = enrols ? (["challenge", "enrol"] as const) : (["challenge"] as const);
  const login = (state: Json): ScriptLogin => ({
    state,
    username: person.username,
    client: { id: "app", name: "App" },
    locale: "en",
    address: "192.0.2.1",
  });
  const ports = createTrialPorts(person);
  const prepared = async (step: (typeof steps)[number]): Promise<Json> =>
    ((await call({ act: "prepare", step, login: login(null) }, ports.answer)) ?? null) as Json;
  const view = (step: (typeof steps)[number], state: Json) =>
    call({ act: "view", step, login: login(state) }, ports.answer);
  return [
    {
      name: "held answers yes or no",
      async run() {
        const answer = await call({ act: "held", person }, ports.answer);
        return typeof answer === "boolean" ? undefined : `held answered ${typeof answer}`;
      },
    },
    ...steps.flatMap((step): readonly Check[] => [
      {
        name: `${step}: the page is a question, the same whenever it is looked at, and looking does nothing`,
        async run() {
          const state = await prepared(step);
          ports.acts.length = 0;
          const first = await view(step, state);
          const parsed = questionSchema.safeParse(first);
          if (!parsed.success)
            return `view: ${parsed.error.issues[0]?.path.join(".")} ${parsed.error.issues[0]?.message}`;
          if (!isDeepStrictEqual(first, await view(step, state))) return "view answers now this and now that";
          return ports.acts.length === 0 ? undefined : `view asked for ${ports.acts[0]}`;
        },
      },
      ...(step === "enrol"
        ? []
        : [
            {
              name: `${step}: no answer of somebody who does not know it proves anything, and each gets one`,
              async run() {
                const state = await prepared(step);
                for (const answer of ANSWERS) {
                  const form = { answer, action: "" };
                  const outcome = await call(
                    { act: "authenticate", step, login: login(state), form },
                    ports.answer,
                  );
                  const parsed = outcomeSchema.safeParse(outcome);
                  const typed = JSON.stringify(answer.slice(0, 30));
                  if (!parsed.success) return `answered what it may not to ${typed}`;
                  if (parsed.data.kind === "proved") return `took ${typed} for the right answer`;
                }
                return undefined;
              },
            },
          ]),
    ]),
  ];
}

/** Ports of a made-up server: it knows one person, keeps nothing and sends nothing. */
function createTrialPorts(person: ScriptPerson) {
  const acts: string[] = [];
  const answer: AnswerPort = async (port) => {
    switch (port) {
      case "person":
        return person;
      case "authenticators.list":
        return [];
      case "log":
        return null;
      default:
        acts.push(port);
        return port === "sms.send"
          ? { sent: true, phone: "•••• 43" }
          : port === "sms.check"
            ? "wrong"
            : false;
    }
  };
  return { acts, answer };
}
