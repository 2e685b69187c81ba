/** One script: its properties, changed one at a time, and its source in the person's editor. */
import { done, type Outcome } from "../../client/trouble.ts";
import type { Desk, Values, View } from "../desk.ts";
import { createList, type Loaded } from "../list.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine } from "../words.ts";

interface Property {
  readonly value1: string;
  readonly value2?: string | null;
  readonly hide?: boolean;
  readonly isSet?: boolean;
  readonly description?: string;
}

interface Script {
  readonly inum: string;
  readonly name: string;
  readonly description?: string;
  readonly level: number;
  readonly revision: number;
  readonly enabled: boolean;
  readonly aliases?: readonly string[];
  readonly script?: string;
  readonly scriptError?: unknown;
  readonly configurationProperties?: readonly Property[];
}

type Read = { readonly script: Script; readonly etag: string | undefined };

async function read({ api }: Desk, name: string): Promise<Outcome<Read>> {
  const answer = await api.call("get-custom-script-by-name", { values: { name } });
  if (answer.kind !== "done") return answer;
  return done({ script: answer.value.body as Script, etag: answer.value.etag });
}

async function put({ api }: Desk, body: Script, ifMatch: string | undefined): Promise<Outcome<string>> {
  const answer = await api.call("put-config-scripts", { body, ifMatch });
  if (answer.kind !== "done") return answer;
  return done(`Changed ${body.name}; revision ${clean((answer.value.body as Script).revision)}.`);
}

/** Opens the source in the editor; a built-in script's cannot be changed on every server, and then the server says so. */
export async function editSource(desk: Desk, name: string): Promise<void> {
  const found = await read(desk, name);
  if (found.kind !== "done") return desk.say({ text: found.text, tone: "bad" });
  let { script: current } = found.value;
  await desk.edit({
    title: `Source of ${name}`,
    file: `${name.replace(/[^\w.-]/g, "_")}.ts`,
    text: current.script ?? "",
    etag: found.value.etag,
    command: commandLine("script", "push", name),
    save: (text, etag) => put(desk, { ...current, script: text }, etag),
    async reread() {
      const again = await read(desk, name);
      if (again.kind !== "done") return again;
      current = again.value.script;
      return done({ text: current.script ?? "", etag: again.value.etag });
    },
  });
}

export function script(desk: Desk, name: string): View {
  let current: Read | undefined;

  async function load(): Promise<Outcome<Loaded>> {
    const found = await read(desk, name);
    if (found.kind !== "done") return found;
    current = found.value;
    const { script: one } = current;
    const faulty = one.scriptError !== undefined && one.scriptError !== null;
    return done({
      rows: (one.configurationProperties ?? []).map(rowOf),
      facts: [
        ["state", one.enabled ? "enabled" : "disabled", one.enabled ? "ok" : "warn"],
        ["level", clean(one.level)],
        ["revision", clean(one.revision)],
        ["inum", clean(one.inum)],
        ["aliases", clean(one.aliases)],
        ["about", clean(one.description)],
        ...(faulty ? ([["error", clean(one.scriptError), "bad"]] as const) : []),
      ],
    });
  }

  function rowOf(property: Property): Row {
    const hidden = property.hide === true;
    const value = hidden ? (property.isSet === true ? "(set)" : "(not set)") : clean(property.value2);
    return {
      id: property.value1,
      cells: [clean(property.value1), value, clean(property.description)],
      tone: value === "" || value === "(not set)" ? "dim" : undefined,
      open: () => change(property),
      facts: [
        ["property", clean(property.value1), "strong"],
        ["value", value],
        ["meaning", clean(property.description)],
      ],
    };
  }

  function change(property: Property): void {
    const hidden = property.hide === true;
    let held = current;
    const valueIn = ({ configurationProperties = [] }: Script): string =>
      configurationProperties.find(({ value1 }) => value1 === property.value1)?.value2 ?? "";
    desk.ask({
      title: clean(property.value1),
      about: [
        ...(property.description === undefined ? [] : [clean(property.description)]),
        ...(hidden
          ? ["A secret: it is never shown. What you type replaces it; nothing typed clears it."]
          : []),
      ],
      fields: [
        {
          name: "value",
          label: property.value1,
          secret: hidden,
          value: hidden ? "" : (property.value2 ?? ""),
        },
      ],
      verb: "save",
      command: ({ value = "" }) =>
        commandLine("script", "set", name, `${property.value1}=${hidden ? "@FILE" : value}`),
      async send({ value = "" }: Values) {
        if (held === undefined) return load().then(() => done("Read anew."));
        const known = held.script.configurationProperties ?? [];
        const configurationProperties = known.map((one) =>
          one.value1 === property.value1 ? { ...one, value2: value } : one,
        );
        return put(desk, { ...held.script, configurationProperties }, held.etag);
      },
      async theirs() {
        const again = await read(desk, name);
        if (again.kind !== "done") return again;
        held = again.value;
        return done(hidden ? {} : { value: valueIn(held.script) });
      },
    });
  }

  function add(): void {
    let held = current;
    desk.ask({
      title: "Another property",
      about: ["For properties that this script knows and does not list yet."],
      fields: [
        { name: "property", label: "Property", required: true },
        { name: "value", label: "Value", hint: "A secret goes in by the list, once its property is there." },
      ],
      verb: "add",
      command: ({ property, value }) => commandLine("script", "set", name, `${property}=${value}`),
      async send({ property = "", value = "" }) {
        if (held === undefined) return done("Nothing was read yet.");
        const known = held.script.configurationProperties ?? [];
        const configurationProperties = [...known, { value1: property.trim(), value2: value }];
        return put(desk, { ...held.script, configurationProperties }, held.etag);
      },
      async theirs() {
        const again = await read(desk, name);
        if (again.kind !== "done") return again;
        held = again.value;
        return done({});
      },
    });
  }

  return createList(
    {
      title: name,
      columns: [
        { title: "PROPERTY", width: 24 },
        { title: "VALUE", width: 22, grow: 1 },
        { title: "MEANING", width: 20, grow: 2 },
      ],
      empty: "This script has no properties.",
      search: "here",
      command: () => commandLine("script", "get", name),
      acts: () => [
        { key: "a", label: "add property", run: add },
        { key: "s", label: "edit source", run: () => editSource(desk, name) },
      ],
      load,
    },
    desk,
  );
}
