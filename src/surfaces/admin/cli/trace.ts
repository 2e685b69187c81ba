/** What `sallyport trace` asks the server, and how it is read at eighty columns. */
import type { ConnectionOptions } from "./connection.ts";
import { findPerson } from "./person.ts";
import { act, Failure, misused, print, printJson, printTable } from "./screen.ts";
import { stepWords } from "./trace-words.ts";
import { openVerb, shownAs } from "./verb.ts";

interface Step {
  readonly at: string;
  readonly afterMs: number;
  readonly kind: string;
  readonly address?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}
interface Summary {
  readonly login: string;
  readonly username?: string;
  readonly subject?: string;
  readonly client?: string;
  readonly begun: string;
  readonly outcome: string;
}
interface Trace extends Summary {
  readonly steps: readonly Step[];
  readonly more: boolean;
}

const COLUMNS = 80;
/** `+123.4 s  14:02:11  `, behind which every line of a step begins. */
const MARGIN = 21;

const clock = (at: string): string => new Date(at).toLocaleTimeString("en-GB", { hour12: false });
const day = (at: string): string => new Date(at).toLocaleDateString("sv-SE");
const seconds = (ms: number): string =>
  ms < 3_600_000 ? `+${(ms / 1000).toFixed(1)} s` : `+${(ms / 3_600_000).toFixed(1)} h`;

export const trace = (
  login: string | undefined,
  options: ConnectionOptions & { user?: string; json?: boolean },
): Promise<void> =>
  act(async () => {
    const { user, json } = options;
    if ((login === undefined) === (user === undefined))
      misused("Say either the id of a login or --user NAME.");
    const verb = await openVerb(options);
    if (login !== undefined) {
      const { body } = await verb.call("get-login-trace", { values: { login } }).catch((problem: unknown) => {
        if (
          problem instanceof Failure &&
          problem.trouble.kind === "refused" &&
          problem.trouble.status === 404
        )
          throw new Failure({
            ...problem.trouble,
            text: `There is no login ${login}; its id is the reference on the person's page, and sallyport trace --user NAME lists them.`,
          });
        throw problem;
      });
      return json === true ? printJson(body, true) : print(timeline(body as Trace));
    }
    const subject = (await findPerson(verb, user ?? "")).inum;
    const { entries } = (await verb.call("get-logins", { query: { subject } })).body as {
      entries: readonly Summary[];
    };
    if (json === true) return printJson(entries, true);
    printTable(
      ["LOGIN", "BEGUN", "OUTCOME", "CLIENT"],
      entries.map((one) => [
        one.login,
        `${day(one.begun)} ${clock(one.begun)}`,
        one.outcome,
        shownAs(one.client),
      ]),
    );
  });

/** The login as lines of at most eighty columns; only a name or id that is longer by itself makes one longer. */
export function timeline({ login, username, subject, client, begun, outcome, steps, more }: Trace): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const address = steps.find((step) => step.address !== undefined)?.address;
  const ended = outcome === "open" ? "not ended" : outcome.replace("login-", "").replace("-", " ");
  const head: readonly (readonly [string, string | undefined])[] = [
    ["login", login],
    ["person", username ?? subject ?? "unknown"],
    ["client", client],
    ["from", address],
    ["begun", `${day(begun)} ${clock(begun)} (${zone})`],
    ["now", ended],
  ];
  let from = address;
  const lines = steps.flatMap(({ at, afterMs, kind, facts = {}, address: here }) => {
    const left = `${seconds(afterMs).padStart(9)}  ${clock(at)}`.padEnd(MARGIN);
    const elsewhere = here !== undefined && here !== from;
    if (here !== undefined) from = here;
    const rest = [
      ...folded(stepWords(kind, facts)),
      ...(elsewhere ? folded(`from ${here}`) : []),
      ...[facts.messageId ?? []].flat().map(String),
      ...[facts.messageIds ?? []].flat().map(String),
    ];
    return rest.map((line, index) => `${index === 0 ? left : " ".repeat(MARGIN)}${line}`);
  });
  return [
    ...head.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(8)}${value}`])),
    "",
    ...(more ? ["(older steps are left out)"] : []),
    ...lines,
  ].join("\n");
}

/** Lines that fit beside the margin, broken between words. */
function folded(sentence: string): readonly string[] {
  const lines: string[] = [];
  for (const word of sentence.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= COLUMNS - MARGIN)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
