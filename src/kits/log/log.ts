/**
 * kits/log: what the server tells its operator, in two files of the data folder: `server.log`, and `script.log` with
 * what scripts say. Opened by compose. It decides nothing, keeps nobody waiting, and is no audit: that is in the store,
 * and a line lost here is lost.
 */
import { mkdirSync } from "node:fs";
import type { Writable } from "node:stream";
import { pino } from "pino";
import { type LogFile, openLogFile } from "./file.ts";
import { jsonLine, textLine } from "./lines.ts";

const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];
export type LogFacts = Readonly<Record<string, unknown>>;

/** One function per level: what happened, in a few constant words, and its facts by name. */
export type Logger = Readonly<Record<Level, (message: string, facts?: LogFacts) => void>>;

export interface Logs {
  readonly server: Logger;
  readonly script: Logger;
  /** Takes effect with the next line. */
  configure(logging: { readonly level: Level; readonly layout: "text" | "json" }): void;
  /** Resolves when all that was said is written. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly folder: string;
  readonly complain: (text: string) => void;
  readonly open?: ((folder: string, name: string) => Writable) | undefined;
}

/** Names whose values are never written, whatever somebody hands in. Secrets and numbers mask themselves by type. */
const HIDDEN = ["authorization", "proxy-authorization", "cookie", "set-cookie", "password", "client_secret"];
const redact = {
  paths: HIDDEN.flatMap((name) => ["", "*.", "*.*."].map((at) => `${at}["${name}"]`.replace(/\.\[/, "["))),
  censor: "[hidden]",
};

/** Makes the folder and opens both files. Rejects with the system's error where that cannot be done. */
export async function openLogs({ folder, complain, open }: LogOptions): Promise<Logs> {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (problem) {
    if ((problem as { code?: string }).code !== "EEXIST") throw problem;
  }
  let layout = textLine;
  const missing = (count: number) => {
    const time = new Date().toISOString();
    const message = "Lines before this one could not be written";
    return layout(JSON.stringify({ level: "warn", time, message, count }));
  };
  const [server, script] = await Promise.all(
    ["server.log", "script.log"].map((name) => openLogFile({ folder, name, complain, missing, open })),
  );
  if (server === undefined || script === undefined) throw new Error("unreachable");
  const writers = [server, script].map((file) => createWriter(file, () => layout));
  const [toServer, toScript] = writers.map(({ logger }) => logger);
  return {
    server: toServer as Logger,
    script: toScript as Logger,
    configure(logging) {
      layout = logging.layout === "json" ? jsonLine : textLine;
      // What a script says of its start is asked for by name, so it is there at every level.
      writers[0]?.setLevel(logging.level);
    },
    close: async () => void (await Promise.all([server.close(), script.close()])),
  };
}

function createWriter(file: LogFile, layout: () => (line: string) => string) {
  const engine = pino(
    {
      level: "info",
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      redact,
      serializers: { err: (err: unknown) => err },
    },
    { write: (line: string) => file.write(layout()(line)) },
  );
  const logger = Object.fromEntries(
    LEVELS.map((level) => [
      level,
      (message: string, facts: LogFacts = {}) => {
        if (engine.isLevelEnabled(level)) engine[level](printable(facts) as object, "%s", message);
      },
    ]),
  ) as unknown as Logger;
  return {
    logger,
    setLevel: (level: Level) => {
      engine.level = level;
    },
  };
}

/** Plain values, secrets and numbers masked, errors without their stack; nothing is followed deeper than four. */
function printable(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) {
    const { name, message, code } = value as Error & { code?: unknown };
    return { name, message, ...(code === undefined ? {} : { code }) };
  }
  if ("toJSON" in value && typeof value.toJSON === "function") return value.toJSON();
  if (depth === 4) return "[deeper]";
  if (Array.isArray(value)) return value.map((one) => printable(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, printable(inner, depth + 1)]),
  );
}
