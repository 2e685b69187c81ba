/** A device or command line that signs its person in by the device grant (RFC 8628), and the browser beside it. */
import assert from "node:assert/strict";
import { adminScopes } from "../../src/surfaces/admin/contract/scopes.ts";
import { post, type TokenAnswer } from "./relying-party.ts";
import { type TestServer, twoSteps } from "./server.ts";
import { type Seen, type TestVisitor, textOf } from "./visitor.ts";

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
export const ROOT_PHONE = "+12025550199";

export interface Asked {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

/** Asks for a code as `sallyport cli` does: every scope of the API. */
export async function askForCode(
  server: TestServer,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Asked> {
  const answer = await post(server, "/device_authorization", {
    client_id: "sallyport-cli",
    scope: ["openid", ...adminScopes].join(" "),
    ...parameters,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as unknown as Asked;
}

export const poll = (
  server: TestServer,
  asked: Asked,
  parameters: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> =>
  post(server, "/token", {
    grant_type: DEVICE_GRANT,
    client_id: "sallyport-cli",
    device_code: asked.device_code,
    ...parameters,
  });

/** Types the code in a browser; answers the page that asks whether it is the person's. */
export async function typeCode(visitor: TestVisitor, code: string): Promise<Seen> {
  const page = await visitor.get("/device?again=1");
  assert.match(page.body, /name="user_code"/, textOf(page.body).slice(0, 300));
  return visitor.submit(page, { user_code: code });
}

/** The whole way: tokens of a person who has shown both factors. */
export async function deviceTokens(
  server: TestServer,
  username = "root",
  phone = ROOT_PHONE,
  visitor: TestVisitor = server.visitor(),
): Promise<{ readonly access_token: string; readonly refresh_token: string; readonly id_token: string }> {
  const asked = await askForCode(server);
  const login = await visitor.submit(await typeCode(visitor, asked.user_code), {});
  const done = await twoSteps(server, visitor, login, username, phone);
  assert.match(textOf(done.body), /Your device is connected/, textOf(done.body).slice(0, 300));
  const answer = await poll(server, asked);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as { access_token: string; refresh_token: string; id_token: string };
}
