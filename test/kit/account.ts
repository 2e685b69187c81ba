/** People at the account pages, without JavaScript. */
import assert from "node:assert/strict";
import type { Authenticator } from "../../src/core/authenticators.ts";
import { GRACE, type TestServer, twoSteps } from "./server.ts";
import { type Seen, type TestVisitor, textOf } from "./visitor.ts";

export const SECOND = "+447911123456";

/** Somebody signed in to `/account` with both steps. */
export async function atAccount(
  server: TestServer,
  username = "grace",
  phone = GRACE,
): Promise<{ visitor: TestVisitor; page: Seen }> {
  const visitor = server.visitor();
  const page = await twoSteps(server, visitor, await visitor.get("/account"), username, phone);
  assert.equal(page.url.pathname, "/account", textOf(page.body).slice(0, 300));
  return { visitor, page };
}

/** The form whose action begins so, sent as the page has it and with these fields. */
export function send(
  visitor: TestVisitor,
  page: Seen,
  path: string,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  return visitor.send("POST", path, { csrf: csrfOf(page), ...fields }, headers);
}

/** The token of a page's forms. */
export const csrfOf = (page: Seen): string =>
  /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? assert.fail(`no form at ${page.url.pathname}`);

/** Binds one more phone, as if long ago. */
export async function secondPhone(
  server: TestServer,
  username = "grace",
  boundBy = "demo",
  number = SECOND,
): Promise<Authenticator> {
  const { authenticators, directory, phoneKey, now } = server.parts;
  const user = (await directory.find(username)) ?? assert.fail(username);
  return authenticators.bind({
    subject: user.id,
    kind: "sms",
    key: phoneKey(number),
    data: { number, country: "GB", verifiedAt: now() },
    boundBy,
  });
}

/** Masked numbers of the person's phones. */
export async function numbersOf(server: TestServer, username = "grace"): Promise<readonly string[]> {
  const { authenticators, directory } = server.parts;
  const user = (await directory.find(username)) ?? assert.fail(username);
  const phones = await authenticators.list(user.id, "sms");
  return phones.map(({ data }) => (data as { number: string }).number).sort();
}

/** What was texted to a number after the first `before` messages; waits for it. */
export async function toldAfter(
  server: TestServer,
  before: number,
  number: string,
  has: RegExp,
): Promise<string> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = (await server.simulator.messages())
      .slice(before)
      .find(({ to, body }) => to === number && has.test(body));
    if (found !== undefined) return found.body;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return assert.fail(`nothing like ${has} was sent to ${number}`);
}

export const linkIn = (text: string): string =>
  new URL(/https?:\/\/\S+\/account\/undo\/\S+/.exec(text)?.[0] ?? assert.fail(text)).pathname;
