/** What an explanation says of a person beside the steps: whether a remembered device spares them the code, what the factor policy demands. */
import type { Demands } from "../core/demands.ts";
import type { User } from "../core/directory.ts";
import { preferredBy, rulesFor } from "../core/factor-policy.ts";
import type { Mechanism } from "../core/mechanism.ts";
import { mayStandIn, REMEMBERED_ACR } from "../core/remembered-settings.ts";
import type { ClientSettings, Snapshot } from "../core/settings.ts";
import { at, type Reason, say } from "./explain-words.ts";
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

/** What the factor policy does for a person; nothing where there is no rule and no switch. */
export async function policyReasons(
  demands: Demands,
  { factorPolicy: policy }: Snapshot,
  mechanisms: readonly Mechanism[],
  user: User | undefined,
  now: number,
): Promise<readonly Reason[]> {
  if (user === undefined) return [];
  const reasons: Reason[] = [];
  if (policy.rules.length > 0) {
    const names = rulesFor(policy, user).map(({ name }) => name);
    const owed = await demands.owed(user, mechanisms);
    const prefers = preferredBy(policy, user);
    const first = prefers === undefined ? "" : ` ${prefers} is asked for first where it lowers nothing.`;
    if (owed.length === 0)
      reasons.push(
        say(
          "ok",
          "policy",
          names.length === 0
            ? `No rule of factorPolicy is for ${user.username}.`
            : `${user.username} has what factorPolicy demands (${names.join(", ")}).${first}`,
        ),
      );
    for (const { factor, due, rule } of owed)
      reasons.push(
        say(
          "warning",
          "policy",
          due <= now
            ? `${user.username} lacks ${factor}, due since ${at(due)} (rule ${rule}): no sign-in ends before it is bound.${first}`
            : `${user.username} lacks ${factor}, due on ${at(due)} (rule ${rule}): they are told at sign-in and on their account page.${first}`,
          "They bind it at their next sign-in or at /account; where they cannot, sallyport user enrolment opens the way.",
        ),
      );
  }
  if (await demands.twoStep.isOn(user.id))
    reasons.push(
      say(
        "ok",
        "policy",
        `${user.username} has switched two steps on: a password alone never signs them in.`,
      ),
    );
  return reasons;
}
