/** INTERIM stand-in until the real previews land. */
import type { Page } from "../../core/pages.ts";

export const previewStates = (): readonly { readonly name: string; readonly page: Page }[] => [
  { name: "logged-out", page: { page: "logged-out", facts: { brand: "Sallyport", appName: "" } } },
];
