/** The tutorial's examples of messages, as they are printed there: each can be sent, and nothing is left out. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { textFaults } from "../../src/compose/message-texts.ts";
import { isSubject, MESSAGE_PURPOSES, valuesOf } from "../../src/core/message-texts.ts";
import { settingsSchema } from "../../src/core/settings.ts";
import { faultsOfTexts } from "../../src/kits/web/messages-check.ts";

const tutorial = readFileSync(new URL("../../docs/tutorials/messages.md", import.meta.url), "utf8");
const block = (start: string): string =>
  new RegExp(`^\`\`\`${start}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(tutorial)?.[1] ?? "";

test("the texts of the tutorial can be sent", () => {
  const settings = settingsSchema.parse({
    acrs: { enabled: ["twilio_sms"], default: "twilio_sms" },
    countries: "all",
    ...parse(block("yaml")),
  });
  assert.equal(Object.keys(settings.texts).length + Object.keys(settings.clients[0]?.texts ?? {}).length, 2);
  assert.deepEqual(textFaults(settings), []);
  const own = JSON.parse(block("json my-pages/messages/fi\\.json")) as Record<string, string>;
  assert.deepEqual(faultsOfTexts(new Map(Object.entries(own)), "fi"), []);
});

const PURPOSES_OF_TEXTS = MESSAGE_PURPOSES.filter((purpose) => !isSubject(purpose));

test("the tutorial names every purpose and every value", () => {
  const rows = [...tutorial.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, purpose]) => purpose);
  assert.deepEqual(
    rows,
    [...PURPOSES_OF_TEXTS, ...MESSAGE_PURPOSES.filter(isSubject)],
    "each once, in order",
  );
  for (const value of valuesOf("sign-in"))
    assert.match(tutorial, new RegExp(`^\\| \`\\{${value}\\}\` `, "m"));
});
