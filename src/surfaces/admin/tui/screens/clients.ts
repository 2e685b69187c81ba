/** Clients: applications and machines that may use this server. */
import { parse, stringify } from "yaml";
import { done, type Outcome, usage } from "../../client/trouble.ts";
import { type Entry, pageOf } from "../api.ts";
import type { Act, Desk, View } from "../desk.ts";
import { line } from "../lines.ts";
import { type Asked, createList, type Loaded } from "../list.ts";
import type { Row } from "../rows.ts";
import { clean, commandLine } from "../words.ts";

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");
/** Said by the server, and nothing that a person edits. */
const OURS = ["dn", "baseDn", "deletable", "clientIdIssuedAt", "clientSecretIsSet"];
const KINDS = ["confidential", "public", "machine"];

export function clients(desk: Desk): View {
  const { api } = desk;

  async function load({ search, cursor }: Asked): Promise<Outcome<Loaded>> {
    const query: Record<string, string> = search === "" ? {} : { pattern: search };
    const page = await pageOf(api, "get-oauth-openid-clients", { query }, cursor);
    if (page.kind !== "done") return page;
    return done({ ...page.value, rows: page.value.entries.map(rowOf) });
  }

  function rowOf(one: Entry): Row {
    const id = String(one.inum);
    const off = one.disabled === true;
    const shown = Object.entries(one).filter(
      ([name, value]) => !OURS.includes(name) && value !== null && value !== undefined && clean(value) !== "",
    );
    return {
      id,
      cells: [
        clean(id),
        clean(one.clientName),
        clean(one.tokenEndpointAuthMethod),
        off ? "disabled" : "enabled",
        clean(one.redirectUris),
      ],
      tone: off ? "dim" : undefined,
      facts: shown.map(
        ([name, value]) => [clean(name), clean(value), name === "inum" ? "strong" : undefined] as const,
      ),
      open: () =>
        desk.show(
          id,
          shown.flatMap(([name, value]) => [line(` ${clean(name)}`, "dim"), line(`   ${clean(value)}`)]),
        ),
      acts: actsOf(id, off),
    };
  }

  const actsOf = (id: string, off: boolean): readonly Act[] => [
    { key: "e", label: "edit", run: () => edit(id) },
    { key: "d", label: off ? "enable" : "disable", run: () => disable(id, off) },
    { key: "x", label: "remove", run: () => remove(id) },
  ];

  async function read(id: string) {
    const answer = await api.call("get-oauth-openid-clients-by-inum", { values: { inum: id } });
    if (answer.kind !== "done") return answer;
    const { body, etag } = answer.value;
    const kept = Object.entries(body as Entry).filter(([name]) => !OURS.includes(name));
    return done({ text: stringify(Object.fromEntries(kept), { lineWidth: 0 }), etag });
  }

  async function edit(id: string): Promise<void> {
    const found = await read(id);
    if (found.kind !== "done") return desk.say({ text: found.text, tone: "bad" });
    await desk.edit({
      title: `Client ${id}`,
      file: "client.yaml",
      ...found.value,
      command: commandLine("cli", "--operation-id", "put-oauth-openid-client", "--data", "FILE"),
      reread: () => read(id),
      async save(text, etag) {
        let body: unknown;
        try {
          body = parse(text, { maxAliasCount: 100, prettyErrors: false });
        } catch (problem) {
          return usage(`This is no YAML: ${(problem as Error).message}`);
        }
        const answer = await api.call("put-oauth-openid-client", {
          body: { ...(body as Entry), inum: id },
          ifMatch: etag,
        });
        return answer.kind === "done" ? done(`Changed ${id}.`) : answer;
      },
    });
  }

  const disable = (id: string, off: boolean): void =>
    desk.ask({
      title: `${off ? "Enable" : "Disable"} ${id}`,
      about: [off ? `${id} may ask again.` : `Whatever ${id} asks is refused, and its tokens end for good.`],
      fields: [],
      verb: off ? "enable" : "disable",
      command: () =>
        commandLine(
          "cli",
          "--operation-id",
          "patch-oauth-openid-client-by-inum",
          "--url-suffix",
          `inum:${id}`,
          "--patch-replace",
          `disabled:${!off}`,
        ),
      async send() {
        const found = await api.call("get-oauth-openid-clients-by-inum", { values: { inum: id } });
        if (found.kind !== "done") return found;
        const answer = await api.call("patch-oauth-openid-client-by-inum", {
          values: { inum: id },
          body: [{ op: "add", path: "/disabled", value: !off }],
          ifMatch: found.value.etag,
        });
        return answer.kind === "done" ? done(`${id} is ${off ? "enabled" : "disabled"}.`) : answer;
      },
    });

  const remove = (id: string): void =>
    desk.ask({
      title: `Remove ${id}`,
      about: [`${id} goes, and its tokens end. The way back is a roll-back of the settings.`],
      fields: [],
      verb: "remove it",
      command: () => commandLine("client", "remove", id),
      async send() {
        const answer = await api.call("delete-oauth-openid-client-by-inum", { values: { inum: id } });
        return answer.kind === "done" ? done(`Removed ${id}; its tokens have ended.`) : answer;
      },
    });

  function add(): void {
    desk.ask({
      title: "Add a client",
      fields: [
        { name: "inum", label: "client_id", required: true },
        { name: "clientName", label: "Name", hint: "What people see on the consent page." },
        { name: "kind", label: "Kind", choices: KINDS, value: KINDS[0] },
        {
          name: "secret",
          label: "Secret",
          secret: true,
          hint: "32 characters or more; none for a public client.",
        },
        {
          name: "redirectUris",
          label: "Redirect URIs",
          hint: "With spaces between them; none for a machine.",
        },
        {
          name: "scopes",
          label: "Scopes",
          hint: "With spaces between them; empty: all that tell of a person.",
        },
      ],
      verb: "add",
      command: ({ inum, clientName, kind, redirectUris = "", scopes = "" }) =>
        commandLine(
          "client",
          "add",
          inum === "" ? "ID" : inum,
          ["--name", clientName],
          ...words(redirectUris).map((uri) => ["--redirect-uri", uri]),
          ...words(scopes).map((scope) => ["--scope", scope]),
          ...(kind === "public" ? ["--public"] : ["--secret-file", "FILE"]),
          ...(kind === "machine" ? ["--machine"] : []),
        ),
      async send({ inum, clientName = "", kind, secret = "", redirectUris = "", scopes = "" }) {
        if (kind !== "public" && secret === "")
          return usage("Secret is missing; only a public client has none.");
        const answer = await api.call("post-oauth-openid-client", {
          body: {
            inum,
            ...(clientName === "" ? {} : { clientName }),
            ...(kind === "public" ? { tokenEndpointAuthMethod: "none" } : { clientSecret: secret }),
            ...(kind === "machine" ? { grantTypes: ["client_credentials"] } : {}),
            ...(redirectUris === "" ? {} : { redirectUris: words(redirectUris) }),
            ...(scopes === "" ? {} : { scopes: words(scopes) }),
          },
        });
        return answer.kind === "done" ? done(`Added ${inum}.`) : answer;
      },
    });
  }

  return createList(
    {
      title: "Clients",
      columns: [
        { title: "CLIENT", width: 16, grow: 1 },
        { title: "NAME", width: 16, grow: 1 },
        { title: "SIGNS IN WITH", width: 19 },
        { title: "STATE", width: 8 },
        { title: "REDIRECT URIS", width: 24, grow: 2 },
      ],
      empty: "There are no clients; a adds one.",
      search: { hint: "a part of client_id or name; Enter looks" },
      command: () => commandLine("client", "list"),
      acts: () => [{ key: "a", label: "add", run: add }],
      load,
    },
    desk,
  );
}
