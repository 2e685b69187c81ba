/** A provider that takes every message and never answers, until it is told to: what a crash in the middle of a send needs. */
import { createServer, type ServerResponse } from "node:http";
import { after } from "node:test";

export interface SilentProvider {
  readonly url: string;
  /** Texts of all messages so far, oldest first. */
  readonly texts: readonly string[];
  /** From now on messages are confirmed, and those that wait too. */
  confirm(): void;
}

/** Starts one on a free loopback port. */
export async function startSilentProvider(): Promise<SilentProvider> {
  const texts: string[] = [];
  const waiting = new Set<ServerResponse>();
  let silent = true;
  const confirm = (res: ServerResponse) =>
    res
      .writeHead(201, { "content-type": "application/json" })
      .end(JSON.stringify({ sid: `SM${"0".repeat(32)}`, status: "queued" }));
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on("data", (part: Buffer) => parts.push(part));
    req.on("end", () => {
      texts.push(new URLSearchParams(Buffer.concat(parts).toString("utf8")).get("Body") ?? "");
      if (silent) waiting.add(res);
      else confirm(res);
    });
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    texts,
    confirm() {
      silent = false;
      for (const res of waiting) confirm(res);
    },
  };
}
