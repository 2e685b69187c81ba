/** examples/ldap: one command starts an OpenLDAP and the demo on it, and its people sign in. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "ldapts";
import { freePort } from "../kit/free-port.ts";
import { noSlapd } from "../kit/slapd.ts";
import { createVisitor, textOf } from "../kit/visitor.ts";

const START = fileURLToPath(new URL("../../examples/ldap/start", import.meta.url));

test("./examples/ldap/start: lena signs in with the phone of her entry, nils binds one and has it in his", {
  skip: noSlapd,
}, async () => {
  const data = mkdtempSync(join(tmpdir(), "sallyport-ldap-example-"));
  const [port, ldapPort] = [await freePort(), await freePort()];
  const child = spawn(START, [], {
    env: { ...process.env, PORT: `${port}`, LDAP_PORT: `${ldapPort}`, SALLYPORT_DATA: data },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => (out += part.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  after(async () => {
    child.kill("SIGTERM");
    await ended;
    await pause(200);
    rmSync(data, { recursive: true, force: true });
  });
  const origin = `http://localhost:${port}`;
  for (let round = 0; !out.includes("Sign in:"); round += 1) {
    if (round > 600 || child.exitCode !== null) assert.fail(out);
    await pause(50);
  }
  assert.match(out, /People of LDAP: lena/);

  const messages = async () =>
    (await (await fetch(`${origin}/dev/phone/messages`)).json()) as { to: string; body: string }[];
  async function codeTo(phone: string): Promise<string> {
    for (let round = 0; round < 200; round += 1) {
      const found = (await messages()).find(({ to }) => to === phone);
      const code = /\b\d{6}\b/.exec(found?.body ?? "")?.[0];
      if (code !== undefined) return code;
      await pause(25);
    }
    return assert.fail(`no message to ${phone}: ${out}`);
  }
  const visit = async (username: string) => {
    const visitor = createVisitor({ origin });
    const page = await visitor.get("/demo/login?acr_values=twilio_sms");
    return { visitor, page: await visitor.submit(page, { username, password: "two doors, one open" }) };
  };
  const claimsAfter = async ({ visitor }: Awaited<ReturnType<typeof visit>>) =>
    JSON.parse((await visitor.get("/demo/claims")).body) as { sub?: string; acr?: string };

  const lena = await visit("lena");
  await lena.visitor.submit(lena.page, { code: await codeTo("+447911123456") });
  const claims = await claimsAfter(lena);
  assert.equal(claims.acr, "twilio_sms");
  assert.match(claims.sub ?? "", /^example\./);

  const nils = await visit("nils");
  assert.match(nils.page.body, /name="phone"/, textOf(nils.page.body));
  const codePage = await nils.visitor.submit(nils.page, { phone: "+447911123498" });
  await nils.visitor.submit(codePage, { code: await codeTo("+447911123498") });
  assert.equal((await claimsAfter(nils)).acr, "twilio_sms");
  const client = new Client({ url: `ldap://127.0.0.1:${ldapPort}` });
  const dn = "uid=nils,ou=people,dc=example,dc=org";
  await client.bind(dn, "two doors, one open");
  const { searchEntries } = await client.search(dn, { scope: "base", attributes: ["phoneNumberVerified"] });
  await client.unbind();
  assert.equal(searchEntries[0]?.phoneNumberVerified, "+447911123498");
});
