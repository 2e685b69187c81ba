/** The thread of crypt-thread.ts: bcrypt, sha-crypt and md5-crypt, which only exist as JavaScript and would hold the event loop. */
import { parentPort } from "node:worker_threads";
import bcrypt from "bcryptjs";
import { encrypt } from "unixcrypt";
import { md5Crypt } from "./md5-crypt.ts";

const port = parentPort;
port?.on("message", ({ id, password, hash }: { id: number; password: string; hash: string }) => {
  let right = false;
  try {
    // Also for a password that is too long for bcrypt: the work is the same, and the answer is no (P03).
    if (hash.startsWith("$2")) right = bcrypt.compareSync(password, hash) && !bcrypt.truncates(password);
    else if (hash.startsWith("$1$")) right = md5Crypt(password, hash.split("$")[2] ?? "") === hash;
    else right = encrypt(password, hash.slice(0, hash.lastIndexOf("$"))) === hash;
  } catch {
    // A hash that the library cannot read is nobody's password.
  }
  port.postMessage({ id, right });
});
