/** What every part of doctor is given to look at. */
import type { BootConfig } from "../../config.ts";
import type { SettingsDocument } from "../../core/settings.ts";
import type { Phones } from "../../kits/phone/phones.ts";
import type { Parts } from "../parts.ts";

/** `parts`: where there is a store that this user may open. `up`: a server of this configuration answers on this host. */
export interface Looked {
  readonly config: BootConfig;
  readonly document: SettingsDocument;
  readonly parts: Parts | undefined;
  readonly phones: Phones;
  readonly now: number;
  readonly up: boolean;
}
