/** What `sallyport script push|reset` ask of the server. */
import { basename } from "node:path";
import type { ConnectionOptions } from "./connection.ts";
import { act, print } from "./screen.ts";
import { textOf, type Watching, whenever } from "./script-files.ts";
import { openVerb, type Verb } from "./verb.ts";

interface Script {
  readonly name: string;
  readonly inum: string;
  readonly enabled: boolean;
  readonly revision: number;
  readonly modified?: boolean;
}

export interface PushOptions extends ConnectionOptions, Watching {
  readonly name?: string;
  readonly level?: string;
  readonly enable?: boolean;
}

const found = async (
  verb: Verb,
  name: string,
): Promise<{ script: Script; etag: string | undefined } | undefined> => {
  const all = await verb.all("get-config-scripts", { query: { fieldValuePair: `name=${name}` } });
  if (!all.some((one) => one.name === name)) return undefined;
  const { body, etag } = await verb.call("get-custom-script-by-name", { values: { name } });
  return { script: body as Script, etag };
};

/** Sends the file; the server looks at it, and takes it as a new revision or says why not. */
export const push = (file: string, options: PushOptions): Promise<void> =>
  whenever(file, options.watch === true, async () => {
    const name = options.name ?? basename(file).replace(/\.[cm]?ts$/, "");
    const script = textOf(file);
    const verb = await openVerb(options);
    const before = await found(verb, name);
    const sent = {
      script,
      ...(options.level === undefined ? {} : { level: Number(options.level) }),
      ...(options.enable === true ? { enabled: true } : {}),
    };
    const { body } =
      before === undefined
        ? await verb.call("post-config-scripts", { body: { name, ...sent } })
        : await verb.call("put-config-scripts", {
            body: { ...before.script, ...sent },
            ifMatch: before.etag,
          });
    const { revision, enabled } = body as Script;
    print(
      `${name}: revision ${revision}${revision === before?.script.revision ? ", as it was" : ""}, ${enabled ? "enabled" : "not enabled (add --enable)"}.`,
    );
  });

/** The script of a built-in as it came. */
export const reset = (name: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { body, etag } = await verb.call("get-custom-script-by-name", { values: { name } });
    const { inum, revision } = body as Script;
    const { body: now } = await verb.call("patch-config-scripts-by-inum", {
      values: { inum },
      body: [{ op: "replace", path: "/script", value: "" }],
      ifMatch: etag,
    });
    const after = (now as Script).revision;
    print(
      after === revision
        ? `${name} is as it came; revision ${revision}.`
        : `${name} is as it came again; revision ${after}.`,
    );
  });
