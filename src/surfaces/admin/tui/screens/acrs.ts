/** Ways of signing in: which there are, which are enabled, which a request gets that asks for none. */
import { done, type Outcome } from "../../client/trouble.ts";
import { type Entry, pageOf } from "../api.ts";
import type { Act, Desk, View } from "../desk.ts";
import { createList, type Loaded } from "../list.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine } from "../words.ts";
import { editSource, script } from "./script.ts";

const TYPE = { type: "person_authentication" };

export function acrs(desk: Desk): View {
  const { api } = desk;
  let enabled: readonly string[] = [];

  async function load({ cursor }: { cursor: string | undefined }): Promise<Outcome<Loaded>> {
    const [page, chosen] = await Promise.all([
      pageOf(api, "get-config-scripts-by-type", { values: TYPE, query: { sortBy: "level" } }, cursor),
      api.call("get-acrs"),
    ]);
    if (page.kind !== "done") return page;
    if (chosen.kind !== "done") return chosen;
    const { defaultAcr } = chosen.value.body as { defaultAcr: string };
    const { entries, next, total } = page.value;
    enabled = entries.filter((one) => one.enabled === true).map((one) => String(one.name));
    return done({
      rows: entries.map((one) => rowOf(one, one.name === defaultAcr, chosen.value.etag)),
      next,
      total,
    });
  }

  function rowOf(one: Entry, isDefault: boolean, etag: string | undefined): Row {
    const name = String(one.name);
    const faulty = one.scriptError !== undefined && one.scriptError !== null;
    const state = faulty ? "faulty" : one.enabled === true ? "enabled" : "disabled";
    return {
      id: name,
      cells: [clean(name), clean(one.level), state, isDefault ? "yes" : "", clean(one.description)],
      tone: faulty ? "bad" : one.enabled === true ? undefined : "dim",
      facts: [
        ["acr", clean(name), "strong"],
        ["inum", clean(one.inum)],
        ["state", state, faulty ? "bad" : one.enabled === true ? "ok" : "warn"],
        ["level", clean(one.level)],
        ["aliases", clean(one.aliases)],
        ["revision", clean(one.revision)],
        ["about", clean(one.description)],
        ...(faulty ? ([["error", clean(one.scriptError), "bad"]] as const) : []),
      ],
      open: () => desk.open(script(desk, name)),
      acts: actsOf(one, name, isDefault, etag),
    };
  }

  function actsOf(one: Entry, name: string, isDefault: boolean, etag: string | undefined): readonly Act[] {
    return [
      one.enabled === true
        ? { key: "d", label: "disable", run: () => disable(name, isDefault) }
        : { key: "e", label: "enable", run: () => setEnabled(name, true) },
      ...(one.enabled === true && !isDefault
        ? [{ key: "m", label: "make default", run: () => makeDefault(name, etag) }]
        : []),
      { key: "s", label: "edit source", run: () => editSource(desk, name) },
    ];
  }

  /** One field, of the script as it is at this moment. */
  async function change(
    name: string,
    value: boolean,
    query: Record<string, string>,
  ): Promise<Outcome<string>> {
    const found = await api.call("get-custom-script-by-name", { values: { name } });
    if (found.kind !== "done") return found;
    const { inum } = found.value.body as { inum: string };
    const answer = await api.call("patch-config-scripts-by-inum", {
      values: { inum },
      query,
      body: [{ op: "replace", path: "/enabled", value }],
      ifMatch: found.value.etag,
    });
    return answer.kind === "done" ? done(`${name} is ${value ? "enabled" : "disabled"}.`) : answer;
  }

  const setEnabled = (name: string, value: boolean): void =>
    desk.ask({
      title: `${value ? "Enable" : "Disable"} ${name}`,
      about: [
        value
          ? `Relying parties can ask for ${name}. Its properties have to be right.`
          : `Nobody can sign in by ${name} any more; logins under way go on.`,
      ],
      fields: [],
      verb: value ? "enable" : "disable",
      command: () => commandLine("acr", value ? "enable" : "disable", name),
      send: () => change(name, value, {}),
    });

  function disable(name: string, isDefault: boolean): void {
    if (!isDefault) {
      setEnabled(name, false);
      return;
    }
    const others = enabled.filter((other) => other !== name);
    if (others.length === 0) {
      desk.say({
        text: `${name} is the only one that is enabled; enable another one first.`,
        tone: "bad",
      });
      return;
    }
    desk.ask({
      title: `Disable ${name}`,
      about: [`${name} is the default, so another one has to be. Logins under way go on.`],
      fields: [{ name: "next", label: "New default", choices: others, value: others[0] }],
      verb: "disable",
      command: ({ next }) => commandLine("acr", "disable", name, ["--default", next]),
      send: ({ next = "" }) => change(name, false, { defaultAcr: next }),
    });
  }

  const makeDefault = (name: string, etag: string | undefined): void =>
    desk.ask({
      title: `Make ${name} the default`,
      about: [`A request that asks for no acr gets ${name}.`],
      fields: [],
      verb: "make it the default",
      command: () => commandLine("acr", "default", name),
      async send() {
        const answer = await api.call("put-acrs", { body: { defaultAcr: name }, ifMatch: etag });
        return answer.kind === "done" ? done(`The default is ${name}.`) : answer;
      },
    });

  return createList(
    {
      title: "Acrs",
      columns: [
        { title: "ACR", width: 22, grow: 1 },
        { title: "LEVEL", width: 5, align: "right" },
        { title: "STATE", width: 8 },
        { title: "DEFAULT", width: 7 },
        { title: "ABOUT", width: 20, grow: 3 },
      ],
      empty: "There are no scripts.",
      search: "here",
      command: () => commandLine("acr", "list"),
      load,
    },
    desk,
  );
}
