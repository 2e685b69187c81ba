/** Remembered devices of a person, listed and forgotten. */
import type { Directory } from "../../../core/directory.ts";
import type { RememberedDevices } from "../../../core/remembered.ts";
import * as contract from "../contract/remembered.ts";
import { type Handler, handle, notFound } from "./call.ts";

export interface RememberedDeps {
  readonly directory: Pick<Directory, "get">;
  readonly remembered: RememberedDevices;
}

const time = (at: number): string => new Date(at).toISOString();

export function rememberedHandlers({ directory, remembered }: RememberedDeps): readonly Handler[] {
  return [
    handle(contract.getRememberedDevices, async ({ params }) => {
      if ((await directory.get(params.inum)) === undefined) return notFound("user");
      const all = await remembered.list(params.inum);
      return {
        body: all.map(({ id, agent, address, acr, shownAt, usedAt, until }) => ({
          id,
          agent,
          address,
          acr,
          shownAt: time(shownAt),
          ...(usedAt === undefined ? {} : { usedAt: time(usedAt) }),
          until: time(until),
        })),
      };
    }),
    handle(contract.deleteRememberedDevice, async ({ params: { inum, id }, query, actor }) => {
      if ((await directory.get(inum)) === undefined) return notFound("user");
      if (id === "all") {
        await remembered.endAll(inum, actor.label, query.reason);
        return { body: undefined };
      }
      const done = await remembered.end(inum, id, actor.label, query.reason);
      return done ? { body: undefined } : notFound("device");
    }),
  ];
}
