/** Whoever has forgotten a password, at a server with a mail server beside it. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { startMailbox } from "./mailbox.ts";
import { GRACE, startServer, type TestServer } from "./server.ts";
import type { Seen, TestVisitor } from "./visitor.ts";

export const NEXT = "seven quiet harbours at dawn";
const hashCost = { memory: 256, passes: 1, lanes: 1 };

/** A server where forgotten passwords are on, and grace's address is verified. */
export async function startForgetful(settings: Record<string, unknown> = {}) {
  const { mailbox, smtp } = await startMailbox();
  const server = await startServer({
    config: { smtp },
    pace: 0.1,
    hashCost,
    settings: { passwords: { forgotten: true }, ...settings },
  });
  const set = async (name: string, claims: Record<string, string | boolean>) => {
    const user = (await server.parts.directory.find(name)) ?? assert.fail();
    await server.parts.directory.write?.setClaims(user.id, { ...user.claims, ...claims });
    return user.id;
  };
  await set("grace", { email: "grace@example.org", email_verified: true });
  const letters = () => mailbox.letters().filter(({ subject }) => /new password|Passwort/i.test(subject));
  return {
    server,
    set,
    letters,
    /** The `nth` letter of this kind. */
    async letter(nth: number) {
      for (let tries = 0; tries < 200; tries += 1) {
        const found = letters()[nth - 1];
        if (found !== undefined) return found;
        await pause(50);
      }
      throw new Error(`no letter number ${nth}`);
    },
    /** What came of the wishes, once there are so many events. */
    async results(count: number) {
      for (let tries = 0; tries < 200; tries += 1) {
        const found = await server.parts.audit.query({ kind: "password-forgotten", limit: 100 });
        if (found.length >= count) return found.map(({ facts }) => facts?.result);
        await pause(50);
      }
      throw new Error("the wishes are not dealt with");
    },
  };
}

/** Types a name; answers the page that says what happens next. */
export const forgets = async (visitor: TestVisitor, username: string): Promise<Seen> =>
  visitor.submit(await visitor.get("/forgotten"), { username });

export const linkOf = ({ text }: { readonly text: string }): string =>
  /(https?:\/\/\S+\/forgotten\/link\?t=[\w=-]+)/.exec(text.replace(/=\r?\n/g, ""))?.[1] ?? assert.fail(text);

/** From the link to the page of the new password, by grace's phone. */
export async function toNewPassword(server: TestServer, visitor: TestVisitor, link: string): Promise<Seen> {
  const before = (await server.simulator.messages()).length;
  const code = await visitor.submit(await visitor.get(link), {});
  assert.match(code.body, /name="code"/, code.body.slice(0, 2000));
  return visitor.submit(code, { code: await server.simulator.codeAfter(before, GRACE) });
}
