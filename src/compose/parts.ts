/** What every command of this host needs: the data folder, the store, the keys, the people. */
import { catalog } from "../catalog.ts";
import type { BootConfig } from "../config.ts";
import { watchAdministrators } from "../core/administrators.ts";
import { createAuditErasure } from "../core/audit-erasure.ts";
import { createAuditSeals } from "../core/audit-seals.ts";
import { createSigner, signedAudit } from "../core/audit-signature.ts";
import { createAuthenticators } from "../core/authenticator-box.ts";
import { createBootstrap } from "../core/bootstrap.ts";
import { createFailures, failuresKey } from "../core/code-failures.ts";
import { createEnrolment, type Enrolment } from "../core/enrolment.ts";
import { createKeyring } from "../core/keyring.ts";
import type { KeyPurpose } from "../core/keys.ts";
import { endingLogins, endLogins } from "../core/login.ts";
import { createLoginEndings } from "../core/login-endings.ts";
import { createNewPasswords } from "../core/new-password.ts";
import { createNotices, tellOthers } from "../core/notices.ts";
import { createPasswordOpenings, voidingOpenings } from "../core/password-openings.ts";
import { randomName } from "../core/random.ts";
import { createRecovery } from "../core/recovery.ts";
import { createRememberedDevices, endingDevices, forgettingDevices } from "../core/remembered.ts";
import { createSealer } from "../core/seal.ts";
import { openSettings } from "../core/settings-revisions.ts";
import { createStorage, type StorageDeps } from "../core/storage.ts";
import { createThrottle } from "../core/throttle.ts";
import { createUndo, withUndo } from "../core/undo.ts";
import type { Clock, Subject } from "../core/words.ts";
import { createPhones } from "../kits/phone/phones.ts";
import { createClientCheck } from "../surfaces/oidc/client-check.ts";
import { createLogoutQueue } from "../surfaces/oidc/logout-queue.ts";
import { createSessions } from "../surfaces/oidc/sessions.ts";
import type { Background } from "./background.ts";
import { openDataFolder, openMasterKey } from "./data-folder.ts";
import { openDirectories } from "./directories.ts";
import { placePhones } from "./directory-phones.ts";
import { createErasure } from "./erasure.ts";
import { heardAudit } from "./heard-audit.ts";
import { createJudge } from "./judge.ts";
import { createRemoval } from "./removal.ts";
import { firstDocument } from "./seed.ts";

/** Seconds an old key stays valid after its successor was published. */
const OVERLAP: Record<KeyPurpose, number> = {
  "signing-rs256": 7200,
  "signing-es256": 7200,
  cookie: 86_400,
  code: 600,
  seal: 15 * 86_400,
  csrf: 3600,
  callback: 7200,
};

const directoryOptions = ({ settings, issuer, breachedPasswords }: BootConfig) => ({
  words: [settings.brand, issuer.hostname],
  ...(breachedPasswords === undefined ? {} : { breachedPasswords }),
});

export type Parts = Awaited<ReturnType<typeof openParts>>;

