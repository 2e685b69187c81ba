/** O24: what another program makes of the secret that a person types in by hand: oathtool, in this half minute and beside it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { atAccount } from "../kit/account.ts";
import { startServer, typePassword } from "../kit/server.ts";
import { type Seen, textOf } from "../kit/visitor.ts";

const STEP = 30_000;
const found = spawnSync("oathtool", ["--version"]).error === undefined;

/** The code of a moment, as oathtool computes it (RFC 6238: SHA-1, six digits, 30 s). */
function oath(secret: string, at: number): string {
  const now = new Date(at).toISOString().replace("T", " ").replace(/\..*/, " UTC");
  const { status, stdout, stderr } = spawnSync("oathtool", ["--totp", "--base32", `--now=${now}`, "-"], {
    input: `${secret}\n`,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test("oathtool and this server agree on the codes of a secret, at any time, and one step away at most", {
  skip: !found && "oathtool is missing",
}, async () => {
  const server = await startServer({
    settings: {
      acrs: { enabled: ["simple_password_auth", "twilio_sms", "otp"], default: "twilio_sms" },
      limits: { passkeyOfferDays: 0 },
    },
  });
  let skew = 0;
  /** To the middle of a half minute so far ahead: nothing of the test falls on its edge. */
  const toMiddle = (ahead: number) => {
    const wanted = Math.ceil((Date.now() + skew + ahead) / STEP) * STEP + STEP / 2;
    server.advance(wanted - Date.now() - skew);
    skew = wanted - Date.now();
  };
  const now = () => Date.now() + skew;
  const { visitor } = await atAccount(server);
  const enrol = await visitor.submit(await visitor.get("/account/add/totp"), {});
  const secret =
    /class="user-code shown secret"[^>]*>([^<]+)</.exec(enrol.body)?.[1]?.replaceAll(" ", "") ??
    assert.fail("no secret");
  // Bound by the code of the step before, as of a clock that is slow.
  const bound = await visitor.submit(enrol, { code: oath(secret, now() - STEP) });
  assert.match(textOf(bound.body), /It is added/);

  async function signIn(code: string): Promise<Seen> {
    const other = server.visitor();
    const page = await typePassword(other, await other.get("/demo/login?acr_values=otp"), "grace");
    return other.submit(page, { code });
  }
  for (const ahead of [10 * 60_000, 3_600_000, 40 * 86_400_000, 400 * 86_400_000])
    for (const steps of [-1, 0, 1]) {
      toMiddle(steps === -1 ? ahead : 4 * STEP);
      const at = new Date(now()).toISOString();
      for (const off of [-2, 2]) {
        const seen = await signIn(oath(secret, now() + off * STEP));
        assert.match(textOf(seen.body), /not right, or has been used/, `${off} steps away at ${at}`);
      }
      const seen = await signIn(oath(secret, now() + steps * STEP));
      assert.equal(
        seen.url.pathname,
        "/demo",
        `${steps} steps away at ${at}: ${textOf(seen.body).slice(0, 200)}`,
      );
    }
});
