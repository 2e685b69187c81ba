/** Turns what went wrong into one sentence that says what to do. */

const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ESOCKETTIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|EPROTO|FETCH_ERROR)$/;
const DENIED = /^(EACCES|EPERM|EROFS)$/;

/** One sentence, no stack: `hasOld` says whether an older node_modules is still there. */
export function explain(problem, hasOld) {
  const kept = hasOld ? "; the packages installed before are untouched" : "";
  return `The packages were not installed: ${reason(problem)}${kept}.`;
}

function reason(problem) {
  const code = String(problem.code ?? "");
  if (problem.missing === "npm" && code === "ENOENT")
    return "npm was not found, so install it together with Node (nodejs.org)";
  if (UNREACHABLE.test(code)) {
    return `the npm registry cannot be reached (${code}), so connect to the network or set npm's proxy and run the same command again`;
  }
  if (DENIED.test(code))
    return `the project folder cannot be written to (${code}), so make it yours and run the same command again`;
  if (code === "EXDEV" || code === "EBUSY") {
    return `node_modules cannot be replaced because it is mounted from elsewhere (${code}), so unmount it or run npm ci by hand`;
  }
  if (code === "ENOSPC") return "the disk is full, so make room and run the same command again";
  if (code === "EUSAGE")
    return "package.json and package-lock.json do not agree, so run npm install and commit both";
  if (code === "EINTEGRITY")
    return "a downloaded package differs from its hash in package-lock.json, so do not trust the source it came from";
  if (code === "EJSONPARSE") return "package.json or package-lock.json is damaged, so restore it from git";
  if (code === "E401" || code === "E403")
    return `the npm registry refused access (${code}), so check the login in your .npmrc`;
  if (code === "E404" || code === "ETARGET")
    return `the npm registry does not have a package of package-lock.json (${code}), so check which registry npm uses`;
  if (code === "ENODE")
    return "the Node that came with them does not start on this system, so run the command with a Node 24.7 or newer of your own";
  return `${firstLine(problem)}, so see what npm ci says in a copy of the project`;
}

const firstLine = (problem) =>
  String(problem.message)
    .split("\n")
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, "").trim())
    .find((line) => line !== "") ?? "for an unknown reason";
