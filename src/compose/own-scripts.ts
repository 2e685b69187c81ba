/**
 * Scripts of one's own and built-in ones that were changed: looked at before they are taken, run in a process per
 * revision, and what went wrong in one kept where the admin API shows it. Called by compose and the admin API.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { Authenticators } from "../core/authenticators.ts";
import { createFailures } from "../core/code-failures.ts";
import type { Directory, User } from "../core/directory.ts";
import { Breakage } from "../core/errors.ts";
import { composeMechanism, type Factor, type Facts, type Mechanism } from "../core/mechanism.ts";
import type { Storage } from "../core/records.ts";
import { faultText, type Manifest, type ScriptFault } from "../core/script.ts";
import { type ScriptRun, scriptedMechanism, tryMechanism } from "../core/scripted.ts";
import { scriptedFactor } from "../core/scripted-factor.ts";
import type { Limits, ScriptEntry } from "../core/settings.ts";
import type { Clock, EpochMs } from "../core/words.ts";
import type { Logger } from "../kits/log/log.ts";
import { type ScriptLimits, ScriptTrouble } from "../kits/script/process.ts";
import { createRunner, examine, type Runner } from "../kits/script/runner.ts";
import { builtInOf, fileOf, propertiesOf } from "./scripts.ts";

export interface OwnScriptsDeps {
  /** `custom/` of the data folder: packages and files of scripts. */
  readonly folder: string;
  readonly storage: Storage;
  readonly directory: Pick<Directory, "get">;
  readonly authenticators: Authenticators;
  readonly limits: () => Limits;
  /** The factor that sends codes. */
  readonly sms: () => Factor | undefined;
  readonly log: Logger;
  readonly newId: () => string;
  readonly now: Clock;
  readonly scriptLimits?: ScriptLimits | undefined;
}

export interface ScriptParts {
  readonly mechanisms: readonly Mechanism[];
  readonly ownFactors: ReadonlyMap<string, Factor>;
}

type ScriptError = { readonly revision: number; readonly raisedAt: EpochMs; readonly stackTrace: string };

export type OwnScripts = ReturnType<typeof createOwnScripts>;

const LARGEST = 1_000_000;
/** Looked at and remembered, so that a change of the settings can ask again without waiting. */
const MOST_EXAMINED = 100;
const MOST_RUNNERS = 50;
const KEPT = 90 * 86_400_000;
/** A script that fails at every sign-in is written down once in so long. */
const NOTE_EVERY = 1_000;

