import { memoryStore } from "../../src/plugins/stores/memory/store.ts";
import { engines } from "../kit/stores.ts";
import { recordStoreContract } from "./record-store.ts";

recordStoreContract("memory", () => memoryStore.open({ type: "memory" }, {}));

for (const engine of engines)
  recordStoreContract(
    engine.name,
    async () => {
      const place = await engine.place();
      const store = await place.open();
      const close = async () => {
        await store.close();
        place.remove();
      };
      return { records: store.records, close };
    },
    engine.skip,
  );
