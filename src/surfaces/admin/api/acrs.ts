/** The default acr. The document's own file writes it between backticks and with a space; that is understood. */
import { closest } from "fastest-levenshtein";
import type { Fault, Settings, SettingsDocument } from "../../../core/settings.ts";
import { getAcrs, putAcrs } from "../contract/scripts.ts";
import { type Handler, handle, lost, refuse, refuseFaults } from "./call.ts";
import { etagOfView } from "./etag.ts";

export function acrHandlers({ settings }: { readonly settings: Settings }): readonly Handler[] {
  const shown = (defaultAcr: string) => ({ body: { defaultAcr }, etag: etagOfView(defaultAcr) });

  return [
    handle(getAcrs, async () => shown(settings.document().defaultAcr)),
    handle(putAcrs, async ({ body, actor, ifMatch }) => {
      const wanted = body.defaultAcr.replace(/[\s`'"]/g, "");
      const enabledAs = ({ scripts }: SettingsDocument) =>
        scripts.find(({ enabled, name, aliases }) => enabled && (name === wanted || aliases.includes(wanted)))
          ?.name;
      let unknown = false;
      const result = await settings.change({
        change: (document): SettingsDocument | readonly Fault[] | "lost" => {
          if (ifMatch !== undefined && ifMatch !== etagOfView(document.defaultAcr)) return "lost";
          const name = enabledAs(document);
          unknown = name === undefined;
          return name === undefined
            ? [{ path: "defaultAcr", message: "is not enabled" }]
            : { ...document, defaultAcr: name };
        },
        by: actor.label,
        address: actor.address,
        what: `default acr: ${wanted.slice(0, 60)}`,
      });
      if (unknown) {
        const { scripts } = settings.document();
        const known = scripts.filter(({ enabled }) => enabled).map(({ name }) => name);
        const there = scripts.find(({ name }) => name === wanted);
        const hint =
          there === undefined
            ? `did you mean ${closest(wanted, known)}?`
            : `enable it first, or choose ${known.join(", ")}`;
        return refuse(
          400,
          "INVALID_ACR",
          `Authentication script ${wanted.slice(0, 60)} is not active; ${hint}`,
        );
      }
      if (result.kind === "lost") return lost();
      if (result.kind === "faulty") return refuseFaults(result.faults);
      return shown(result.document.defaultAcr);
    }),
  ];
}
