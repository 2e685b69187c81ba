/** Every operation of the admin API. A new one is declared in the file of its resource and listed here. */
import { clientOperations } from "./clients.ts";
import { loggingOperations } from "./logging.ts";
import type { Operation } from "./operation.ts";
import { scriptOperations } from "./scripts.ts";
import { settingsOperations } from "./settings.ts";

export const operations: readonly Operation[] = [
  ...scriptOperations,
  ...clientOperations,
  ...loggingOperations,
  ...settingsOperations,
];
