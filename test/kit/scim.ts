/** Calls of SCIM at a server in this process, as a provisioning client makes them. */
import type { TestServer } from "./server.ts";

export const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export const person = (userName: string, more: object = {}) => ({ schemas: [USER], userName, ...more });
export const operations = (...Operations: object[]) => ({ schemas: [PATCH], Operations });

/** Calls below `/scim/v2` with this token; an empty one is none. */
export const scimClient =
  ({ issuer }: Pick<TestServer, "issuer">, token: string) =>
  async (
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
    bearer: string = token,
  ) => {
    const answer = await fetch(new URL(`/scim/v2${path}`, issuer), {
      method,
      headers: {
        ...(bearer === "" ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": "application/scim+json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came back
    const json: any = text === "" ? undefined : JSON.parse(text);
    return { status: answer.status, headers: answer.headers, json, text };
  };
