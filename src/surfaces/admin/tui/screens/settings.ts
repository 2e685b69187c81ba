/** The settings: who changed what and when, the whole in the person's editor, and the way back. */
import { parse, stringify } from "yaml";
import { type Applied, differenceLines, type SettingsDifference } from "../../client/settings-differences.ts";
import { done, type Outcome, usage } from "../../client/trouble.ts";
import { type Entry, pageOf } from "../api.ts";
import type { Act, Desk, View } from "../desk.ts";
import { type Line, line } from "../lines.ts";
import { createList, type Loaded } from "../list.ts";
import type { Row } from "../rows.ts";
import { createText } from "../text.ts";
import { clean, commandLine, when } from "../words.ts";

const shown = (differences: readonly SettingsDifference[]): readonly Line[] =>
  differences.flatMap((one) =>
    differenceLines([one]).flatMap((text) => {
      const [path = "", ...rest] = clean(text).split(": ");
      const [from = "", to = ""] = rest.join(": ").split(" -> ");
      return [line(` ${path}`, "strong"), line(`   - ${from}`, "removed"), line(`   + ${to}`, "added")];
    }),
  );
const faultLines = ({ faults = [] }: Applied): readonly Line[] =>
  faults.map(({ path, message }) => line(` ${clean(path)}: ${clean(message)}`, "bad"));

