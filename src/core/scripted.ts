/**
 * What a script of one's own decides, taken as a mechanism or a factor only as far as the rules go: a task names a
 * required factor, an authenticator is bound behind a fresh proof, a proof carries the method that stands in the
 * manifest, wrong answers are counted here. So a mistake in a script ends a login; it opens none. Built by compose.
 */
import { z } from "zod";
import { type Facts, type Mechanism, nextInOrder, type Task } from "./mechanism.ts";
import type { Manifest } from "./script.ts";
import type { ScriptCall } from "./script-module.ts";
import type { Acr, Json } from "./words.ts";

/** Answers what a script asks for while it is called. */
export type AnswerPort = (port: string, input: Json) => Promise<unknown>;

/** Calls a script. Throws Breakage `script-failed`, told to whom it concerns, when anything goes wrong. */
export interface ScriptRun {
  run(call: ScriptCall, answer: AnswerPort): Promise<unknown>;
  /** What it answered is against the rules: keeps that as its error, and throws. */
  fail(message: string): Promise<never>;
}

const taskSchema = z.strictObject({ factor: z.string(), act: z.enum(["challenge", "enrol"]) }).nullish();

/** One sentence where the answer breaks a rule. */
export function taskFault(
  answer: unknown,
  requires: readonly string[],
  { fresh, held }: Facts,
): string | undefined {
  const parsed = taskSchema.safeParse(answer);
  if (!parsed.success) return "next must answer { factor, act } with act challenge or enrol, or nothing";
  const task = parsed.data;
  if (task === undefined || task === null) return undefined;
  if (!requires.includes(task.factor))
    return `next answered the factor ${JSON.stringify(task.factor)}, which is not among requires`;
  if (task.act === "challenge") return undefined;
  if (held.includes(task.factor)) return `next wants to bind ${task.factor}, which the person has already`;
  // A session cookie alone must not bind a factor (CVE-2023-3597).
  if (!fresh.some((kind) => kind !== task.factor))
    return `next wants to bind ${task.factor} although no other factor was shown within the last minutes; let one be shown first`;
  return undefined;
}

/** The mechanism of an enabled entry. Without a `next` of its own, its script is never run. */
export function scriptedMechanism(
  entry: { readonly name: Acr; readonly level: number; readonly aliases: readonly Acr[] },
  { requires, phoneAttribute, decides }: NonNullable<Manifest["mechanism"]>,
  script: ScriptRun,
): Mechanism {
  const { name: acr, level, aliases } = entry;
  async function next(facts: Facts): Promise<Task | undefined> {
    const answer = await script.run({ act: "next", facts }, async (port) => {
      throw new Error(`${port} cannot be asked for in next`);
    });
    const fault = taskFault(answer, requires, facts);
    return fault === undefined ? ((answer as Task | null | undefined) ?? undefined) : script.fail(fault);
  }
  return {
    acr,
    level,
    aliases,
    requires,
    ...(phoneAttribute === undefined ? {} : { phoneAttribute }),
    next: decides ? next : (facts) => nextInOrder(requires, facts),
  };
}

/** Facts to try a mechanism with: nobody known yet, each number of factors shown, with and without the others at hand. */
export function factsToTry(requires: readonly string[]): readonly Facts[] {
  const shown = requires.map((_, count) => requires.slice(0, count));
  return shown.flatMap((proved) => [
    { proved, fresh: proved, held: proved.length === 0 ? [] : requires },
    { proved, fresh: proved, held: proved },
  ]);
}

/** Tries a mechanism's own `next`: answers the rule it breaks. Throws what the script throws. */
export async function tryMechanism(
  requires: readonly string[],
  next: (facts: Facts) => unknown,
): Promise<string | undefined> {
  for (const facts of factsToTry(requires)) {
    const answer = await next(facts);
    const at = `with ${facts.proved.join(" and ") || "nothing"} shown, `;
    const fault = taskFault(answer, requires, facts);
    if (fault !== undefined) return `${at}${fault}`;
    const task = answer as Task | null | undefined;
    if (task === undefined || task === null)
      return `${at}next answered nothing, and ${requires.filter((kind) => !facts.proved.includes(kind)).join(", ")} would be missing for ever`;
    if (facts.proved.includes(task.factor))
      return `${at}next asks for ${task.factor} again, and would do so for ever`;
  }
  return undefined;
}
