/** Clients: the relying parties of the settings in the original's shape, changed as one revision of the settings. */
import { isDeepStrictEqual } from "node:util";
import type { ClientSettings, Fault, Settings, SettingsDocument } from "../../../core/settings.ts";
import * as contract from "../contract/clients.ts";
import { type Client, client as clientShape } from "../contract/clients.ts";
import { type Actor, type Handler, handle, lost, notFound, refuse, refuseFaults } from "./call.ts";
import { laidOver, ownPath, viewOf } from "./client-names.ts";
import { etagOfView } from "./etag.ts";
import { type Cursors, isRefusal, type Listing, pageOf } from "./lists.ts";
import { isFaults, patched } from "./patch.ts";
import { type Rights, strongerClient } from "./rights.ts";

export interface ClientDeps {
  readonly rights: Rights;
  readonly settings: Settings;
  readonly cursors: Cursors;
  /** Every scope a client may be given. */
  readonly scopes: readonly string[];
  /** A client secret nobody can guess. */
  readonly newSecret: () => string;
}

const THING = "openid connect client";
const listing: Listing<ClientSettings> = {
  name: "clients",
  fields: {
    inum: ({ client_id }) => client_id,
    clientName: ({ client_name }) => client_name,
    displayName: ({ client_name }) => client_name,
    description: ({ description }) => description,
    applicationType: ({ application_type }) => application_type,
    tokenEndpointAuthMethod: (client) => viewOf(client).tokenEndpointAuthMethod,
    trustedClient: ({ trusted }) => trusted,
    disabled: ({ disabled }) => disabled,
  },
};

export function clientHandlers({
  settings,
  cursors,
  scopes,
  newSecret,
  rights,
}: ClientDeps): readonly Handler[] {
  const find = ({ clients }: SettingsDocument, id: string) =>
    clients.find(({ client_id }) => client_id === id);
  const known = () => ({
    scopes,
    acrs: settings.document().scripts.flatMap(({ name, aliases }) => [name, ...aliases]),
  });
  const shown = (client: ClientSettings) => {
    const body = viewOf(client);
    return { body, etag: etagOfView(body) };
  };
  const faulty = (faults: readonly Fault[]) =>
    refuseFaults(faults.map((fault) => ({ ...fault, path: ownPath(fault.path) })));

  /** Changes one client, or takes it away where `make` answers undefined. */
  async function change(
    id: string,
    { actor, ifMatch }: { readonly actor: Actor; readonly ifMatch: string | undefined },
    make: (client: ClientSettings) => ClientSettings | readonly Fault[] | undefined,
  ) {
    const before = find(settings.document(), id);
    if (before === undefined) return notFound(THING);
    const planned = make(before);
    let gone = false;
    let stronger: string | undefined;
    const result = await settings.change({
      change: (document): SettingsDocument | readonly Fault[] | "lost" => {
        const client = find(document, id);
        gone = client === undefined;
        if (client === undefined) return document;
        if (ifMatch !== undefined && ifMatch !== etagOfView(viewOf(client))) return "lost";
        const made = make(client);
        if (isFaults(made)) return made;
        const clients = document.clients.flatMap((one) => (one.client_id === id ? (made ?? []) : one));
        const next = { ...document, clients };
        stronger = strongerClient(actor, document, next);
        return stronger === undefined ? next : document;
      },
      by: actor.label,
      address: actor.address,
      what: `client ${id}: ${isFaults(planned) ? "" : namesOf(before, planned).join(", ") || "no change"}`,
    });
    if (gone) return notFound(THING);
    if (stronger !== undefined) return rights.overClient(actor, stronger);
    if (result.kind === "lost") return lost();
    if (result.kind === "faulty") return faulty(result.faults);
    const after = find(result.document, id);
    return after === undefined ? { body: undefined } : shown(after);
  }

  const over = (sent: Client) => (client: ClientSettings) => {
    const laid = laidOver(client, sent, known());
    return "faults" in laid ? laid.faults : laid.client;
  };

  return [
    handle(contract.getClients, async ({ query }) => {
      const result = pageOf(listing, settings.document().clients, query, cursors);
      return isRefusal(result) ? result : { body: { ...result.facts, entries: result.page.map(viewOf) } };
    }),
    handle(contract.getClient, async ({ params }) => {
      const client = find(settings.document(), params.inum);
      return client === undefined ? notFound(THING) : shown(client);
    }),
    handle(contract.putClient, async (call) => {
      const { inum } = call.body;
      if (inum == null || inum === "")
        return refuse(400, "inum", "inum: is missing; it says which client is meant");
      return change(inum, call, over(call.body)) as Promise<ReturnType<typeof shown>>;
    }),
    handle(
      contract.patchClient,
      async (call) =>
        change(call.params.inum, call, (client) => {
          const view = viewOf(client);
          const sent = patched(view, call.body, clientShape);
          return isFaults(sent) ? sent : over(withRemoved(view, sent))(client);
        }) as Promise<ReturnType<typeof shown>>,
    ),
    handle(
      contract.deleteClient,
      async (call) => change(call.params.inum, call, () => undefined) as Promise<{ body: undefined }>,
    ),
    handle(contract.postClient, async ({ body, actor }) => {
      const id = body.inum == null || body.inum === "" ? crypto.randomUUID() : body.inum;
      const method = body.tokenEndpointAuthMethod?.toLowerCase() || "client_secret_basic";
      const generated =
        method.startsWith("client_secret") && (body.clientSecret ?? "") === "" ? newSecret() : undefined;
      const blank: ClientSettings = { ...BLANK, client_id: id };
      const laid = laidOver(
        blank,
        {
          ...body,
          tokenEndpointAuthMethod: method,
          ...(generated === undefined ? {} : { clientSecret: generated }),
        },
        known(),
      );
      if ("faults" in laid) return faulty(laid.faults);
      let taken = false;
      let stronger: string | undefined;
      const result = await settings.change({
        change: (document) => {
          taken = find(document, id) !== undefined;
          const next = { ...document, clients: [...document.clients, laid.client] };
          stronger = strongerClient(actor, document, next);
          return taken || stronger !== undefined ? document : next;
        },
        by: actor.label,
        address: actor.address,
        what: `client ${id}: added${laid.client.trusted ? ", trustedClient" : ""}`,
      });
      if (stronger !== undefined) return rights.overClient(actor, stronger);
      if (taken) return refuse(409, "inum", `there is a client ${id} already`);
      if (result.kind === "faulty") return faulty(result.faults);
      if (result.kind === "lost") return lost();
      const { body: view, etag } = shown(find(result.document, id) ?? laid.client);
      // Said this once: whoever loses it sets another one.
      return { body: generated === undefined ? view : { ...view, clientSecret: generated }, etag };
    }),
  ];
}

