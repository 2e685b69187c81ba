/** Puts the admin API together: its handlers over the parts, and the tokens it takes. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { AccessTokens } from "../core/access.ts";
import { createApprovals } from "../core/approvals.ts";
import { createFailures, failuresKey } from "../core/code-failures.ts";
import type { HelpDesk } from "../core/help-desk.ts";
import type { DeskAct } from "../core/help-desk-settings.ts";
import type { Mechanism } from "../core/mechanism.ts";
import { randomName } from "../core/random.ts";
import { readTail } from "../kits/log/tail.ts";
import type { AllowedCountries } from "../kits/phone/phones.ts";
import { clientAddress, type TrustedPeers } from "../kits/web/address.ts";
import { acrHandlers } from "../surfaces/admin/api/acrs.ts";
import { approvalHandlers, behindApproval } from "../surfaces/admin/api/approvals.ts";
import { auditHandlers } from "../surfaces/admin/api/audit.ts";
import { authenticatorHandlers } from "../surfaces/admin/api/authenticators.ts";
import { bootstrapHandlers } from "../surfaces/admin/api/bootstrap.ts";
import { clientHandlers } from "../surfaces/admin/api/clients.ts";
import { enrolmentHandlers } from "../surfaces/admin/api/enrolments.ts";
import { type ExplainDeps, explainHandlers } from "../surfaces/admin/api/explain.ts";
import { createGuard } from "../surfaces/admin/api/guard.ts";
import { createCursors } from "../surfaces/admin/api/lists.ts";
import { loggingHandlers } from "../surfaces/admin/api/logging.ts";
import { loginHandlers } from "../surfaces/admin/api/logins.ts";
import { logHandlers } from "../surfaces/admin/api/logs.ts";
import { type AdminOptions, API_ROOT, mountAdmin } from "../surfaces/admin/api/mount.ts";
import { overviewHandlers } from "../surfaces/admin/api/overview.ts";
import { passwordHandlers } from "../surfaces/admin/api/passwords.ts";
import { createPersonPhones } from "../surfaces/admin/api/person-phones.ts";
import { phoneHandlers } from "../surfaces/admin/api/phones.ts";
import { rememberedHandlers } from "../surfaces/admin/api/remembered.ts";
import { createRights } from "../surfaces/admin/api/rights.ts";
import { mountScim } from "../surfaces/admin/api/scim/mount.ts";
import { scriptHandlers } from "../surfaces/admin/api/scripts.ts";
import { sessionHandlers } from "../surfaces/admin/api/sessions.ts";
import { settingsHandlers } from "../surfaces/admin/api/settings.ts";
import { settingsHistoryHandlers } from "../surfaces/admin/api/settings-history.ts";
import { smsHandlers } from "../surfaces/admin/api/sms.ts";
import { userHandlers } from "../surfaces/admin/api/users.ts";
import { adminScopes } from "../surfaces/admin/contract/scopes.ts";
import { enrolmentScopes } from "../surfaces/enrolment/contract.ts";
import { SCOPES } from "../surfaces/oidc/provider.ts";
import { createTrial } from "./dry-run.ts";
import { gatewayOf } from "./gateway.ts";
import { createHelpDesk, tellOfLoosening } from "./help-desk.ts";
import type { Overview } from "./overview.ts";
import { secondFactorAcrs } from "./own-client.ts";
import { claimNamed, type OwnScripts } from "./own-scripts.ts";
import type { Parts } from "./parts.ts";
import { builtInOf, shippedSource, sourceOf } from "./scripts.ts";

/** The API as the protocol surface knows it. */
export const ownApi = (issuer: URL) => ({ identifier: `${issuer.origin}${API_ROOT}`, scopes: adminScopes });

export interface AdminParts {
  readonly parts: Parts;
  readonly access: AccessTokens;
  readonly peers: TrustedPeers;
  readonly scripts: Pick<OwnScripts, "partsOf" | "examine" | "examined" | "readFile" | "errorOf">;
  readonly mechanisms: () => readonly Mechanism[];
  /** Of which a phone may be. */
  readonly countries: () => AllowedCountries;
  readonly overview: Overview;
  /** What would be asked and why. */
  readonly explain: ExplainDeps["explain"];
  readonly onProblem: (problem: unknown, facts: { method: string; path: string }) => void;
}

