/** Confirms the code of `sallyport login` in a browser at a demo, with both factors. */
import assert from "node:assert/strict";
import { createVisitor, textOf } from "./visitor.ts";

interface Message {
  readonly to: string;
  readonly body: string;
}

/** What the phone simulator has been sent. */
export const messages = async (origin: string): Promise<readonly Message[]> =>
  (await (await fetch(`${origin}/dev/phone/messages`)).json()) as readonly Message[];

/** The code of the last message to this number, behind the first so many. */
export async function lastCode(origin: string, to: string, after: number): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const found = (await messages(origin)).slice(after).findLast((one) => one.to === to);
    if (found !== undefined) return /#(\d{6})$/.exec(found.body)?.[1] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no code came");
}

export const confirmAsRoot = (origin: string, code: string): Promise<void> =>
  confirmAs(origin, code, "root", "+12025550199");

/** As somebody with the demo's password and this phone. */
export async function confirmAs(
  origin: string,
  code: string,
  username: string,
  phone: string,
): Promise<void> {
  const visitor = createVisitor({ origin });
  const typed = await visitor.submit(await visitor.get("/device?again=1"), { user_code: code });
  const login = await visitor.submit(typed, {});
  const before = (await messages(origin)).length;
  const codePage = await visitor.submit(login, { username, password: "two doors, one open" });
  const done = await visitor.submit(codePage, { code: await lastCode(origin, phone, before) });
  assert.match(textOf(done.body), /Your device is connected/);
}