/** A client of which nothing has been said yet. */
export const BLANK: Omit<ClientSettings, "client_id"> = {
  application_type: "web",
  redirect_uris: [],
  post_logout_redirect_uris: [],
  id_token_signed_response_alg: "RS256",
  default_acr_values: [],
  require_pushed_authorization_requests: false,
  pkce: "required",
  trusted: false,
  disabled: false,
};

/** What a patch has taken out of the view is to be taken away, and not left as it is. */
function withRemoved(view: Client, sent: Client): Client {
  const empty = (value: unknown): unknown =>
    Array.isArray(value)
      ? []
      : typeof value === "boolean"
        ? false
        : typeof value === "object" && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, empty(inner)]))
          : "";
  const gone = (["attributes", ...Object.keys(view)] as (keyof Client)[]).filter(
    (name) => view[name] != null && sent[name] == null && !/^(dn|baseDn|inum|clientSecretIsSet)$/.test(name),
  );
  const inner = Object.keys(view.attributes ?? {}).filter(
    (name) => (sent.attributes as Record<string, unknown> | null | undefined)?.[name] == null,
  );
  const attributes = {
    ...sent.attributes,
    ...Object.fromEntries(
      inner.map((name) => [name, empty((view.attributes as Record<string, unknown>)[name])]),
    ),
  };
  return {
    ...sent,
    ...Object.fromEntries(gone.map((name) => [name, empty(view[name])])),
    attributes,
    ...("clientSecret" in sent ? {} : { clientSecret: "" }),
  };
}

/** What has changed, by the names an administrator knows; never a value. */
function namesOf(old: ClientSettings, next: ClientSettings | undefined): readonly string[] {
  if (next === undefined) return ["deleted"];
  const flat = (client: ClientSettings) => {
    const { attributes, ...view } = viewOf(client);
    return { ...view, ...attributes } as Record<string, unknown>;
  };
  const [before, after] = [flat(old), flat(next)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) =>
      !/^(displayName|clientSecretIsSet)$/.test(name) && !isDeepStrictEqual(before[name], after[name]),
  );
  return [...names, ...(old.client_secret === next.client_secret ? [] : ["clientSecret"])];
}
