/** A mail server on loopback, and what `smtp` in the configuration has to say to reach it. Closed when the test file ends. */
import { after } from "node:test";
import { createMailbox } from "../../src/surfaces/dev/mailbox.ts";

export async function startMailbox() {
  const mailbox = createMailbox({ now: Date.now });
  after(() => mailbox.close());
  const smtp = {
    ...(await mailbox.listen()),
    security: "none",
    username: undefined,
    password: undefined,
    from: "Sign-in <login@example.test>",
  } as const;
  return { mailbox, smtp };
}