export function createOwnScripts(deps: OwnScriptsDeps) {
  const { folder, storage, log, now } = deps;
  const errors = storage.records<ScriptError>("script-error");
  const failures = createFailures(storage, deps.limits, now);
  const runners = new Map<string, Runner>();
  const noted = new Map<string, EpochMs>();
  const examined = new Map<string, Manifest | string>();

  const sourceAt = (name: string, text: string, file: string | undefined) =>
    file === undefined
      ? { name, text, folder }
      : { name: basename(file), text, folder: dirname(resolve(folder, file)) };

  function runnerOf(entry: ScriptEntry): Runner {
    const key = `${entry.inum}@${entry.revision}`;
    const known = runners.get(key);
    if (known !== undefined) return known;
    const builtIn = builtInOf(entry.name);
    const shown = entry.configurationProperties.filter(({ hide }) => builtIn === undefined || !hide);
    const runner = createRunner({
      // The secrets of a built-in are its gateway's; those of a script of one's own are its own.
      source: { ...sourceAt(entry.name, entry.source ?? "", fileOf(entry)), properties: propertiesOf(shown) },
      said: (text) => log.info("A script says", { acr: entry.name, text }),
      now,
      limits: deps.scriptLimits,
    });
    runners.set(key, runner);
    const [oldest] = runners.size > MOST_RUNNERS ? runners : [];
    if (oldest !== undefined) {
      runners.delete(oldest[0]);
      void oldest[1].end();
    }
    return runner;
  }

  async function note(entry: ScriptEntry, { stack, ...fault }: ScriptFault): Promise<void> {
    const text = faultText(fault);
    const { name, inum, revision } = entry;
    const last = noted.get(inum) ?? 0;
    if (now() - last < NOTE_EVERY && now() >= last) return;
    noted.set(inum, now());
    log.error("A script failed", { acr: name, revision, reason: text });
    const stackTrace = stack === undefined ? text : `${text}\n${stack}`;
    // The login ends whether or not this can be kept.
    await errors
      .put(inum, { revision, raisedAt: now(), stackTrace }, now() + KEPT)
      .catch(() => log.warn("The error of a script could not be kept", { acr: name }));
  }

  function scriptOf(entry: ScriptEntry): ScriptRun {
    const failed = async (fault: ScriptFault): Promise<never> => {
      await note(entry, fault);
      throw new Breakage("script-failed", `The script ${entry.name} failed: ${faultText(fault)}`);
    };
    return {
      run: (call, answer) =>
        runnerOf(entry)
          .run(call, answer)
          .catch((problem: unknown) => {
            if (problem instanceof ScriptTrouble) return failed(problem.fault);
            throw problem;
          }),
      fail: (message) => failed({ message }),
    };
  }

  function factorOf(entry: ScriptEntry, manifest: NonNullable<Manifest["factor"]>): Factor {
    return scriptedFactor(manifest, {
      ...deps,
      script: scriptOf(entry),
      failures,
      sms: deps.sms(),
      log: (text) => log.info("A script says", { acr: entry.name, text }),
    });
  }

  function mechanismOf(entry: ScriptEntry): readonly Mechanism[] {
    const { manifest, name: acr, level, aliases } = entry;
    if (entry.source === undefined) {
      const builtIn = builtInOf(acr);
      if (builtIn === undefined) return [];
      const { next, ...made } = builtIn.script.mechanism;
      const mechanism = composeMechanism({ acr, level, aliases, ...made });
      return [next === undefined ? mechanism : { ...mechanism, next }];
    }
    return manifest?.mechanism === undefined
      ? []
      : [scriptedMechanism(entry, manifest.mechanism, scriptOf(entry))];
  }

  return {
    /** What enabled entries offer. Starts nothing: a process begins with the first sign-in that needs it. */
    partsOf(entries: readonly ScriptEntry[]): ScriptParts {
      const enabled = entries.filter(({ enabled }) => enabled);
      return {
        mechanisms: enabled.flatMap(mechanismOf),
        ownFactors: new Map(
          enabled.flatMap((entry) => {
            const kind = entry.source === undefined ? undefined : entry.manifest?.factor;
            return kind === undefined ? [] : [[kind.kind, factorOf(entry, kind)] as const];
          }),
        ),
      };
    },

    /** Loads and tries a text in a process of its own; a sentence where it cannot be taken. */
    async examine(name: string, text: string, file?: string): Promise<Manifest | string> {
      const result = await examine(
        sourceAt(name, text, file),
        async ({ manifest: { mechanism }, call }) =>
          mechanism?.decides === true
            ? tryMechanism(mechanism.requires, (facts: Facts) =>
                call({ act: "next", facts }, async () => undefined),
              )
            : undefined,
        deps.scriptLimits,
      );
      const found = result.kind === "taken" ? result.manifest : faultText(result.fault);
      examined.set(text, found);
      const [oldest] = examined.size > MOST_EXAMINED ? examined.keys() : [];
      if (oldest !== undefined) examined.delete(oldest);
      return found;
    },

    /** What came of a look at this text; undefined: nobody has looked. */
    examined: (text: string): Manifest | string | undefined => examined.get(text),

    /** The text of a file below `custom/`. Nothing else can be read by naming it, links included. */
    readFile(path: string): { readonly text: string } | { readonly problem: string } {
      try {
        const file = realpathSync(resolve(folder, path));
        if (!file.startsWith(realpathSync(folder) + sep) || !/\.[cm]?[jt]s$/.test(file))
          return { problem: `must name a script below ${join(folder, sep)}` };
        const { size } = statSync(file);
        return size > LARGEST
          ? { problem: `${path} is larger than 1 MB` }
          : { text: readFileSync(file, "utf8") };
      } catch (problem) {
        const { code = "unknown" } = problem as { code?: string };
        return { problem: `${path} cannot be read below ${folder} (${code})` };
      }
    },

    /** What went wrong last in this revision of the script. */
    async errorOf({ inum, revision }: ScriptEntry): Promise<Omit<ScriptError, "revision"> | undefined> {
      const error = await errors.get(inum);
      return error?.revision === revision
        ? { raisedAt: error.raisedAt, stackTrace: error.stackTrace }
        : undefined;
    },

    close: async (): Promise<void> => void (await Promise.all([...runners.values()].map((one) => one.end()))),
  };
}

/** The original's attributes that hold a phone, and the claim that is kept of them (OIDC Core §5.1). */
const PHONES: readonly string[] = ["mobile", "telephoneNumber"];

/** What the directory holds of a person under this name of a claim or attribute. */
export const claimNamed = (user: User | undefined, name: string): string | boolean | undefined =>
  user?.claims[name] ?? (PHONES.includes(name) ? user?.claims.phone_number : undefined);
