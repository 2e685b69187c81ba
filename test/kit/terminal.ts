/**
 * A real terminal, drawn by tmux: keys go in as a person's do, and what stands on the screen comes out as text. Each has
 * a tmux server of its own, which ends with the test file.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SHELL } from "./processes.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Why there is no terminal here; false where there is one. */
export const noTerminal: string | false = (() => {
  try {
    execFileSync("tmux", ["-V"], { stdio: "ignore" });
    return false;
  } catch {
    return "tmux is not installed (apt-get install tmux)";
  }
})();

export interface TerminalOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}

const quoted = (word: string): string => `'${word.replace(/'/g, "'\\''")}'`;

/** Starts `sallyport ARGUMENTS` in a terminal of this size. */
export function openTerminal({ args, cwd, columns, rows, env = {} }: TerminalOptions) {
  const socket = `sallyport-${randomBytes(6).toString("hex")}`;
  const tmux = (...words: readonly string[]): string =>
    execFileSync("tmux", ["-L", socket, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const set = Object.entries({ ...SHELL, LANG: "C.UTF-8", ...env }).map(
    ([name, value]) => `${name}=${quoted(value)}`,
  );
  const program = [process.execPath, MAIN, ...args].map(quoted).join(" ");
  // The shell stays, so that what is left of the screen afterwards can be looked at.
  const command = `env -i TERM="$TERM" ${set.join(" ")} ${program}; echo "ended with $?"; exec sleep 600`;
  const size = ["-x", String(columns), "-y", String(rows)];
  tmux("-u", "-f", "/dev/null", "new-session", "-d", ...size, "-c", cwd, command);
  tmux("set", "-g", "status", "off");
  tmux("resize-window", ...size);
  after(() => {
    try {
      tmux("kill-server");
    } catch {
      // It has ended by itself.
    }
  });

  const screen = (): string => tmux("capture-pane", "-p");
  return {
    screen,
    /** With the sequences that colour it. */
    coloured: (): string => tmux("capture-pane", "-p", "-e"),
    /** Everything that ever stood here and was scrolled away, too. */
    all: (): string => tmux("capture-pane", "-p", "-S", "-"),
    title: (): string => tmux("display-message", "-p", "#{pane_title}").trim(),
    /** Keys by their names, such as `Enter`, `Escape`, `C-c`; a letter is itself. */
    async press(...keys: readonly string[]): Promise<void> {
      for (const key of keys) {
        tmux("send-keys", key);
        // Escape alone and Escape before a letter are told apart by time.
        await sleep(key === "Escape" ? 150 : 40);
      }
    },
    type: (text: string): void => void tmux("send-keys", "-l", text),
    /** As the terminal hands on what is pasted (bracketed paste). */
    paste(text: string): void {
      tmux("set-buffer", text);
      tmux("paste-buffer", "-p");
    },
    resize: (width: number, height: number): void =>
      void tmux("resize-window", "-x", String(width), "-y", String(height)),
    /** The screen as soon as it shows all of this. */
    async see(...wanted: readonly (string | RegExp)[]): Promise<string> {
      const end = Date.now() + 30_000;
      for (;;) {
        const shown = screen();
        const missing = wanted.find((one) =>
          typeof one === "string" ? !shown.includes(one) : !one.test(shown),
        );
        if (missing === undefined) return shown;
        if (Date.now() > end) throw new Error(`never seen: ${missing}\n${shown}`);
        await sleep(50);
      }
    },
    /** The screen as soon as this is gone from it. */
    async miss(gone: string): Promise<string> {
      const end = Date.now() + 30_000;
      while (screen().includes(gone)) {
        if (Date.now() > end) throw new Error(`still there: ${gone}\n${screen()}`);
        await sleep(50);
      }
      return screen();
    },
  };
}

export type Terminal = ReturnType<typeof openTerminal>;
