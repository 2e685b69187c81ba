/** A loopback port for a server that has to know its own before it listens. */
import { createServer } from "node:net";

/**
 * Below what Linux hands out by itself (32768 and up): of a port asked of the system and given back, another test's
 * connection may have become the owner by the time our server listens. Above what browsers refuse (10080).
 */
const LOWEST = 12_000;
const HIGHEST = 32_767;
/** Each test process walks through ports of its own, so that two that look at the same moment never find the same one. */
const EACH = 64;
let next = LOWEST + ((process.pid * EACH) % (HIGHEST - LOWEST - EACH));

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < HIGHEST - LOWEST; tries += 1) {
    const port = next;
    next = next < HIGHEST ? next + 1 : LOWEST;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
