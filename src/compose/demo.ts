/** Starts the demo: simulator, server, relying party, people. Everything in it is on loopback and says so. */

import type { BootConfig } from "../config.ts";
import type { Settings } from "../core/settings.ts";
import { createMailbox, mountMailbox } from "../surfaces/dev/mailbox.ts";
import { mountPhone } from "../surfaces/dev/phone.ts";
import { mountPreviews } from "../surfaces/dev/preview-pages.ts";
import { mountRelyingParty } from "../surfaces/dev/relying-party.ts";
import { createSimulator } from "../surfaces/dev/simulator/simulator.ts";
import type { Running } from "./compose.ts";
import { compose } from "./compose.ts";
import {
  addDemoPeople,
  DEMO_CLIENT,
  DEMO_PASSWORD,
  demoApiBase,
  demoConfig,
  openDemoAccount,
} from "./demo-config.ts";
import { demoDirectories } from "./demo-directories.ts";
import { openDemoMachine, readyCommand } from "./demo-machine.ts";
import { alone } from "./one-server.ts";
import { openParts } from "./parts.ts";
import { propertiesOf } from "./scripts.ts";

export async function startDemo(
  environment: Readonly<Record<string, string | undefined>>,
  say: (text: string) => void,
  complain: (text: string) => void,
): Promise<Running> {
  // Faults of the environment are said before anything is opened.
  const plain = demoConfig(environment);
  const directories = demoDirectories(environment);
  const elsewhere = demoApiBase(environment);
  return alone(plain, () => startAlone(environment, plain, directories, elsewhere, { say, complain }));
}

async function startAlone(
  environment: Readonly<Record<string, string | undefined>>,
  plain: BootConfig,
  directories: ReturnType<typeof demoDirectories>,
  elsewhere: URL | undefined,
  { say, complain }: Readonly<Record<"say" | "complain", (text: string) => void>>,
): Promise<Running> {
  const config = {
    ...demoConfig(environment, openDemoAccount(plain.data), openDemoMachine(plain.data, plain.issuer)),
    ...directories,
  };
  const parts = await openParts(config);
  const simulator =
    elsewhere === undefined
      ? createSimulator({ accounts: () => configuredAccounts(parts.settings), now: Date.now, keep: 500 })
      : undefined;
  const mailbox = createMailbox({ now: Date.now });
  try {
    const simulatorUrl = (await simulator?.listen())?.url;
    await addDemoPeople(parts);
    const { brand } = config.settings;
    const smtp = {
      ...(await mailbox.listen()),
      security: "none",
      username: undefined,
      password: undefined,
      from: "Sallyport demo <demo@localhost.invalid>",
    } as const;
    const running = await compose(
      { ...config, smtp },
      {
        complain,
        parts,
        apiBase: elsewhere ?? (simulatorUrl === undefined ? undefined : new URL(simulatorUrl)),
        extras(app, { render, acrs }) {
          mountRelyingParty(app, { issuer: config.issuer, clientId: DEMO_CLIENT, brand, acrs, render });
          mountPhone(app, { https: false, brand, simulator: () => simulatorUrl, render });
          mountMailbox(app, { mailbox, brand, render });
          mountPreviews(app, { render });
          app.get("/", (_request, reply) => reply.redirect("/demo", 303));
        },
      },
    );
    say(`Sallyport demo, on this machine only (not for production; data in ${config.data})`);
    say(`  Sign in:    ${running.issuer}/demo        as ada, password: ${DEMO_PASSWORD}`);
    say(
      elsewhere === undefined
        ? `  Her phone:  ${running.issuer}/dev/phone   the code arrives here (for example +44 7400 123456)`
        : `  Texts go to ${environment.SALLYPORT_TWILIO_API_BASE}`,
    );
    say(`  Configure:  ${readyCommand(config.data, process.cwd())}`);
    return {
      issuer: running.issuer,
      bootstrap: undefined,
      reload: running.reload,
      async close() {
        await running.close();
        await simulator?.close();
        await mailbox.close();
      },
    };
  } catch (problem) {
    await simulator?.close();
    await mailbox.close();
    throw problem;
  }
}

/** Whatever account an administrator of the demo configures, the simulator knows it: the document's story works with any. */
function configuredAccounts(settings: Settings) {
  const entry = settings.document().scripts.find(({ name }) => name === "twilio_sms");
  const given = propertiesOf(entry?.configurationProperties ?? []);
  const { twilio_sid: sid = "", twilio_token: token = "", api_key_sid, api_key_secret } = given;
  const apiKeys =
    api_key_sid === undefined || api_key_secret === undefined
      ? []
      : [{ sid: api_key_sid, secret: api_key_secret }];
  return [{ sid, token, apiKeys }];
}
