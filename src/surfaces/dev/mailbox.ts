/** The demo's mail server: takes every letter over real SMTP, on loopback, and keeps the last ones for `/dev/mail`. */
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { SMTPServer } from "smtp-server";
import type { Page } from "../../core/pages.ts";

export interface ReceivedLetter {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly at: string;
}

export interface Mailbox {
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  letters(): readonly ReceivedLetter[];
  close(): Promise<void>;
}

export function createMailbox({ now, keep = 100 }: { now: () => number; keep?: number }): Mailbox {
  const letters: ReceivedLetter[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    size: 1_000_000,
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        for (const { address } of rcptTo)
          letters.push({
            from,
            to: address,
            ...readLetter(Buffer.concat(parts).toString("utf8")),
            at: new Date(now()).toISOString(),
          });
        letters.splice(0, Math.max(0, letters.length - keep));
        done();
      });
    },
  });
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.on("error", reject);
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.server.address() as AddressInfo;
          resolve({ host: "127.0.0.1", port });
        });
      }),
    letters: () => letters,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Subject and text of a letter of one plain part. */
function readLetter(raw: string): { readonly subject: string; readonly text: string } {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const headers = head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
  const header = (name: string) =>
    headers
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? "";
  const body = rest.join("\r\n\r\n");
  const encoding = header("content-transfer-encoding").toLowerCase();
  const text =
    encoding === "base64"
      ? Buffer.from(body, "base64").toString("utf8")
      : encoding === "quoted-printable"
        ? unquoted(body.replace(/=\r\n/g, ""))
        : body;
  return { subject: decodedWords(header("subject")), text: text.trim() };
}

const unquoted = (text: string): string =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString("utf8");

const decodedWords = (text: string): string =>
  text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, word: string) =>
      how.toLowerCase() === "b"
        ? Buffer.from(word, "base64").toString("utf8")
        : unquoted(word.replaceAll("_", " ")),
    );

export function mountMailbox(
  app: FastifyInstance,
  { mailbox, brand, render }: { mailbox: Mailbox; brand: string; render: (page: Page) => Promise<string> },
): void {
  app.get("/dev/mail/messages", async (_request, reply) => reply.send(mailbox.letters()));
  app.get("/dev/mail", async (_request, reply) => {
    const messages = mailbox.letters().map(({ from, to, subject, text, at }) => ({
      kind: "text" as const,
      from,
      to,
      text: `${subject}\n\n${text}`,
      status: "",
      at,
    }));
    const page: Page = { page: "simulator", facts: { brand, appName: "", messages } };
    return reply.type("text/html; charset=utf-8").send(await render(page));
  });
}
