/**
 * The revisions of the settings as they are served: a snapshot, its mechanisms and an engine for each, built when it is
 * first asked for (under a millisecond) and kept while logins may still be under way on it. Called by compose alone.
 */
import type { Factor, Mechanism } from "../core/mechanism.ts";
import type { ScriptEntry, Settings, SettingsDocument, Snapshot } from "../core/settings.ts";
import type { AllowedCountries, Phones } from "../kits/phone/phones.ts";
import { homeCountry } from "./gateway.ts";
import { accountClient, cliClient } from "./own-client.ts";
import type { ScriptParts } from "./own-scripts.ts";

export interface Served<Engine> {
  readonly snapshot: Snapshot;
  readonly mechanisms: readonly Mechanism[];
  /** Factors of scripts of one's own. */
  readonly ownFactors: ReadonlyMap<string, Factor>;
  readonly engine: Engine;
}

/** Longer ago than any login lives, where settings change by hand; a script that changes them all the time reads them anew. */
const MOST_KEPT = 20;

export function createRevisions<Engine>(deps: {
  readonly settings: Settings;
  readonly issuer: URL;
  readonly phones: Phones;
  readonly partsOf: (scripts: readonly ScriptEntry[]) => ScriptParts;
  readonly build: (snapshot: Snapshot, mechanisms: readonly Mechanism[]) => Engine;
}) {
  const { settings, phones, build, partsOf } = deps;
  const kept = new Map<number, Served<Engine>>();

  function serve(revision: number, document: SettingsDocument): Served<Engine> {
    const known = kept.get(revision);
    if (known !== undefined) return known;
    const { mechanisms, ownFactors } = partsOf(document.scripts);
    const snapshot = snapshotOf(document, revision, mechanisms, phones, deps.issuer);
    const made = { snapshot, mechanisms, ownFactors, engine: build(snapshot, mechanisms) };
    kept.set(revision, made);
    const oldest = kept.size > MOST_KEPT ? Math.min(...kept.keys()) : undefined;
    if (oldest !== undefined && oldest !== revision) kept.delete(oldest);
    return made;
  }

  const current = (): Served<Engine> => serve(settings.revision, settings.document());

  async function readAt(revision: number): Promise<Served<Engine>> {
    const document = await settings.at(revision);
    return document === undefined ? current() : serve(revision, document);
  }

  return {
    current,
    /** The revision a login began on; the current one where that is gone. */
    at(revision: number): Served<Engine> | Promise<Served<Engine>> {
      return kept.get(revision) ?? readAt(revision);
    },
    /** Engines carry keys: after a rotation all are made anew. */
    forget: () => kept.clear(),
  };
}

/** A document as the rooms read it. */
export function snapshotOf(
  document: SettingsDocument,
  revision: number,
  mechanisms: readonly Mechanism[],
  phones: Phones,
  issuer: URL,
): Snapshot {
  const {
    brand,
    scripts,
    defaultAcr,
    clients,
    enrolment,
    countries,
    limits,
    sending,
    pumping,
    spend,
    portal,
    passwords,
    rememberedDevices,
    factorPolicy,
    texts,
    logging,
    ended,
  } = document;
  return {
    revision,
    brand,
    acrs: { enabled: mechanisms.map(({ acr }) => acr), default: defaultAcr },
    clients: [...clients, cliClient(mechanisms), ...(portal.enabled ? [accountClient(issuer)] : [])],
    enrolment,
    countries: countriesOf({ countries, scripts }, phones),
    limits,
    sending,
    pumping,
    spend,
    portal,
    passwords,
    rememberedDevices,
    factorPolicy,
    texts,
    scripts,
    logging,
    ended,
  };
}

/** The countries of which a phone may be, by these settings. */
export function countriesOf(
  { countries, scripts }: Pick<SettingsDocument, "countries" | "scripts">,
  phones: Phones,
): AllowedCountries {
  if (countries !== "home") return countries;
  const home = homeCountry(scripts, phones);
  return home === undefined ? [] : [home];
}
