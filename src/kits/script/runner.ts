/**
 * kits/script: the scripts of a site, each revision in one process of its own (process.ts, child.ts). This file starts
 * the process when somebody needs it, lets it go when nobody has for a while, and after a crash leaves it alone for a
 * time that doubles, so that a script that dies at once does not take the processor with it. Opened by compose and by
 * the command line; it knows neither acrs nor people.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Manifest, ScriptFault } from "../../core/script.ts";
import type { ScriptCall } from "../../core/script-module.ts";
import {
  type Answering,
  LIMITS,
  type Script,
  type ScriptLimits,
  ScriptTrouble,
  startScript,
} from "./process.ts";
import type { Loaded } from "./protocol.ts";

export interface ScriptSource {
  /** Of the script, for its file name in messages. */
  readonly name: string;
  readonly text: string;
  /** Where packages and files beside it are found. */
  readonly folder: string;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** The names of ours that a script can import. */
const PUBLISHED: Readonly<Record<string, string>> = {
  "sallyport/mechanism": new URL(
    import.meta.url.replace(/kits\/script\/runner(\.[a-z]+)$/, "public/mechanism$1"),
  ).href,
};

const loadedOf = ({ name, text, folder, properties = {} }: ScriptSource): Loaded => ({
  text,
  // It need not be there: what stands at this address is the text.
  url: pathToFileURL(join(folder, `${name.replace(/[^\w.-]/g, "_").replace(/\.[cm]?ts$/, "")}.ts`)).href,
  published: PUBLISHED,
  properties,
});

/** Loads a module in a process that is ended at once; what it exports, or what is wrong with it. */
export async function examine(
  source: ScriptSource,
  tryOut: (script: Pick<Script, "manifest" | "call">) => Promise<string | undefined> = async () => undefined,
  limits?: ScriptLimits,
): Promise<
  | { readonly kind: "taken"; readonly manifest: Manifest }
  | { readonly kind: "faulty"; readonly fault: ScriptFault }
> {
  try {
    const script = await startScript(loadedOf(source), () => {}, limits);
    try {
      const problem = await tryOut(script);
      return problem === undefined
        ? { kind: "taken", manifest: script.manifest }
        : { kind: "faulty", fault: { message: problem } };
    } finally {
      await script.end();
    }
  } catch (problem) {
    if (problem instanceof ScriptTrouble) return { kind: "faulty", fault: problem.fault };
    throw problem;
  }
}

export interface Runner {
  /** Throws ScriptTrouble. */
  run(call: ScriptCall, answer: Answering): Promise<unknown>;
  end(): Promise<void>;
}

export interface RunnerOptions {
  readonly source: ScriptSource;
  /** A line of its console. */
  readonly said: (line: string) => void;
  readonly now: () => number;
  readonly limits?: ScriptLimits | undefined;
  /** Without a call for so long, the process is let go. */
  readonly idleMs?: number | undefined;
}

const FIRST_REST = 1_000;
const LONGEST_REST = 60_000;
const IDLE = 600_000;

/** One script revision; nothing is started before the first call. */
export function createRunner({ source, said, now, limits = LIMITS, idleMs = IDLE }: RunnerOptions): Runner {
  let script: Promise<Script> | undefined;
  let crashes = 0;
  let restsUntil = 0;
  let idle: NodeJS.Timeout | undefined;

  async function end(): Promise<void> {
    clearTimeout(idle);
    const old = script;
    script = undefined;
    await (await old?.catch(() => undefined))?.end();
  }

  const current = (): Promise<Script> => {
    script ??= startScript(loadedOf(source), said, limits);
    return script;
  };

  function crashed(of: Promise<Script>): void {
    // Of all calls that one crash has ended, the first counts it.
    if (script !== of) return;
    script = undefined;
    restsUntil = now() + Math.min(FIRST_REST * 2 ** crashes, LONGEST_REST);
    crashes += 1;
  }

  return {
    async run(call, answer) {
      const wait = restsUntil - now();
      if (script === undefined && wait > 0)
        throw new ScriptTrouble(
          { message: `it has crashed, and is started again in ${Math.ceil(wait / 1000)} s at the earliest` },
          true,
        );
      clearTimeout(idle);
      const used = current();
      try {
        const value = await (await used).call(call, answer);
        crashes = 0;
        return value;
      } catch (problem) {
        if (problem instanceof ScriptTrouble && problem.ended) crashed(used);
        throw problem;
      } finally {
        clearTimeout(idle);
        idle = setTimeout(() => void end(), idleMs).unref();
      }
    },
    end,
  };
}
