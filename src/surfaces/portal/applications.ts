/** Which applications may do what in a person's name, and taking it back. */
import type { Asked, Frame } from "./frame.ts";
import type { PortalDeps } from "./portal.ts";

const URL = "/account/applications";

export function mountApplications(frame: Frame, deps: PortalDeps & { readonly own: string }): void {
  const { grants } = deps;

  async function all(asked: Asked) {
    const clients = new Map(deps.snapshot().clients.map((client) => [client.client_id, client]));
    const found = (await grants.list(asked.here.subject)).filter(({ client }) => client !== deps.own);
    return found.map(({ client, scopes, since }) => ({
      id: encodeURIComponent(client),
      client,
      name: clients.get(client)?.client_name ?? client,
      since: frame.at(asked, since),
      scopes: [...scopes],
      isTrusted: clients.get(client)?.trusted === true,
    }));
  }
  const find = async (asked: Asked) =>
    (await all(asked)).find(({ client }) => client === asked.parameters.client);

  frame.look(URL, async (asked) =>
    frame.show(asked, "account-applications", {
      applications: (await all(asked)).map(({ client: _client, ...shown }) => shown),
    }),
  );
  frame.look(`${URL}/:client/revoke`, async (asked) => {
    const found = await find(asked);
    if (found === undefined) return frame.goOn(asked, URL, "account.failed.gone");
    return frame.show(asked, "account-ask", {
      act: "revoke",
      args: { what: found.name },
      action: `${URL}/${found.id}/revoke`,
      backUrl: URL,
      danger: true,
    });
  });
  frame.take(`${URL}/:client/revoke`, async (asked) => {
    const found = await find(asked);
    const done =
      found !== undefined && (await grants.revoke(asked.here.subject, found.client, asked.address));
    return frame.goOn(asked, URL, done ? "account.done.revoked" : "account.failed.gone");
  });
}
