/** The list of what can be plugged in. A new store, gateway, factor or directory is a folder and a line here. */

import { fido2, otp, recoveryCode, simplePasswordAuth, twilioSms } from "./compose/built-in.ts";
import { ldapDirectory } from "./plugins/directories/ldap/directory.ts";
import { sqlDirectory } from "./plugins/directories/sql/directory.ts";
import { twilioGateway } from "./plugins/sms/twilio/gateway.ts";
import { webhookGateway } from "./plugins/sms/webhook/gateway.ts";
import { sqlStore } from "./plugins/stores/sql/store.ts";

export const catalog = {
  stores: { sqlite: sqlStore, postgres: sqlStore },
  directories: { sql: sqlDirectory, ldap: ldapDirectory },
  gateways: { twilio: twilioGateway, webhook: webhookGateway },
  /** Kinds of factor that come with the product; a script's own has another name. */
  factorKinds: ["password", "sms", "totp", "passkey", "recovery-code"],
  /** Mechanisms, and the gateway that a script's properties configure. */
  scripts: [
    { script: simplePasswordAuth, gateway: undefined },
    { script: twilioSms, gateway: twilioGateway },
    { script: otp, gateway: undefined },
    { script: fido2, gateway: undefined },
    { script: recoveryCode, gateway: undefined },
  ],
} as const;
