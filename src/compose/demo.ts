/** Starts the demo: simulator, server, relying party, people. Everything in it is on loopback and says so. */

import { mountPhone } from "../surfaces/dev/phone.ts";
import { mountPreviews } from "../surfaces/dev/preview-pages.ts";
import { mountRelyingParty } from "../surfaces/dev/relying-party.ts";
import { createSimulator } from "../surfaces/dev/simulator/simulator.ts";
import type { Running } from "./compose.ts";
import { compose } from "./compose.ts";
import { addDemoPeople, DEMO_CLIENT, DEMO_PASSWORD, demoConfig, newDemoAccount } from "./demo-config.ts";
import { openParts } from "./parts.ts";
import { probePort } from "./web.ts";

export async function startDemo(
  environment: Readonly<Record<string, string | undefined>>,
  say: (text: string) => void,
  complain: (text: string) => void,
): Promise<Running> {
  const account = newDemoAccount();
  const elsewhere = environment.SALLYPORT_TWILIO_API_BASE;
  // Faults of the environment are said before anything is opened.
  demoConfig(environment, account, "http://127.0.0.1:1");
  const simulator =
    elsewhere === undefined
      ? createSimulator({
          accounts: [{ sid: account.sid, token: account.token.reveal() }],
          now: Date.now,
          keep: 500,
        })
      : undefined;
  const simulatorUrl = (await simulator?.listen())?.url;
  const config = demoConfig(environment, account, elsewhere ?? simulatorUrl ?? "");
  try {
    await probePort(config.listen);
    const parts = await openParts(config);
    await addDemoPeople(parts);
    const { brand } = config.settings;
    const running = await compose(config, {
      complain,
      parts,
      extras(app, { render, acrs }) {
        mountRelyingParty(app, { issuer: config.issuer, clientId: DEMO_CLIENT, brand, acrs, render });
        mountPhone(app, { https: false, brand, simulator: () => simulatorUrl, render });
        mountPreviews(app, { render });
        app.get("/", (_request, reply) => reply.redirect("/demo", 303));
      },
    });
    say(`Sallyport demo, on this machine only (not for production; data in ${config.data})`);
    say(`  Sign in:    ${running.issuer}/demo        as ada, password: ${DEMO_PASSWORD}`);
    say(
      elsewhere === undefined
        ? `  Her phone:  ${running.issuer}/dev/phone   the code arrives here (for example +44 7911 123456)`
        : `  Texts go to ${elsewhere}`,
    );
    return {
      issuer: running.issuer,
      async close() {
        await running.close();
        await simulator?.close();
      },
    };
  } catch (problem) {
    await simulator?.close();
    throw problem;
  }
}
