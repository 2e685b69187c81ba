/** People of the help desk at their pages, without JavaScript. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { DeskAct } from "../../src/core/help-desk-settings.ts";
import { Secret } from "../../src/core/secret.ts";
import { atAccount, secondPhone, send } from "./account.ts";
import { PASSWORD, type TestServer } from "./server.ts";
import type { Seen, TestVisitor } from "./visitor.ts";

export const DESK = "/account/help-desk";

/** An agent at a browser of their own. */
export interface AtDesk {
  readonly id: string;
  readonly visitor: TestVisitor;
  readonly page: Seen;
}

/** Six minutes by our clock; the protocol engine has its own, by which it has to be more than a second. */
export async function tooOld(server: TestServer): Promise<void> {
  await pause(2100);
  server.advance(6 * 60_000);
}

let numbers = 0;

/** Somebody with these roles and a phone, who is not signed in. */
export async function addAgent(server: TestServer, username: string, roles: readonly string[]) {
  const { directory } = server.parts;
  const added = await directory.write?.add({ username, password: new Secret(PASSWORD), roles });
  if (added?.kind !== "done") return assert.fail(username);
  numbers += 1;
  const phone = `+1202555${String(1000 + numbers)}`;
  await secondPhone(server, username, "demo", phone);
  return { id: added.user.id, phone };
}

/** Somebody with these roles, signed in with both steps at the help desk. */
export async function agentAt(
  server: TestServer,
  username: string,
  roles: readonly string[] = ["helpdesk"],
): Promise<AtDesk> {
  const { id, phone } = await addAgent(server, username, roles);
  const { visitor } = await atAccount(server, username, phone);
  return { id, visitor, page: await visitor.get(DESK) };
}

/** Looks for somebody. */
export const find = ({ visitor, page }: AtDesk, who: string, digits = ""): Promise<Seen> =>
  send(visitor, page, `${DESK}/find`, { who, digits });

export async function idOf(server: TestServer, username: string): Promise<string> {
  return (await server.parts.directory.find(username))?.id ?? assert.fail(username);
}

/** The settings want a second administrator for these. */
export async function takesTwo(server: TestServer, ...acts: readonly DeskAct[]): Promise<void> {
  const { settings } = server.parts;
  const done = await settings.change({
    change: (document) => ({
      ...document,
      helpDesk: { ...document.helpDesk, secondApproval: [...acts] },
    }),
    by: "test",
    what: "approval",
  });
  assert.notEqual(done.kind, "faulty");
}
