/**
 * The person's own switch for two steps, where the policy leaves it to them. It only ever adds a step: what an application
 * or a rule asks for stays asked for. On the overview, with what the policy demands of the person.
 */
import { rulesFor } from "../../core/factor-policy.ts";
import type { PageFacts } from "../../core/pages.ts";
import type { Asked, Frame } from "./frame.ts";
import { endOthers } from "./other-sessions.ts";
import type { PortalDeps } from "./portal.ts";

const URL = "/account/two-step";
type Facts = PageFacts<"account">;

/** What the overview says of the policy. */
export async function policyFacts(
  { demands, mechanisms, now }: Pick<PortalDeps, "demands" | "mechanisms" | "now">,
  frame: Pick<Frame, "at">,
  asked: Asked,
): Promise<Pick<Facts, "owed" | "twoStep">> {
  const { user } = asked.here;
  const owed = await demands.owed(user, mechanisms());
  const { enabled, least, held } = await demands.twoStep.readiness(user.id, mechanisms());
  const isOn = enabled && (await demands.twoStep.isOn(user.id));
  return {
    owed: owed.map(({ factor, due }) => ({ kind: factor, when: frame.at(asked, due), isDue: due <= now() })),
    twoStep: { state: !enabled ? "none" : isOn ? "on" : held < least ? "needs" : "off", least },
  };
}

export function mountTwoStep(frame: Frame, deps: PortalDeps): void {
  const { demands, mechanisms, audit, notices, sessions, snapshot, now } = deps;

  /** Whether the person may switch it so. */
  async function may({ here }: Asked, on: boolean): Promise<boolean> {
    const { enabled, least, held } = await demands.twoStep.readiness(here.subject, mechanisms());
    if (!enabled) return false;
    if (on) return held >= least;
    // Where a rule asks for factors, or the person has a role, it is not theirs to do without.
    const rules = rulesFor(snapshot().factorPolicy, here.user);
    return (
      here.user.roles.length === 0 && rules.every(({ must, least: all }) => must.length === 0 && all === 0)
    );
  }

  for (const on of [true, false]) {
    const name = on ? "on" : "off";
    const url = `${URL}/${name}`;
    frame.look(url, async (asked) => {
      if (!(await may(asked, on))) return frame.told(asked, "two-step");
      if (!(await frame.isSure(asked, url))) return asked.reply;
      return frame.show(asked, "account-ask", {
        act: `two-step-${name}`,
        args: {},
        action: url,
        backUrl: "/account",
        danger: !on,
      });
    });
    frame.take(url, async (asked) => {
      const { here, address, locale } = asked;
      const { subject } = here;
      if (!(await may(asked, on))) return frame.told(asked, "two-step");
      if (!(await frame.isSure(asked, url))) return asked.reply;
      await audit.append({
        kind: "user-changed",
        at: now(),
        subject,
        address,
        facts: { changed: [`two steps ${name}`], by: subject },
      });
      await demands.twoStep.set(subject, on);
      if (on) await endOthers(sessions, here, "two steps were switched on");
      else await notices.send(subject, { kind: "two-step-off", locale });
      return frame.goOn(asked, "/account", `account.done.two-step-${name}`);
    });
  }
}
