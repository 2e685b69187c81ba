/** The list of what can be plugged in. A new store, gateway, factor or directory is a folder and a line here. */

import { sqlDirectory } from "./plugins/directories/sql/directory.ts";
import { twilioGateway } from "./plugins/sms/twilio/gateway.ts";
import { sqlStore } from "./plugins/stores/sql/store.ts";

export const catalog = {
  stores: { sqlite: sqlStore, postgres: sqlStore },
  directories: { sql: sqlDirectory },
  gateways: { twilio: twilioGateway },
} as const;
