/** Declares one suite per engine, each with an open store of its own that is closed and removed afterwards. */
import { after, before, describe } from "node:test";
import type { SqlStore } from "../../src/plugins/stores/sql/store.ts";
import { engines, type Place } from "./stores.ts";

/** `name` is completed by the engine's. `store` and `place` answer once a test runs. */
export function overEngines(
  name: string,
  declare: (tools: { readonly store: () => SqlStore; readonly place: () => Place }) => void,
): void {
  for (const engine of engines)
    describe(`${name} on ${engine.name}`, { skip: engine.skip }, () => {
      let place: Place | undefined;
      let store: SqlStore | undefined;
      before(async () => {
        place = await engine.place();
        store = await place.open();
      });
      after(async () => {
        await store?.close();
        place?.remove();
      });
      declare({ store: () => store as SqlStore, place: () => place as Place });
    });
}
