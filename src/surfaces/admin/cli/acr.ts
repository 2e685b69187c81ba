/** What `sallyport acr …` asks the server. */
import type { ConnectionOptions } from "./connection.ts";
import { act, print, printJson, printTable } from "./screen.ts";
import { openVerb, shownAs, type Verb } from "./verb.ts";

interface Script {
  readonly inum: string;
  readonly name: string;
  readonly level: number;
  readonly enabled: boolean;
  readonly aliases?: readonly string[];
}

export const list = (options: ConnectionOptions & { json?: boolean }): Promise<void> =>
  act(async () => {
    const verb = await openVerb(options);
    const type = { type: "person_authentication" };
    const scripts = (await verb.all("get-config-scripts-by-type", {
      values: type,
    })) as unknown as readonly Script[];
    const { defaultAcr } = (await verb.call("get-acrs")).body as { defaultAcr?: string };
    const acrs = scripts
      .map(({ name, level, enabled, aliases = [] }) => ({
        acr: name,
        level,
        enabled,
        default: name === defaultAcr,
        aliases,
      }))
      .sort((a, b) => a.level - b.level);
    if (options.json === true) return printJson(acrs, true);
    printTable(
      ["ACR", "LEVEL", "ENABLED", "DEFAULT", "ALIASES"],
      acrs.map((one) => [
        one.acr,
        String(one.level),
        one.enabled ? "yes" : "no",
        one.default ? "yes" : "",
        shownAs(one.aliases),
      ]),
    );
  });

/** Changes one field of the script behind an acr, unless somebody else changes it at the same moment. */
async function change(
  verb: Verb,
  name: string,
  enabled: boolean,
  query: Record<string, string>,
): Promise<void> {
  const { body, etag } = await verb.call("get-custom-script-by-name", { values: { name } });
  const { inum } = body as Script;
  await verb.call("patch-config-scripts-by-inum", {
    values: { inum },
    query,
    body: [{ op: "replace", path: "/enabled", value: enabled }],
    ifMatch: etag,
  });
}

export const enable = (name: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    await change(await openVerb(options), name, true, {});
    print(`${name} is enabled.`);
  });

export const disable = (name: string, options: ConnectionOptions & { default?: string }): Promise<void> =>
  act(async () => {
    const query: Record<string, string> =
      options.default === undefined ? {} : { defaultAcr: options.default };
    await change(await openVerb(options), name, false, query);
    print(
      `${name} is disabled.${options.default === undefined ? "" : ` The default is ${options.default}.`}`,
    );
  });

export const setDefault = (name: string, options: ConnectionOptions): Promise<void> =>
  act(async () => {
    const { body } = await (await openVerb(options)).call("put-acrs", { body: { defaultAcr: name } });
    print(`The default is ${(body as { defaultAcr: string }).defaultAcr}.`);
  });
