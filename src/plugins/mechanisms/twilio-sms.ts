/**
 * The mechanism `twilio_sms`: a password, then a one-time code that Twilio brings to the person's phone. This very file
 * is what an administrator sees as the script's source. It names no account: the properties of the script's entry go
 * to the gateway, and the code never passes through here.
 */
import { type BuiltInScript, composeMechanism } from "../../core/mechanism.ts";

export const twilioSms: BuiltInScript = {
  acr: "twilio_sms",
  inum: "6122281b-b55d-4dd0-8115-b098eeeee2b7",
  alsoKnownAs: ["09A0-93D6"],
  description: "Twilio SMS authentication module",
  level: 40,
  properties: [
    { value1: "twilio_sid", hide: false, description: "Twilio account SID" },
    { value1: "twilio_token", hide: true, description: "Twilio API token" },
    { value1: "from_number", hide: false, description: "Twilio phone number with SMS capabilities" },
  ],
  file: new URL(import.meta.url),
  // A person who has no phone yet binds one after the password; the gate asks for both proofs in any case.
  create: ({ level, aliases }) =>
    composeMechanism({ acr: "twilio_sms", level, aliases, requires: ["password", "sms"] }),
};
