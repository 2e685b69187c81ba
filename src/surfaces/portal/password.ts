/** A new password. It ends every other session, keeps this one, and is told by every other way. */
import { Secret } from "../../core/secret.ts";
import type { Frame } from "./frame.ts";
import { endOthers } from "./other-sessions.ts";
import type { PortalDeps } from "./portal.ts";

const URL = "/account/password";
/** Characters; longer input is refused before any hashing (P15). */
const LONGEST = 4096;

export function mountPassword(frame: Frame, deps: PortalDeps): void {
  const { directory, sessions, audit, notices, now } = deps;

  frame.look(URL, async (asked) => {
    if (directory.write === undefined) return frame.told(asked, "read-only");
    if (!(await frame.isSure(asked, URL))) return asked.reply;
    return frame.show(asked, "account-password", { least: deps.leastLength() });
  });

  frame.take(URL, async (asked) => {
    const { here, form, address, locale } = asked;
    const { write } = directory;
    if (write === undefined) return frame.told(asked, "read-only");
    if (!(await frame.isSure(asked, URL))) return asked.reply;
    const { password = "", repeat } = form;
    if (password === "" || password !== repeat) return frame.goOn(asked, URL, "recover.differ");
    if (password.length > LONGEST) return frame.goOn(asked, URL, "password.too-long");
    const { subject } = here;
    await audit.append({ kind: "password-changed", at: now(), subject, address });
    const done = await write.setPassword(subject, new Secret(password), here.user.version);
    if (done.kind === "password-refused") return frame.goOn(asked, URL, "recover.refused", { why: done.why });
    if (done.kind !== "done") return frame.goOn(asked, URL, "account.failed.meanwhile");
    await endOthers(sessions, here, "password-changed");
    await notices.send(subject, { kind: "password-changed", locale });
    return frame.goOn(asked, "/account", "account.done.password");
  });
}
