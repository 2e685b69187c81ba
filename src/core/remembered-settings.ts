/** Whether a browser may be remembered, so that it is asked for the password alone, and where that never holds. */
import { z } from "zod";
import { ACCOUNT_CLIENT, CLI_CLIENT } from "./access.ts";
import type { Acr } from "./words.ts";

/** What a sign-in is told as in which a remembered device has stood in for a factor. No mechanism may have this name. */
export const REMEMBERED_ACR = "remembered_device";

/** Bounds that no configuration may loosen: nobody is spared the code for longer than 90 days. */
export const rememberedSchema = z.strictObject({
  /**
   * When a code is asked for. `every-login`: nothing is remembered. `unknown-device`: where the browser brings no secret
   * of this person. `unknown-place`: there, and in a country in which no code was shown on it; a country nobody can tell
   * is unknown.
   */
  ask: z.enum(["every-login", "unknown-device", "unknown-place"]).default("every-login"),
  /** Days, counted from the last code that was shown on the device. */
  days: z.int().min(1).max(90).default(30),
  /** Acrs whose second factor a remembered device may stand in for; every other one forbids it. */
  acrs: z
    .array(z.string().min(2).max(60))
    .max(20)
    .default(["twilio_sms"])
    .refine(
      (acrs) => !acrs.includes(REMEMBERED_ACR),
      `${REMEMBERED_ACR} is what is told, and cannot be asked for`,
    ),
  /** By client_id: at these every sign-in asks. */
  exceptClients: z.array(z.string().min(1).max(128)).max(200).default([]),
  /** For each person; one more takes the place of the one that was used longest ago. */
  most: z.int().min(1).max(20).default(5),
});
export type RememberedSettings = z.infer<typeof rememberedSchema>;

export interface RememberingRequest {
  readonly acr: Acr;
  readonly client: string;
  /** The client takes this acr and no other. */
  readonly essential: boolean;
  /** `allowed_acr_values` of the client. */
  readonly allowed: readonly Acr[] | undefined;
}

/** Whether a remembered device may stand in, as far as acr and client go. */
export function mayStandIn(policy: RememberedSettings, asked: RememberingRequest): boolean {
  return (
    policy.ask !== "every-login" &&
    !asked.essential &&
    policy.acrs.includes(asked.acr) &&
    // The server's own pages and tools change what others rely on.
    ![ACCOUNT_CLIENT, CLI_CLIENT, ...policy.exceptClients].includes(asked.client) &&
    // A client that is held to certain acrs gets one of them, and this is none but where it is named.
    (asked.allowed === undefined || asked.allowed.includes(REMEMBERED_ACR))
  );
}
