/** The properties of a webhook gateway, checked whole; no message repeats a value. */
import { z } from "zod";
import { Secret } from "../../../core/secret.ts";

export interface WebhookConfig {
  readonly url: URL;
  readonly secret: Secret;
  readonly calls: boolean;
}

const property = (description: string) => z.string("must be a text").optional().describe(description);

const properties = z.strictObject({
  url: property("Where messages are posted to: an https URL with a public address"),
  secret: property("Key of the signature, shared with the receiver: at least 32 characters"),
  calls: property("yes: the receiver can call as well; no"),
});

/** What is never shown again once it is set. */
export const SECRETS: readonly string[] = ["secret"];
/** Where the secret's signatures and the messages are sent. */
export const TARGETS: readonly string[] = ["url"];
/** What each property is, by its name. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(properties.shape).map(([name, { description = "" }]) => [name, description]),
);

function urlFault(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return "is missing; it says where messages are posted to";
  if (!URL.canParse(text)) return "must be a URL such as https://sms.example.org/send";
  const { protocol, username, password, hash } = new URL(text);
  if (protocol !== "https:") return "must begin with https://, for it is sent codes and numbers";
  if (username !== "" || password !== "") return "must not contain a user name or password";
  return hash === "" ? undefined : "must not have a fragment";
}

/** The gateway's zod schema: properties in, WebhookConfig out. An empty text is a property that is not set. */
export const webhookSchema = properties
  .superRefine(({ url, secret = "", calls = "" }, context) => {
    const complain = (name: string, message: string) =>
      context.addIssue({ code: "custom", path: [name], message });
    const fault = urlFault(url);
    if (fault !== undefined) complain("url", fault);
    if (secret === "") complain("secret", "is missing; the receiver knows our messages by it");
    else if (secret.length < 32) complain("secret", "must have at least 32 characters");
    if (!["", "yes", "no"].includes(calls)) complain("calls", "must be yes or no");
  })
  .transform(
    ({ url = "https://localhost", secret = "", calls }): WebhookConfig => ({
      url: new URL(url),
      secret: new Secret(secret),
      calls: calls === "yes",
    }),
  );
