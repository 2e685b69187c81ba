/**
 * `sallyport/contracts`: the suites that prove a mechanism, a factor or a gateway of somebody else's, run by node:test.
 * A gateway of ours passes the same suite.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ScriptPerson } from "../core/script.ts";
import { scriptChecks } from "../core/script-checks.ts";
import { callModule, describeModule, portsOver, type ScriptModule } from "../core/script-module.ts";

export { type GatewayUnderTest, type ProviderFailure, smsGatewayContract } from "./gateway-contract.ts";

/**
 * Declares the suite over a script's module: `import * as mine from "./mine.ts"; scriptContract("mine", mine)`.
 * `properties` are those of its entry, `person` is who is tried to sign in.
 */
export function scriptContract(
  name: string,
  module: object,
  options: {
    readonly properties?: Readonly<Record<string, string>>;
    readonly person?: ScriptPerson;
  } = {},
): void {
  describe(`Script: ${name}`, () => {
    const manifest = describeModule({ ...module });
    test("it exports what a script exports", () => {
      assert.equal(typeof manifest, "object", typeof manifest === "string" ? manifest : "");
    });
    if (typeof manifest === "string") return;
    const checks = scriptChecks({
      manifest,
      person: options.person,
      call: async (call, answer) =>
        structuredClone(
          await callModule(module as ScriptModule, call, portsOver(answer, options.properties ?? {})),
        ),
    });
    for (const { name: promise, run } of checks)
      test(promise, async () => assert.equal(await run(), undefined));
  });
}
