/**
 * The four floors (docs: the architecture page, §2) as rules. Run by scripts/floors.ts, which also refuses to be green
 * about too few modules; test/floors/planted.test.ts plants a violation of every rule and expects red.
 */
const FLOORS = "^src/(core|kits|plugins|surfaces)/";
const ROOMS_THAT_SEE_ALL = "^src/(main|compose|catalog)([.]ts$|/)";
/** Type declarations are development dependencies by nature and leave nothing behind at run time. */
const TYPES = "(^|/)node_modules/@types/";

const only = (library, where) => ({
  name: `only-one-room-knows-${library}`,
  comment: `${library} is wrapped in one place.`,
  severity: "error",
  from: { path: "^src/", pathNot: where },
  to: { path: `(^|/)node_modules/(@types/)?${library}/` },
});

export default {
  forbidden: [
    {
      name: "core-imports-node-and-zod-only",
      severity: "error",
      from: { path: "^src/core/" },
      to: { pathNot: ["^src/core/", "(^|/)node_modules/zod/"], dependencyTypesNot: ["core"] },
    },
    {
      name: "kits-know-core-and-themselves",
      severity: "error",
      from: { path: "^src/kits/([^/]+)" },
      to: { path: "^src/", pathNot: ["^src/core/", "^src/kits/$1"] },
    },
    {
      name: "plugins-are-strangers",
      severity: "error",
      from: { path: "^src/plugins/([^/]+/[^/]+)" },
      to: { path: "^src/", pathNot: ["^src/(core|kits)/", "^src/plugins/$1"] },
    },
    {
      name: "surfaces-are-strangers",
      severity: "error",
      from: { path: "^src/surfaces/([^/]+)" },
      to: { path: "^src/", pathNot: ["^src/(core|kits)/", "^src/surfaces/$1"] },
    },
    {
      name: "admin-tools-use-the-client-only",
      severity: "error",
      from: { path: "^src/surfaces/admin/(cli|tui)/" },
      to: { path: "^src/surfaces/admin/", pathNot: "^src/surfaces/admin/(client|contract|$1)[./]" },
    },
    {
      name: "simulator-over-http-only",
      severity: "error",
      from: { path: "^src/surfaces/", pathNot: "^src/surfaces/dev/simulator/" },
      to: { path: "^src/surfaces/dev/simulator/" },
    },
    {
      name: "only-the-wiring-sees-all",
      severity: "error",
      from: { path: "^src/", pathNot: [FLOORS, ROOMS_THAT_SEE_ALL] },
      to: { path: "^src/(plugins|surfaces|compose|catalog|main)([.]ts$|/)" },
    },
    {
      name: "codes-are-derived-in-core-codes-only",
      comment: "Who cannot derive a code cannot compare one past the counters.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/core/code" },
      to: { path: "^src/core/code-derive[.]ts$" },
    },
    only("libphonenumber-js", "^src/kits/phone/"),
    only("oidc-provider", "^src/surfaces/oidc/"),
    only("twilio", "^src/plugins/sms/twilio/"),
    only("liquidjs", "^src/kits/web/"),
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: "[.]d[.]ts$" },
      to: {},
    },
    {
      name: "src-has-no-development-dependencies",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], pathNot: TYPES },
    },
    {
      name: "src-imports-nothing-outside",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|scripts|examples|bin|dist)/" },
    },
    { name: "imports-resolve", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".json", ".d.ts"],
    },
  },
};
