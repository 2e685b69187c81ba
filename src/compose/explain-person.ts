/** What an explanation says of a person beside their factors: whether a remembered device spares them the code. */
import type { User } from "../core/directory.ts";
import type { Mechanism } from "../core/mechanism.ts";
import { mayStandIn, REMEMBERED_ACR } from "../core/remembered-settings.ts";
import type { ClientSettings, Snapshot } from "../core/settings.ts";
import { type Reason, say } from "./explain-words.ts";
import type { Parts } from "./parts.ts";

const ALWAYS = "every sign-in asks for all of it";

/** Of a request for this acr as a wish; nothing where no device is ever remembered. */
export async function deviceReasons(
  { remembered }: Pick<Parts, "remembered">,
  { rememberedDevices: policy }: Snapshot,
  client: ClientSettings,
  mechanism: Mechanism,
  user: User | undefined,
): Promise<readonly Reason[]> {
  if (policy.ask === "every-login" || mechanism.requires.length < 2) return [];
  const { client_id, allowed_acr_values: allowed } = client;
  const asked = { acr: mechanism.acr, client: client_id, essential: false, allowed };
  if (!mayStandIn(policy, asked))
    return [
      say(
        "ok",
        "device",
        `No remembered device stands in here, for ${
          policy.acrs.includes(mechanism.acr)
            ? `of what ${client_id} is`
            : `rememberedDevices.acrs does not name ${mechanism.acr}`
        }: ${ALWAYS}.`,
      ),
    ];
  if (user === undefined) return [];
  if (user.roles.length > 0)
    return [
      say("ok", "device", `${user.username} has a role: no device of theirs is remembered, ${ALWAYS}.`),
    ];
  const devices = await remembered.list(user.id);
  const where = policy.ask === "unknown-place" ? ", in a country in which a code was shown on it" : "";
  return [
    say(
      "ok",
      "device",
      `Remembered devices of ${user.username}: ${devices.length}. In each the password is enough for ${policy.days} days${where}, and the token says ${REMEMBERED_ACR}.`,
    ),
  ];
}
