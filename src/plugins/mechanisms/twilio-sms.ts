/**
 * The script of `twilio_sms`: a password, then a one-time code that Twilio brings to the person's phone. It names no
 * account: the properties of the script's entry go to the gateway, and the code never passes through here. A person who
 * has no phone yet binds one after the password; the gate asks for both proofs in any case.
 *
 * Where people's numbers stand in the directory already, name the attribute:
 *
 *   export const mechanism: MechanismScript = { requires: ["password", "sms"], phoneAttribute: "mobile" };
 */
import type { MechanismScript } from "../../core/mechanism.ts";

export const mechanism: MechanismScript = { requires: ["password", "sms"] };