export async function openParts(
  config: BootConfig,
  now: Clock = Date.now,
  { onShared }: Pick<StorageDeps, "onShared"> = {},
) {
  openDataFolder(config);
  const masterKey = config.masterKey ?? openMasterKey(config);
  const store = await catalog.stores[config.store.type].open(config.store, {
    now,
    migrations: catalog.directories.sql.migrations,
  });
  try {
    const keyring = createKeyring({ store: store.keys, masterKey, now });
    await keyring.load();
    const sealer = createSealer(keyring);
    const signer = createSigner(keyring);
    const heard = heardAudit(store);
    const audit = signedAudit(heard.audit, signer);
    const { ledger } = store.audit;
    const auditSeals = createAuditSeals({ ledger, signer, keys: keyring, now });
    const storage = createStorage({ store: heard.records, sealer, now, audit, signer, onShared });
    const phones = createPhones();
    const settings = await openSettings(
      {
        store: store.settings,
        sealer,
        audit,
        now,
        judge: createJudge(phones, createClientCheck(keyring)),
      },
      () => firstDocument(config, now()),
    );
    // Passwords are long where one of them alone opens the door (NIST SP 800-63B-4 §3.1.1.2).
    const leastLength = () =>
      settings.document().scripts.some(({ name, enabled }) => enabled && name === "simple_password_auth")
        ? 15
        : 8;
    const sql = await catalog.directories.sql.open(directoryOptions(config), {
      database: store.database,
      now,
      leastLength,
    });
    const directories = await openDirectories(config, sql, now);
    const people = directories.directory;
    const plainNotices = createNotices({ storage, now, newId: randomName });
    const remembered = createRememberedDevices({ storage, now });
    const directory = watchAdministrators(forgettingDevices(people, remembered), (user) =>
      tellOthers({ directory: people, notices: plainNotices }, user, "became-admin"),
    );
    const logouts = createLogoutQueue({ storage, clients: () => settings.document().clients, now });
    const passwordOpenings = createPasswordOpenings({ storage, now });
    // A login goes on where what it reads or sets itself ends the rest.
    const ending = voidingOpenings(
      endingDevices(createSessions({ storage, audit, logouts, now }), remembered),
      passwordOpenings,
    );
    const loginEndings = createLoginEndings(storage, now);
    const logins = { storage, endings: loginEndings };
    const sessions = endingLogins(ending, logins);
    async function forgetFailures(subject: Subject): Promise<void> {
      const { limits, scripts } = settings.document();
      const failures = createFailures(storage, () => limits, now);
      const own = [
        ...catalog.factorKinds,
        ...scripts.flatMap(({ manifest }) => manifest?.factor?.kind ?? []),
      ];
      await Promise.all([subject, ...own.map((kind) => failuresKey(kind, subject))].map(failures.reset));
    }
    const placed = placePhones({
      directory,
      authenticators: createAuthenticators({ store: store.authenticators, sealer, now }),
      enrolment: () => enrolment,
      sessions: ending,
      notices: plainNotices,
      audit,
      storage,
      phones,
      phoneKey: (e164) => sealer.lookup("phone", e164),
      forgetFailures,
      now,
      complain: directories.complain,
    });
    const { authenticators } = placed;
    const undo = createUndo({
      storage,
      authenticators,
      sessions,
      directory,
      notices: plainNotices,
      audit,
      policy: () => settings.document().portal,
      page: new URL("/account/undo", config.issuer),
      now,
    });
    // Whoever binds something, by whatever way, tells of it by these: no binding is without a way back.
    const notices = withUndo(plainNotices, undo);
    const enrolment: Enrolment = createEnrolment({
      storage,
      authenticators,
      policy: () => settings.document().enrolment,
      newNumberHours: () => settings.document().portal.newNumberHours,
      now,
    });
    async function rotate(purpose: string, by = "host") {
      if (!(purpose in OVERLAP))
        return {
          ok: false,
          text: `${JSON.stringify(purpose)} is no purpose; choose one of ${Object.keys(OVERLAP).join(", ")}.`,
        };
      const overlap = OVERLAP[purpose as KeyPurpose];
      await audit.append({ kind: "keys-rotated", at: now(), facts: { purpose, by } });
      await keyring.rotate(purpose as KeyPurpose, { overlap });
      return {
        ok: true,
        text: `A new ${purpose} key is published; the old one verifies for another ${overlap} s.`,
      };
    }
    const auditErasure = createAuditErasure({
      ledger,
      signer,
      audit,
      retention: () => settings.document().retention,
      now,
    });
    async function forgetTries(subject: Subject) {
      await forgetFailures(subject);
      await createThrottle({ records: storage.records("password-throttle"), now }).forget(subject);
    }
    const removePerson = createRemoval({
      directory,
      authenticators,
      enrolment,
      sessions,
      undo,
      storage,
      audit,
      now,
    });
    const erasure = createErasure({
      directory,
      storage,
      removePerson,
      forgetTries,
      forgetMarks: store.forget,
      audit,
      auditSeals,
      auditErasure,
      sealer,
      now,
    });
    return {
      config,
      store,
      settings,
      phones,
      keyring,
      sealer,
      storage,
      authenticators,
      directory,
      directories,
      accounts: placed.accounts,
      followDirectories(background: Pick<Background, "every">, complain: (text: string) => void) {
        directories.hear(complain);
        placed.follow(background);
      },
      audit,
      hearAudit: heard.hear,
      auditSeals,
      enrolment,
      sessions,
      remembered,
      logouts,
      loginEndings,
      removePerson,
      auditErasure,
      erasePerson: erasure.person,
      erasure,
      now,
      phoneKey: (e164: string) => sealer.lookup("phone", e164),
      endAll: (subject: Subject, reason: string) => sessions.endAll(subject, "host", reason),
      forgetFailures,
      notices,
      undo,
      leastLength,
      passwordOpenings,
      newPasswords: createNewPasswords({
        directory,
        sessions: ending,
        audit,
        notices,
        endLogins: (subject, but) => endLogins(logins, subject, but),
        now,
      }),
      bootstrap: createBootstrap({ storage, directory, authenticators, audit, now }),
      recovery: createRecovery({
        storage,
        directory,
        authenticators,
        enrolment,
        sessions,
        audit,
        notices,
        forgetFailures: forgetTries,
        now,
      }),
      keys: {
        list: async () => (await store.keys.all()).map(({ material: _sealed, ...row }) => row),
        rotate,
      },
      rotate,
      close: () => {
        directories.close();
        return store.close();
      },
    };
  } catch (problem) {
    await store.close();
    throw problem;
  }
}
