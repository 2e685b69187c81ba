/**
 * surfaces/portal: `/account`, where people look after what they sign in with, their sessions and applications. Mounted
 * by compose. It is an OIDC client of this very server and has no second way in; it shows no factor and compares no code,
 * and it does nothing that matters on the strength of a cookie: each such act wants proofs of a few minutes ago
 * (core/strength.ts). What it changes can be undone by the link in the notice (core/undo.ts).
 */
import type { IncomingMessage } from "node:http";
import type { Audit } from "../../core/audit.ts";
import type { Authenticators } from "../../core/authenticators.ts";
import type { Demands } from "../../core/demands.ts";
import type { Directory } from "../../core/directory.ts";
import type { Grants } from "../../core/grants.ts";
import type { HelpDesk } from "../../core/help-desk.ts";
import type { Factor, Mechanism, Visitor } from "../../core/mechanism.ts";
import type { Notices } from "../../core/notices.ts";
import type { Page } from "../../core/pages.ts";
import type { PortalSettings } from "../../core/portal-settings.ts";
import type { Storage } from "../../core/records.ts";
import type { RememberedDevices } from "../../core/remembered.ts";
import type { Sessions } from "../../core/sessions.ts";
import type { Snapshot } from "../../core/settings.ts";
import type { Undo } from "../../core/undo.ts";
import type { Clock, FactorKind } from "../../core/words.ts";
import type { Csrf } from "../../kits/web/csrf.ts";
import type { AccountClient } from "./client.ts";

/** The browser in front, and the cookies its answer has to carry. */
type VisitOf = (request: IncomingMessage) => {
  readonly visitor: Pick<Visitor, "browser" | "address" | "devices">;
  readonly setCookies: readonly string[];
};

export interface PortalDeps {
  readonly issuer: URL;
  readonly storage: Storage;
  readonly directory: Directory;
  readonly authenticators: Authenticators;
  readonly sessions: Sessions;
  readonly remembered: RememberedDevices;
  readonly demands: Demands;
  readonly grants: Grants;
  readonly audit: Audit;
  readonly notices: Notices;
  readonly undo: Undo;
  readonly csrf: Csrf;
  readonly client: AccountClient;
  readonly desk: HelpDesk;
  /** People that one agent of the help desk may look for within an hour. */
  readonly searchesPerHour: () => number;
  readonly policy: () => PortalSettings;
  readonly snapshot: () => Snapshot;
  readonly mechanisms: () => readonly Mechanism[];
  readonly factorOf: (kind: FactorKind) => Factor | undefined;
  /** Kinds that a person can add here, in the order of the page. */
  readonly kinds: () => readonly FactorKind[];
  readonly visitOf: VisitOf;
  readonly countryOf: ((address: string) => Promise<string | undefined>) | undefined;
  readonly render: (page: Page, languages?: readonly string[]) => Promise<string>;
  readonly localeFor: (wanted: readonly string[]) => string;
  readonly locales: () => readonly string[];
  /** Least length of a password, for the hint beside the field. */
  readonly leastLength: () => number;
  readonly now: Clock;
}
