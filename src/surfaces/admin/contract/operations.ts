/** Every operation of the admin API. A new one is declared in the file of its resource and listed here. */
import { approvalOperations } from "./approvals.ts";
import { auditOperations } from "./audit.ts";
import { authenticatorOperations } from "./authenticators.ts";
import { bootstrapOperations } from "./bootstrap.ts";
import { clientOperations } from "./clients.ts";
import { explainOperations } from "./explain.ts";
import { loggingOperations } from "./logging.ts";
import { loginOperations } from "./logins.ts";
import { logOperations } from "./logs.ts";
import type { Operation } from "./operation.ts";
import { overviewOperations } from "./overview.ts";
import { passwordOperations } from "./passwords.ts";
import { phoneOperations } from "./phones.ts";
import { rememberedOperations } from "./remembered.ts";
import { scriptOperations } from "./scripts.ts";
import { sessionOperations } from "./sessions.ts";
import { settingsOperations } from "./settings.ts";
import { settingsHistoryOperations } from "./settings-history.ts";
import { smsOperations } from "./sms.ts";
import { userOperations } from "./users.ts";

export const operations: readonly Operation[] = [
  ...scriptOperations,
  ...userOperations,
  ...passwordOperations,
  ...phoneOperations,
  ...authenticatorOperations,
  ...approvalOperations,
  ...rememberedOperations,
  ...sessionOperations,
  ...loginOperations,
  ...auditOperations,
  ...bootstrapOperations,
  ...clientOperations,
  ...loggingOperations,
  ...settingsOperations,
  ...settingsHistoryOperations,
  ...overviewOperations,
  ...logOperations,
  ...explainOperations,
  ...smsOperations,
];
