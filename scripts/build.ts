/** `npm run build`: src/ to JavaScript in dist/, from nothing, for the package (Node strips no types in node_modules). */
import { copyFileSync, globSync, rmSync } from "node:fs";
import path from "node:path";
import { root, runNode } from "./run.ts";

rmSync(path.join(root, "dist"), { recursive: true, force: true });
process.exitCode = await runNode(["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);

// Administrators are shown the source of a mechanism, and it is what was written, not what came out of the compiler.
for (const file of globSync("src/plugins/mechanisms/*.ts", { cwd: root }))
  copyFileSync(path.join(root, file), path.join(root, file.replace(/^src/, "dist")));
