/** `npm run build`: src/ to JavaScript in dist/, from nothing, for the package (Node strips no types in node_modules). */
import { rmSync } from "node:fs";
import path from "node:path";
import { root, runNode } from "./run.ts";

rmSync(path.join(root, "dist"), { recursive: true, force: true });
process.exitCode = await runNode(["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
