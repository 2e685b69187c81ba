import type { ZodType } from "zod";

/** One entry of the catalogue: a named type, the shape of its configuration, and how to open it. */
export interface Plugin<Part, Config, Deps> {
  readonly type: string;
  readonly schema: ZodType<Config>;
  open(config: Config, deps: Deps): Promise<Part>;
}
