/**
 * Tokens, codes and grants of a client that is disabled or gone are as if they had never been, and those from before it
 * was are so for good, also when it is back. Laid over the engine's storage, so that no endpoint can forget to look.
 */
import type { Adapter } from "oidc-provider";
import type { Snapshot } from "../../core/settings.ts";

type Found = Awaited<ReturnType<Adapter["find"]>>;

/** The adapters, answering only what belongs to clients as they are in this revision. */
export function withoutEnded(
  create: (model: string) => Adapter,
  { clients, ended }: Pick<Snapshot, "clients" | "ended">,
): (model: string) => Adapter {
  const served = new Set(clients.filter(({ disabled }) => !disabled).map(({ client_id }) => client_id));
  const until = new Map(Object.entries(ended));
  const living = (found: Found): Found => {
    const client = found?.clientId;
    if (found === undefined || found === null || typeof client !== "string") return found;
    const over = !served.has(client) || (found.iat ?? 0) < (until.get(client) ?? 0);
    return over ? undefined : found;
  };
  return (model) => {
    const adapter = create(model);
    return {
      ...adapter,
      find: async (id) => living(await adapter.find(id)),
      findByUid: async (uid) => living(await adapter.findByUid(uid)),
      findByUserCode: async (code) => living(await adapter.findByUserCode(code)),
    };
  };
}
