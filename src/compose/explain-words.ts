/** What an explanation says in sentences, and what a mechanism asks for in its order. Used by explain.ts alone. */
import type { Finding } from "../core/finding.ts";
import type { Mechanism, Task } from "../core/mechanism.ts";
import type { BudgetLeft } from "../core/sending.ts";
import type { Lane } from "../core/sending-draws.ts";
import type { ChoiceWhy } from "../surfaces/oidc/choice-why.ts";

export type Reason = Finding & { readonly check: string };

export const at = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

export const say = (level: Finding["level"], check: string, message: string, remedy?: string): Reason => ({
  level,
  check,
  message,
  ...(remedy === undefined ? {} : { remedy }),
});

/** What the mechanism asks of somebody without a session, until nothing is left. `holds`: they have a phone, or may. */
export async function stepsOf(mechanism: Mechanism, holds: boolean): Promise<readonly Task[]> {
  const steps: Task[] = [];
  const proved: string[] = [];
  while (steps.length < 10) {
    const held = holds ? mechanism.requires : mechanism.requires.filter((kind) => kind !== "sms");
    const task = await mechanism.next({ proved, fresh: proved, held });
    if (task === undefined) break;
    steps.push(task);
    proved.push(task.factor);
  }
  return steps;
}

export function acrReason(
  { choice, by, considered }: ChoiceWhy,
  own: readonly string[],
  server: string,
): Reason {
  const passed = considered
    .filter(({ verdict }) => verdict !== "chosen" && verdict !== "would-do")
    .map(({ name, verdict }) => `${name} (${WORDS[verdict]})`);
  const over = passed.length === 0 ? "" : ` Passed over: ${passed.join(", ")}.`;
  if (choice.kind === "unmet")
    return say(
      "error",
      "acr",
      `No acr that would do is enabled for this client.${over}`,
      "Enable one of its allowed_acr_values, or allow it another.",
    );
  const { acr, level } = choice.mechanism;
  const because = {
    request: "the request asks for it",
    client: `it is the client's default (${own.join(", ")})`,
    server: `it is the server's default (${server})`,
    allowed: "it is the first that the client is allowed",
    nobody: "",
  }[by];
  return say("ok", "acr", `The acr is ${acr} (level ${level}), for ${because}.${over}`);
}

const WORDS: Readonly<Record<string, string>> = {
  unknown: "nobody knows it",
  disabled: "it is disabled",
  "not-allowed": "the client is not allowed it",
};

export function budgetReasons(budgets: readonly BudgetLeft[], lane: Lane): readonly Reason[] {
  const used = budgets.filter(({ left }) => left < 1);
  if (used.length > 0)
    return used.map(({ scope, until }) =>
      say(
        "error",
        "sending",
        `The budget of the ${SCOPE_WORDS[scope] ?? scope} is used up until ${at(until ?? 0)}: no text goes out before.`,
        "Wait; a right code clears a person's own. Who uses it up: sallyport audit --kind code-sent.",
      ),
    );
  const least = budgets.reduce((one, other) => (other.left < one.left ? other : one));
  const whose = {
    device: "a browser that is known",
    owner: "a bound phone",
    stranger: "a number that is typed in",
  }[lane];
  return [
    say(
      "ok",
      "sending",
      `A text may go out (the budgets of ${whose}); the nearest to its end is the ${SCOPE_WORDS[least.scope] ?? least.scope}'s, with ${least.left} left of ${least.hour} an hour and ${least.day} a day.`,
    ),
  ];
}

const SCOPE_WORDS: Readonly<Record<string, string>> = {
  block100: "block of 100 numbers",
  block10000: "block of 10 000 numbers",
};
