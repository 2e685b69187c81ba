/** What a browser is called in the list of sessions: in our words, whatever it says of itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agentOf } from "../../src/surfaces/oidc/agent.ts";

const LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";

test("a browser is called by its own name, also where it shows nobody a window", () => {
  for (const [header, words] of [
    [`${LINUX} Chrome/141.0.0.0 Safari/537.36`, "Chrome on Linux"],
    [`${LINUX} HeadlessChrome/141.0.0.0 Safari/537.36`, "Chrome on Linux"],
    [`${LINUX} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`, "Edge on Linux"],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
      "Safari on macOS",
    ],
    ["curl/8.5.0", ""],
    [undefined, ""],
  ] as const)
    assert.equal(agentOf(header), words);
});
