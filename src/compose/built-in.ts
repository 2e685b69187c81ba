/**
 * The mechanisms that come with the product, as an administrator finds them among the scripts. The file
 * that an entry names is its script, shown and changed like any other (compose/scripts.ts).
 */
import type { BuiltInScript } from "../core/mechanism.ts";
import * as fido from "../plugins/mechanisms/fido2.ts";
import * as oneTime from "../plugins/mechanisms/otp.ts";
import * as recovery from "../plugins/mechanisms/recovery-code.ts";
import * as simple from "../plugins/mechanisms/simple-password-auth.ts";
import * as twilio from "../plugins/mechanisms/twilio-sms.ts";

export const simplePasswordAuth: BuiltInScript = {
  acr: "simple_password_auth",
  inum: "A51E-76DA",
  description: "Username and password",
  level: 10,
  properties: [],
  file: new URL("../plugins/mechanisms/simple-password-auth.ts", import.meta.url),
  mechanism: simple.mechanism,
};

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
  file: new URL("../plugins/mechanisms/twilio-sms.ts", import.meta.url),
  mechanism: twilio.mechanism,
};

export const otp: BuiltInScript = {
  acr: "otp",
  inum: "5018-D4BF",
  description: "Password and the code of an authenticator app (TOTP)",
  level: 50,
  properties: [],
  file: new URL("../plugins/mechanisms/otp.ts", import.meta.url),
  mechanism: oneTime.mechanism,
};

export const fido2: BuiltInScript = {
  acr: "fido2",
  inum: "8BAF-80D7",
  description: "Passkey (WebAuthn) that checks its person",
  level: 70,
  properties: [],
  file: new URL("../plugins/mechanisms/fido2.ts", import.meta.url),
  mechanism: fido.mechanism,
};

/** No weaker than a code by text, and told under its own name: decision 0024. */
export const recoveryCode: BuiltInScript = {
  acr: "recovery_code",
  inum: "C0DE-0010",
  description: "Password and a recovery code on paper",
  level: 40,
  properties: [],
  file: new URL("../plugins/mechanisms/recovery-code.ts", import.meta.url),
  mechanism: recovery.mechanism,
};
