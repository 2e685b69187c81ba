/** Puts the console on a terminal and waits until it is left. */
import process from "node:process";
import { render, Text, useApp, useInput, usePaste, useWindowSize } from "ink";
import { createElement as h, useEffect, useSyncExternalStore } from "react";
import type { Api } from "./api.ts";
import { parts } from "./parts.ts";
import { pressesOf } from "./press.ts";
import { runEditor, type Suspend } from "./review.ts";
import { createSwitchboard, type Switchboard } from "./switchboard.ts";
import { createTheme } from "./theme.ts";

const TICK = 1_000;

interface ScreenProps {
  readonly board: Switchboard;
  readonly theme: ReturnType<typeof createTheme>;
  /** Is handed what the terminal library alone can do. */
  readonly take: (tools: { suspend: Suspend; exit: () => void }) => void;
}

function Screen({ board, theme, take }: ScreenProps) {
  const { exit, suspendTerminal } = useApp();
  const { columns, rows } = useWindowSize();
  useSyncExternalStore(board.subscribe, board.version);
  useEffect(
    () => take({ suspend: (act) => suspendTerminal(act), exit: () => exit() }),
    [take, exit, suspendTerminal],
  );
  useInput((input, key) => {
    for (const press of pressesOf(input, key as unknown as Readonly<Record<string, unknown>>))
      board.press(press);
  });
  usePaste((text) => board.press({ kind: "paste", text }));
  return board.lines(columns, rows).map((pieces, row) =>
    h(
      Text,
      { key: row, wrap: "truncate" },
      pieces.map(({ text, tone }, at) => h(Text, { key: `${at}`, ...theme(tone) }, text)),
    ),
  );
}

/** Runs the console until somebody leaves it. */
export async function startConsole(
  api: Api,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const editor = [environment.VISUAL, environment.EDITOR].find((one) => (one ?? "") !== "") ?? "vi";
  let tools: { suspend: Suspend; exit: () => void } | undefined;
  const board = createSwitchboard(api, parts, {
    edit: async (file) => {
      let problem: unknown;
      await tools?.suspend(async () => {
        await runEditor(editor, file).catch((reason: unknown) => {
          problem = reason;
        });
      });
      if (problem !== undefined) throw problem;
    },
    leave: () => tools?.exit(),
  });
  const theme = createTheme(environment);
  const take = (given: NonNullable<typeof tools>): void => {
    tools = given;
  };
  const app = render(h(Screen, { board, theme, take }), {
    exitOnCtrlC: false,
    alternateScreen: true,
    incrementalRendering: true,
    interactive: true,
    patchConsole: false,
  });
  board.start();
  const ticking = setInterval(() => board.tick(Date.now()), TICK);
  try {
    await app.waitUntilExit();
  } finally {
    clearInterval(ticking);
    process.stdin.unref();
  }
}
