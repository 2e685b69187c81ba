import type { Price } from "./spend.ts";

/** Lines `PREFIX,SMS,CALL`, such as `+49,0.11,0.10`; what stands behind a # is for people. Faults are half sentences. */
export function parsePrices(text: string): {
  readonly prices: Readonly<Record<string, Price>>;
  readonly faults: readonly string[];
} {
  const prices: Record<string, Price> = {};
  const faults: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const plain = line.replace(/#.*/, "").trim();
    if (plain === "") continue;
    const [, prefix = "", sms, call] =
      /^(\+\d{0,10})\s*,\s*(\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?)$/.exec(plain) ?? [];
    if (prefix === "") faults.push(`line ${index + 1} must be PREFIX,SMS,CALL such as +49,0.11,0.10`);
    else prices[prefix] = { sms: Number(sms), call: Number(call) };
  }
  return { prices, faults };
}
