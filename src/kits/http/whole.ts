/**
 * kits/http: one exchange over node:http(s) as a whole: one time limit over all of it, a largest answer, nothing tried
 * twice. Called by gateways. What goes wrong comes back as `failure` makes it, of a code alone: no URL, no header, no body.
 */
import type { ClientRequest, IncomingHttpHeaders } from "node:http";

export interface WholeAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

export interface WholeOptions {
  readonly timeoutMs: number;
  /** Characters of an answer. */
  readonly largest: number;
  /** The code of an exchange that took longer. */
  readonly overdue: string;
  readonly failure: (code: string) => Error;
}

/** Sends the request with this body, and answers when the last of the answer is there. */
export function whole(
  req: ClientRequest,
  body: string | undefined,
  { timeoutMs, largest, overdue, failure }: WholeOptions,
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => req.destroy(failure(overdue)), timeoutMs);
    const fail = (problem: unknown) => {
      clearTimeout(timer);
      reject(failure((problem as { code?: string }).code ?? "ECONNRESET"));
    };
    req.on("error", fail);
    req.on("response", (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("data", (part: string) => {
        text += part;
        if (text.length > largest) req.destroy(failure("EMSGSIZE"));
      });
      res.on("error", fail);
      res.on("end", () => {
        clearTimeout(timer);
        resolve({ status: res.statusCode ?? 0, text, headers: res.headers });
      });
    });
    req.end(body);
  });
}
