/** The logs of the node that answers, from their end, followed while one looks. */
import { done, type Outcome } from "../../client/trouble.ts";
import type { Desk, View } from "../desk.ts";
import { line, type Tone } from "../lines.ts";
import { type Asked, createList, type Loaded } from "../list.ts";
import { clean, commandLine } from "../words.ts";

const EVERY = 3_000;
const LEVELS = ["trace", "info", "warn", "error"] as const;
const PAGE = "100";

export function logs(desk: Desk): View {
  let log = "server";
  let level = 1;
  const least = () => LEVELS[level] ?? "info";

  async function load({ search, cursor }: Asked): Promise<Outcome<Loaded>> {
    const answer = await desk.api.call("get-logs", {
      values: { log },
      query: {
        limit: PAGE,
        level: least(),
        ...(search === "" ? {} : { pattern: search }),
        ...(cursor === undefined ? {} : { cursor }),
      },
    });
    if (answer.kind !== "done") return answer;
    const { lines, next } = answer.value.body as { lines: readonly string[]; next?: string };
    return done({
      next,
      facts: [
        ["log", `${log}.log`],
        ["level", `${least()} and above`],
      ],
      rows: lines.map((text, at) => ({
        id: `${cursor ?? ""} ${text} ${at}`,
        cells: [clean(text)],
        tone: toneOf(text),
        open: () => desk.show("A line of the log", [line(` ${clean(text)}`, toneOf(text))]),
      })),
    });
  }

  const view: View = createList(
    {
      title: "Logs",
      columns: [{ title: "NEWEST FIRST", width: 40, grow: 1 }],
      empty: "No line of this level.",
      search: { hint: "a text in the line; Enter looks" },
      every: EVERY,
      command: (search) =>
        commandLine(
          "cli",
          "--operation-id",
          "get-logs",
          "--url-suffix",
          `log:${log}`,
          "--endpoint-args",
          `level:${least()}${search === "" ? "" : `,pattern:${search}`}`,
        ),
      acts: () => [
        {
          key: "w",
          label: `level (${least()})`,
          run: () => {
            level = (level + 1) % LEVELS.length;
            return view.load();
          },
        },
        {
          key: "o",
          label: log === "server" ? "the scripts' log" : "the server's log",
          run: () => {
            log = log === "server" ? "script" : "server";
            return view.load();
          },
        },
      ],
      load,
    },
    desk,
  );
  return view;
}

const toneOf = (text: string): Tone | undefined => {
  if (/^\S+ ERROR|"level":"error"/.test(text)) return "bad";
  return /^\S+ WARN|"level":"warn"/.test(text) ? "warn" : undefined;
};
