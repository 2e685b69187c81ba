/**
 * kits/mail: letters over SMTP (RFC 5321), with nodemailer. Opened by compose from the boot configuration, called for
 * notices. It keeps no queue: whoever has something to say keeps it until it was said. Nothing it is told is logged.
 */

import type { Transporter } from "nodemailer";
import { z } from "zod";
import type { Mail } from "../../core/mail.ts";
import { isLoopback } from "../../core/network.ts";
import type { Secret } from "../../core/secret.ts";

export interface SmtpConfig {
  readonly host: string;
  readonly port: number;
  /** `starttls` refuses a server that does not offer it; `none` is for a relay on this machine. */
  readonly security: "starttls" | "tls" | "none";
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly from: string;
}

const PATIENCE = 10_000;

/** What the boot file says of it; the password is a secret there, and comes separately. */
export const smtpSchema = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).optional(),
  security: z.enum(["starttls", "tls", "none"]).default("starttls"),
  username: z.string().optional(),
  from: z.string().regex(/^[^\r\n]*@[^\s]+$/, "must be an address such as login@example.org"),
});

const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

/** The mail server as the file describes it; says a fault where letters would leave this machine in the clear. */
export function smtpOf(
  { host, port, security, username, from }: z.infer<typeof smtpSchema>,
  password: Secret | undefined,
  fault: (text: string) => void,
): SmtpConfig {
  if (security === "none" && !isLoopback(host))
    fault("smtp.security: none is for a relay on this machine; use starttls or tls");
  if ((username === undefined) !== (password === undefined))
    fault("smtp: username and password are given both or neither");
  return { host, port: port ?? PORTS[security], security, username, password, from };
}

/** Opens nothing until the first letter. */
export function createSmtp(config: SmtpConfig): Mail {
  let transport: Promise<Transporter> | undefined;
  const { host, port, security, username, password, from } = config;

  async function open(): Promise<Transporter> {
    const { createTransport } = await import("nodemailer");
    return createTransport({
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      connectionTimeout: PATIENCE,
      greetingTimeout: PATIENCE,
      socketTimeout: PATIENCE,
      // A letter is made of what we say alone: no file of this host and no URL can be drawn into it.
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(username === undefined || password === undefined
        ? {}
        : { auth: { user: username, pass: password.reveal() } }),
    });
  }

  return {
    async send({ to, subject, text }) {
      transport ??= open();
      try {
        // As an object, so that no comma or bracket in an address makes two of it.
        await (await transport).sendMail({ from, to: { name: "", address: to }, subject, text });
        return "sent";
      } catch (problem) {
        const { responseCode = 0, code } = problem as { responseCode?: number; code?: string };
        return responseCode >= 500 && code !== "EAUTH" ? "refused" : "later";
      }
    },
  };
}
