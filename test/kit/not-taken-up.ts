/**
 * A login that is proven and that the engine has not taken up: the store refuses what the engine writes at its end, as
 * if the process had died there. What the person's browser asks for next leads to the URL at which the engine resumes.
 */
import assert from "node:assert/strict";
import { aroundCommits } from "./around-commits.ts";
import type { TestServer } from "./server.ts";
import type { Seen, TestVisitor } from "./visitor.ts";

/** Types the code on this page, is answered by a breakage, and looks again: the path that the browser is sent to. */
export async function notTakenUp(
  server: Pick<TestServer, "parts">,
  visitor: TestVisitor,
  page: Seen,
  code: string,
): Promise<string> {
  const restore = aroundCommits(server, (writes) => {
    if (writes.some(({ kind }) => kind === "oidc.Session")) throw new Error("the process dies here");
  });
  try {
    assert.equal((await visitor.submit(page, { code })).status, 500);
  } finally {
    restore();
  }
  const looked = await visitor.hop(page.url.href);
  assert.equal(looked.status, 303);
  const { pathname } = new URL(String(looked.headers.location), page.url);
  assert.match(pathname, /^\/authorize\/[\w-]+$/, "proven, and not gone on");
  return pathname;
}
