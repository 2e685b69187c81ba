/** The storage as tests make it: what readers share throws at whoever tries to change it, and is what the row says. */
import assert from "node:assert/strict";
import { createStorage as create, type StorageDeps } from "../../src/core/storage.ts";

/** Freezes a value that is shared, all through, and holds it against what is stored. */
export function onShared(value: unknown, text: string): void {
  assert.deepEqual(common(value), JSON.parse(text), "what is shared is not what another process would read");
  freeze(value);
}

/** An object without a prototype is to its readers as any other. */
function common(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(common);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, common(inner)]));
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  for (const inner of Object.values(value)) freeze(inner);
  Object.freeze(value);
}

export const createStorage = (deps: StorageDeps) => create({ onShared, ...deps });