export function settings(desk: Desk): View {
  const { api } = desk;
  let newest = 0;

  async function load({ cursor }: { cursor: string | undefined }): Promise<Outcome<Loaded>> {
    const page = await pageOf(api, "get-config-settings-history", {}, cursor);
    if (page.kind !== "done") return page;
    if (cursor === undefined) newest = Number(page.value.entries[0]?.revision ?? 0);
    return done({ ...page.value, rows: page.value.entries.map(rowOf) });
  }

  function rowOf({ revision, at, by, what }: Entry): Row {
    const number = Number(revision);
    return {
      id: String(number),
      cells: [String(number), when(at), clean(by), clean(what)],
      facts: [
        ["revision", String(number), "strong"],
        ["at", `${when(at)} UTC`],
        ["by", clean(by)],
        ["what", clean(what)],
      ],
      open: () => desk.open(differencesView(number, undefined)),
      acts: [
        ...(number === newest
          ? []
          : [
              { key: "d", label: "compare with now", run: () => desk.open(differencesView(newest, number)) },
              { key: "b", label: "roll back to it", run: () => rollBack(number) },
            ]),
        { key: "v", label: "view it whole", run: () => desk.open(wholeView(number)) },
      ],
    };
  }

  const differencesView = (revision: number, from: number | undefined): View =>
    createText(
      {
        title: from === undefined ? `what revision ${revision} changed` : `between ${from} and ${revision}`,
        command: () =>
          commandLine("config", "diff", "--revision", String(revision), [
            "--from",
            from === undefined ? undefined : String(from),
          ]),
        async load() {
          const query: Record<string, string> = from === undefined ? {} : { from: String(from) };
          const answer = await api.call("get-config-settings-differences", {
            values: { revision: String(revision) },
            query,
          });
          if (answer.kind !== "done") return answer;
          const { differences } = answer.value.body as { differences: readonly SettingsDifference[] };
          return done(differences.length === 0 ? [line(" Nothing differs.", "dim")] : shown(differences));
        },
        acts: () => (revision === newest && from === undefined ? [] : [backAct(from ?? revision)]),
      },
      desk,
    );

  const backAct = (revision: number): Act => ({
    key: "b",
    label: `roll back to ${revision}`,
    run: () => rollBack(revision),
  });

  const wholeView = (revision: number): View =>
    createText(
      {
        title: `revision ${revision}`,
        command: () =>
          commandLine(
            "cli",
            "--operation-id",
            "get-config-settings-revision",
            "--url-suffix",
            `revision:${revision}`,
          ),
        async load() {
          const answer = await api.call("get-config-settings-revision", {
            values: { revision: String(revision) },
          });
          if (answer.kind !== "done") return answer;
          return done(
            stringify(answer.value.body, { lineWidth: 0 })
              .split("\n")
              .map((text) => line(` ${clean(text)}`)),
          );
        },
      },
      desk,
    );

  async function rollBack(revision: number): Promise<void> {
    const values = { revision: String(revision) };
    const planned = async () => {
      const answer = await api.call("post-config-settings-rollback", { values, query: { dryRun: "true" } });
      return answer.kind === "done"
        ? done({ applied: answer.value.body as Applied, etag: answer.value.etag })
        : answer;
    };
    const plan = await planned();
    if (plan.kind !== "done") return desk.say({ text: plan.text, tone: "bad" });
    let { etag } = plan.value;
    const { applied } = plan.value;
    if (applied.differences.length === 0 && (applied.faults ?? []).length === 0)
      return desk.say({ text: `The settings are what they were at revision ${revision}.`, tone: "dim" });
    desk.ask({
      title: `Roll back to revision ${revision}`,
      about: ["This is a new revision, and can be rolled back as well. Secrets go back with it. It changes:"],
      lines: [...faultLines(applied), ...shown(applied.differences)],
      fields: [],
      verb: "roll back",
      command: () => commandLine("config", "rollback", String(revision)),
      async send() {
        const answer = await api.call("post-config-settings-rollback", { values, ifMatch: etag });
        if (answer.kind !== "done") return answer;
        const { revision: now } = answer.value.body as Applied;
        return done(`The settings are those of revision ${revision} again; this is revision ${now}.`);
      },
      async theirs() {
        const again = await planned();
        if (again.kind !== "done") return again;
        ({ etag } = again.value);
        return done({});
      },
    });
  }

  async function read() {
    const answer = await api.call("get-config-settings");
    if (answer.kind !== "done") return answer;
    const { revision: _revision, ...body } = answer.value.body as Entry;
    return done({ text: stringify(body, { lineWidth: 0 }), etag: answer.value.etag });
  }

  function parsed(text: string): Outcome<Entry> {
    try {
      const value: unknown = parse(text, { maxAliasCount: 100, prettyErrors: false });
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return usage("This holds no settings.");
      return done(value as Entry);
    } catch (problem) {
      return usage(`This is no YAML: ${(problem as Error).message}`);
    }
  }

  async function put(
    text: string,
    query: Record<string, string>,
    ifMatch?: string,
  ): Promise<Outcome<Applied>> {
    const body = parsed(text);
    if (body.kind !== "done") return body;
    const answer = await api.call("put-config-settings", { body: body.value, query, ifMatch });
    return answer.kind === "done" ? done(answer.value.body as Applied) : answer;
  }

  async function edit(): Promise<void> {
    const found = await read();
    if (found.kind !== "done") return desk.say({ text: found.text, tone: "bad" });
    await desk.edit({
      title: "Settings",
      file: "settings.yaml",
      ...found.value,
      command: commandLine("config", "apply", "settings.yaml"),
      reread: read,
      async review(text) {
        const plan = await put(text, { dryRun: "true" });
        if (plan.kind !== "done") return plan;
        const { differences } = plan.value;
        return done([
          ...faultLines(plan.value),
          ...(differences.length === 0
            ? [line(" The server sees no difference.", "dim")]
            : shown(differences)),
        ]);
      },
      async save(text, etag) {
        const answer = await put(text, {}, etag);
        if (answer.kind !== "done") return answer;
        return done(`The settings are saved; this is revision ${answer.value.revision}.`);
      },
    });
  }

  return createList(
    {
      title: "Settings",
      columns: [
        { title: "REVISION", width: 8, align: "right" },
        { title: "AT (UTC)", width: 19 },
        { title: "BY", width: 16, grow: 1 },
        { title: "WHAT", width: 24, grow: 4 },
      ],
      empty: "There is no history.",
      search: "here",
      command: () => commandLine("config", "history"),
      acts: () => [{ key: "e", label: "edit the settings", run: edit }],
      load,
    },
    desk,
  );
}
