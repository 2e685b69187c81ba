/** Mounts the pages of `/account`. Forms only: what another site can send as text or JSON is no form of ours. */
import type { FastifyInstance } from "fastify";
import { mountActivity } from "./activity.ts";
import { mountApplications } from "./applications.ts";
import { mountEntry } from "./entry.ts";
import { mountFactors } from "./factors.ts";
import { createFrame } from "./frame.ts";
import { createDeskFrame, DESK_FRESH, mountDesk } from "./help-desk.ts";
import { createAnswering, mountDeskActs } from "./help-desk-acts.ts";
import { mountDeskApprovals } from "./help-desk-approvals.ts";
import { mountPassword } from "./password.ts";
import type { PortalDeps } from "./portal.ts";
import { mountPreferences } from "./preferences.ts";
import { mountSessions } from "./sessions-page.ts";
import { mountTwoStep } from "./two-step.ts";
import { mountUndo } from "./undo-page.ts";

export async function mountPortal(
  app: FastifyInstance,
  deps: PortalDeps & { readonly own: string },
): Promise<void> {
  await app.register(async (scope) => {
    scope.removeContentTypeParser(["application/json", "text/plain"]);
    const frame = createFrame(scope, deps);
    mountEntry(scope, frame, deps, mountFactors(frame, deps));
    mountPassword(frame, deps);
    mountSessions(frame, deps);
    mountApplications(frame, deps);
    mountActivity(frame, deps);
    mountPreferences(frame, deps);
    mountTwoStep(frame, deps);
    mountUndo(scope, frame, deps);
    // Whoever acts on others shows it anew after five minutes, however patient the pages for oneself are.
    const policy = () => ({ ...deps.policy(), freshFor: Math.min(deps.policy().freshFor, DESK_FRESH) });
    const strict = createFrame(scope, { ...deps, policy });
    const within = createDeskFrame(strict, deps);
    const answering = createAnswering(strict, deps);
    mountDesk(strict, within, deps);
    mountDeskActs(strict, within, deps, answering);
    mountDeskApprovals(strict, within, deps, answering);
  });
}
