/** The thread of crypt-thread.ts: bcrypt and sha-crypt, which only exist as JavaScript and would hold the event loop. */
import { parentPort } from "node:worker_threads";
import bcrypt from "bcryptjs";
import { encrypt } from "unixcrypt";

const port = parentPort;
port?.on("message", ({ id, password, hash }: { id: number; password: string; hash: string }) => {
  let right = false;
  try {
    // Also for a password that is too long for bcrypt: the work is the same, and the answer is no (P03).
    if (hash.startsWith("$2")) right = bcrypt.compareSync(password, hash) && !bcrypt.truncates(password);
    else right = encrypt(password, hash.slice(0, hash.lastIndexOf("$"))) === hash;
  } catch {
    // A hash that the library cannot read is nobody's password.
  }
  port.postMessage({ id, right });
});
