/** Whose act it is, as every event of this factor says it. */
import type { Login } from "../../../core/mechanism.ts";
import type { EpochMs, Json } from "../../../core/words.ts";

export const whoOf = ({ id, subject, client, visitor }: Login<Json>, at: EpochMs) => ({
  at,
  subject,
  login: id,
  client: client.id,
  address: visitor.address,
});