/** Answers the help desk of the pages, which goes by the same handlers. */
export async function composeAdmin(app: FastifyInstance, admin: AdminParts): Promise<HelpDesk> {
  const { parts, access, peers, mechanisms, onProblem } = admin;
  const { settings, sealer, directory, audit, bootstrap, now, config } = parts;
  const acrs = () => secondFactorAcrs(mechanisms());
  const cursors = createCursors(sealer.lookup);
  const rights = createRights(parts);
  const failures = createFailures(parts.storage, () => settings.document().limits, now);
  const standingOf = (subject: string, kind: string) =>
    failures.standing(kind === "sms" ? subject : failuresKey(kind, subject));
  const acts = [
    ...authenticatorHandlers({ ...parts, rights, standingOf }),
    ...phoneHandlers({ ...parts, rights, countries: admin.countries }),
    ...enrolmentHandlers({ ...parts, rights }),
    ...passwordHandlers({ ...parts, rights, issuer: config.issuer }),
  ];
  const twoHands = {
    ...parts,
    rights,
    approvals: createApprovals({ ...parts, newId: randomName }),
    policy: () => settings.document().helpDesk,
  };
  const catalogue = {
    builtInOf(name: string) {
      const found = builtInOf(name);
      if (found === undefined) return undefined;
      const { secrets = [], targets = [], descriptions = {} } = found.gateway ?? {};
      return { script: found.script, rules: { secrets, targets, descriptions } };
    },
    sourceOf,
    shippedOf(name: string) {
      const builtIn = builtInOf(name);
      return builtIn === undefined ? undefined : shippedSource(builtIn.script);
    },
    ...admin.scripts,
    gatewayRules: gatewayOf,
  };
  const helping = [
    ...behindApproval(acts, twoHands),
    ...approvalHandlers(acts, twoHands),
    ...sessionHandlers({ ...parts, cursors, rights }),
  ];
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const attributes = () => mechanisms().flatMap(({ phoneAttribute }) => phoneAttribute ?? []);
  const phones = createPersonPhones({ ...twoHands, attributes, claimNamed });
  const takesTwo = (act: DeskAct) => twoHands.policy().secondApproval.includes(act);
  const people = userHandlers({ ...parts, rights, cursors, phones, takesTwo });
  const guard = createGuard({ access, directory, bootstrap, audit, now, secondFactorAcrs: acrs });
  const addressOf: AdminOptions["addressOf"] = ({ raw }) => clientAddress(raw, peers);
  await mountScim(app, { issuer: config.issuer, directory, handlers: people, guard, addressOf, onProblem });
  await mountAdmin(app, {
    issuer: config.issuer,
    version,
    handlers: [
      ...scriptHandlers({ settings, catalogue, cursors, now }),
      ...acrHandlers({ settings }),
      ...people,
      ...helping,
      ...rememberedHandlers(parts),
      ...smsHandlers({ ...parts, cursors }),
      ...loginHandlers(parts),
      ...auditHandlers({ ...parts, cursors }),
      ...bootstrapHandlers({ bootstrap, secondFactorAcrs: acrs }),
      ...clientHandlers({
        settings,
        rights,
        cursors,
        scopes: [...SCOPES, ...adminScopes, ...enrolmentScopes],
        newSecret: () => randomBytes(32).toString("base64url"),
      }),
      ...loggingHandlers({ settings }),
      ...settingsHandlers({ settings, catalogue, cursors, now, rights }),
      ...settingsHistoryHandlers({ settings, catalogue, cursors, now, rights }),
      ...overviewHandlers({
        ...admin.overview,
        issuer: config.issuer.origin,
        version,
        revision: () => settings.revision,
        now,
      }),
      ...logHandlers({ cursors, tail: (name, query) => readTail(join(config.data, "logs"), name, query) }),
      ...explainHandlers({
        settings,
        audit,
        catalogue,
        cursors,
        now,
        explain: admin.explain,
        trial: (document) => createTrial(parts, admin.scripts.partsOf, document),
      }),
    ],
    guard,
    addressOf,
    onProblem,
  });
  tellOfLoosening(parts, (problem) => onProblem(problem, { method: "notice", path: "helpDesk" }));
  return createHelpDesk(helping);
}
