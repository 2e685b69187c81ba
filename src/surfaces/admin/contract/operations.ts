/** Every operation of the admin API. A new one is declared in the file of its resource and listed here. */
import { bootstrapOperations } from "./bootstrap.ts";
import type { Operation } from "./operation.ts";
import { scriptOperations } from "./scripts.ts";

export const operations: readonly Operation[] = [...scriptOperations, ...bootstrapOperations];
