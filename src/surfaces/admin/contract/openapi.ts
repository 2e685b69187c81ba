/** The OpenAPI 3.1 document of the admin API. */
import { openApi as documentOf } from "../../../kits/web/openapi.ts";
import type { Operation } from "./operation.ts";
import { adminScopes } from "./scopes.ts";
import { named } from "./shapes.ts";

const WAITS = { schema: "Approval", why: "Not done: it waits for a second administrator" };

/** `server`: where the API is reached, the issuer and `/jans-config-api`. */
export const openApi = (operations: readonly Operation[], server: string, version: string) =>
  documentOf(
    operations.map((one) => (one.mayWait === true ? { ...one, waits: WAITS } : one)),
    {
      title: "Sallyport Config API",
      description: "Scripts, acrs, people, clients, sessions and settings of a Sallyport server.",
      version,
      server,
      scopes: adminScopes,
      named,
      error: "ApiError",
    },
  );
