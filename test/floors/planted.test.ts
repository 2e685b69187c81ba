/** The floor check can be red: a violation of every rule is planted in a copy of the project and has to be named. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cruise, type Files } from "./cruise.ts";

interface Planted {
  readonly rule: string;
  readonly file: string;
  readonly imports: string;
  readonly target?: string;
}

const PLANTED: readonly Planted[] = [
  { rule: "core-imports-node-and-zod-only", file: "src/core/bad-npm.ts", imports: "yaml" },
  {
    rule: "core-imports-node-and-zod-only",
    file: "src/core/bad-kit.ts",
    imports: "../kits/planted/tool.ts",
    target: "src/kits/planted/tool.ts",
  },
  {
    rule: "kits-know-core-and-themselves",
    file: "src/kits/planted/bad-plugin.ts",
    imports: "../../plugins/factors/planted/other.ts",
    target: "src/plugins/factors/planted/other.ts",
  },
  {
    rule: "kits-know-core-and-themselves",
    file: "src/kits/planted/bad-kit.ts",
    imports: "../stranger/tool.ts",
    target: "src/kits/stranger/tool.ts",
  },
  {
    rule: "plugins-are-strangers",
    file: "src/plugins/factors/planted/bad-sibling.ts",
    imports: "../stranger/other.ts",
    target: "src/plugins/factors/stranger/other.ts",
  },
  {
    rule: "plugins-are-strangers",
    file: "src/plugins/sms/planted/bad-surface.ts",
    imports: "../../../surfaces/planted/room.ts",
    target: "src/surfaces/planted/room.ts",
  },
  {
    rule: "surfaces-are-strangers",
    file: "src/surfaces/planted/bad-sibling.ts",
    imports: "../stranger/room.ts",
    target: "src/surfaces/stranger/room.ts",
  },
  {
    rule: "surfaces-are-strangers",
    file: "src/surfaces/planted/bad-wiring.ts",
    imports: "../../compose/planted.ts",
    target: "src/compose/planted.ts",
  },
  {
    rule: "admin-tools-use-the-client-only",
    file: "src/surfaces/admin/cli/bad-api.ts",
    imports: "../api/planted.ts",
    target: "src/surfaces/admin/api/planted.ts",
  },
  {
    rule: "simulator-over-http-only",
    file: "src/surfaces/dev/bad-simulator.ts",
    imports: "./simulator/planted.ts",
    target: "src/surfaces/dev/simulator/planted.ts",
  },
  {
    rule: "only-the-wiring-sees-all",
    file: "src/planted.ts",
    imports: "./surfaces/planted/room.ts",
    target: "src/surfaces/planted/room.ts",
  },
  {
    rule: "codes-are-derived-in-core-codes-only",
    file: "src/plugins/factors/planted/bad-derive.ts",
    imports: "../../../core/code-derive.ts",
  },
  {
    rule: "only-one-room-knows-libphonenumber-js",
    file: "src/core/bad-phone.ts",
    imports: "libphonenumber-js/max",
  },
  { rule: "only-one-room-knows-oidc-provider", file: "src/kits/web/bad-engine.ts", imports: "oidc-provider" },
  { rule: "only-one-room-knows-twilio", file: "src/surfaces/planted/bad-twilio.ts", imports: "twilio" },
  { rule: "only-one-room-knows-liquidjs", file: "src/surfaces/planted/bad-liquid.ts", imports: "liquidjs" },
  {
    rule: "src-has-no-development-dependencies",
    file: "src/kits/planted/bad-development.ts",
    imports: "fast-check",
  },
  {
    rule: "src-imports-nothing-outside",
    file: "src/kits/planted/bad-test.ts",
    imports: "../../../test/planted.ts",
    target: "test/planted.ts",
  },
  { rule: "imports-resolve", file: "src/kits/planted/bad-path.ts", imports: "./nowhere.ts" },
  {
    rule: "no-circles",
    file: "src/kits/planted/bad-circle.ts",
    imports: "./circle.ts",
  },
];

const FILES: Files = {
  ...Object.fromEntries(
    PLANTED.flatMap(({ target }) => (target ? [[target, "export const planted = 1;\n"]] : [])),
  ),
  ...Object.fromEntries(
    PLANTED.map(({ file, imports }) => [file, `import * as it from "${imports}";\nexport { it };\n`]),
  ),
  "src/kits/planted/circle.ts": `import { it } from "./bad-circle.ts";\nexport const again = it;\n`,
  "src/kits/planted/bad-orphan.ts": "export const alone = 1;\n",
};

test("each planted violation of a floor is found and named with its rule", (t) => {
  const { green, output } = cruise(t, FILES);
  assert.equal(green, false);
  for (const { rule, file } of PLANTED) {
    assert.ok(
      output.split("\n").some((line) => line.startsWith(`${rule}: ${file} → `)),
      `${rule} for ${file} in\n${output}`,
    );
  }
  assert.match(output, /^no-orphans: src\/kits\/planted\/bad-orphan\.ts$/m);
});

/** `count` modules in a row, each of them importing the one before. */
const chain = (count: number): Files =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [
      `src/core/link${n}.ts`,
      n === 0
        ? "export const link0 = 0;\n"
        : `export { link${n - 1} as link${n} } from "./link${n - 1}.ts";\n`,
    ]),
  );

test("a sound project is green, and one violation more makes it red", (t) => {
  const sound = cruise(t, chain(50), "own sources");
  assert.equal(sound.green, true, sound.output);
  const npm = {
    "src/core/link50.ts": `import yaml from "yaml";\nexport { link49 } from "./link49.ts";\nexport { yaml };\n`,
  };
  const unsound = cruise(t, { ...chain(50), ...npm }, "own sources");
  assert.equal(unsound.green, false);
  assert.match(unsound.output, /51 modules of src, 1 violations/);
});

test("a check that looked at fewer than 50 modules is red, whatever it found", (t) => {
  const { green, output } = cruise(t, chain(49), "own sources");
  assert.equal(green, false);
  assert.match(output, /49 modules of src, 0 violations\nFewer than 50 modules/);
});
