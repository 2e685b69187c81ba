/**
 * What scripts say in the script log when they start and when they change: the lines that the original's document tells
 * an administrator to look for, and why not, when not.
 */
import type { GatewayLine } from "../core/gateway-line.ts";
import type { ScriptEntry, Settings } from "../core/settings.ts";
import type { Logger } from "../kits/log/log.ts";
import { scriptFaults } from "./judge.ts";

/** Scripts that send, by the name they have in the log. */
const SPEAKERS: readonly (readonly [acr: string, name: string])[] = [["twilio_sms", "Twilio SMS"]];

/** Half a sentence of why the entry offers nothing; undefined: it can start. */
function whyNot(entry: ScriptEntry): string | undefined {
  // What is missing counts as a fault where it is enabled; that it would is worth saying while it is not.
  const faults = scriptFaults({ ...entry, enabled: true }, "").map(
    ({ path, message }) => `${path.split(".").pop()} ${message.split(";")[0]}`,
  );
  const reasons = [...(entry.enabled ? [] : ["the script is disabled"]), ...faults];
  return !entry.enabled || faults.length > 0 ? reasons.join("; ") : undefined;
}

/** Says it now, and again at each change of an entry; resolves when it is said for now. `warm`: what makes the sender ready. */
export async function tellOfScripts(
  log: Logger,
  settings: Settings,
  { warm }: Pick<GatewayLine, "warm">,
): Promise<void> {
  const said = new Map<string, string>();

  async function tell(entry: ScriptEntry, name: string): Promise<void> {
    const facts = { acr: entry.name, revision: entry.revision };
    log.info(`${name}. Initialization`, facts);
    const reason = whyNot(entry);
    if (reason !== undefined) return log.warn(`${name}. Not initialized: ${reason}`, facts);
    try {
      await warm();
      log.info(`${name}. Initialized successfully`, facts);
    } catch {
      log.error(
        `${name}. Not initialized: its library could not be loaded; install the product again`,
        facts,
      );
    }
  }

  async function look(scripts: readonly ScriptEntry[]): Promise<void> {
    const news: Promise<void>[] = [];
    for (const [acr, name] of SPEAKERS) {
      const entry = scripts.find((one) => one.name === acr);
      const text = JSON.stringify(entry);
      if (entry === undefined || said.get(acr) === text) continue;
      said.set(acr, text);
      news.push(tell(entry, name));
    }
    await Promise.all(news);
  }

  settings.watch(({ scripts }) => void look(scripts));
  await look(settings.document().scripts);
}
