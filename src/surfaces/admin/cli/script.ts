/** What `sallyport script …` asks the server. A secret goes from a file or standard input to the server and nowhere else. */
import { readSecretFrom } from "../client/input.ts";
import type { ConnectionOptions } from "./connection.ts";
import { act, misused, need, print, printJson, printTable, printText, tell } from "./screen.ts";
import { openVerb } from "./verb.ts";

interface Property {
  readonly value1: string;
  readonly value2?: string | null;
  readonly hide?: boolean;
  readonly isSet?: boolean;
  readonly description?: string;
}

interface Script {
  readonly name: string;
  readonly inum: string;
  readonly enabled: boolean;
  readonly level: number;
  readonly revision: number;
  readonly script?: string;
  readonly scriptError?: { readonly raisedAt?: string; readonly stackTrace?: string } | null;
  readonly configurationProperties?: readonly Property[];
}

export const get = (
  name: string,
  options: ConnectionOptions & { json?: boolean; source?: boolean },
): Promise<void> =>
  act(async () => {
    const { body } = await (await openVerb(options)).call("get-custom-script-by-name", { values: { name } });
    if (options.json === true) return printJson(body, true);
    const script = body as Script;
    // As it is, to be put into a file.
    if (options.source === true) return printText(script.script ?? "");
    if (script.scriptError != null)
      tell(`It failed at ${script.scriptError.raisedAt}: ${script.scriptError.stackTrace?.split("\n")[0]}`);
    print(
      `${script.name}: ${script.enabled ? "enabled" : "disabled"}, level ${script.level}, revision ${script.revision}, inum ${script.inum}`,
    );
    printTable(
      ["PROPERTY", "VALUE", "MEANING"],
      (script.configurationProperties ?? []).map(({ value1, value2, hide, isSet, description }) => [
        value1,
        hide === true ? (isSet === true ? "(set)" : "(not set)") : (value2 ?? ""),
        description ?? "",
      ]),
    );
  });

/** Names that are secrets wherever they come up, for properties that the script does not list yet. */
const SECRET = /(token|secret|password|private_key)$/i;

export const set = (
  name: string,
  assignments: readonly string[],
  options: ConnectionOptions,
): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const { body, etag } = await verb.call("get-custom-script-by-name", { values: { name } });
    const script = body as Script;
    const known = script.configurationProperties ?? [];
    const changed = new Map<string, string>();
    for (const assignment of assignments) {
      const at = assignment.indexOf("=");
      if (at < 1)
        misused(
          `A change is written property=value; the first word of ${at === 0 ? "it" : "one"} has no = after it.`,
        );
      const property = assignment.slice(0, at);
      const hidden = known.find(({ value1 }) => value1 === property)?.hide ?? SECRET.test(property);
      changed.set(property, await valueFrom(property, assignment.slice(at + 1), hidden));
    }
    const added = [...changed.keys()].filter((one) => !known.some(({ value1 }) => value1 === one));
    const configurationProperties = [
      ...known.map((one) => (changed.has(one.value1) ? { ...one, value2: changed.get(one.value1) } : one)),
      ...added.map((value1) => ({ value1, value2: changed.get(value1), hide: SECRET.test(value1) })),
    ];
    const put = { ...script, configurationProperties };
    const { body: now } = await verb.call("put-config-scripts", { body: put, ifMatch: etag });
    print(`${name}: ${[...changed.keys()].join(", ")} changed; revision ${(now as Script).revision}.`);
  });

async function valueFrom(property: string, text: string, secret: boolean): Promise<string> {
  if (text === "-" || text.startsWith("@")) return need(await readSecretFrom(text, property));
  if (secret && text !== "")
    misused(
      `${property} is a secret, and what is typed here can be read by everybody on this machine: write ${property}=- and pipe it in, or ${property}=@FILE.`,
    );
  return text;
}
