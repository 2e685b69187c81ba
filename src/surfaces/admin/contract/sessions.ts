/** Sessions in the original's shape, without what was secret in it: no cookie, no token, no state of a browser. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { listQuery, name, pathPart, reason } from "./shapes.ts";

const session = name(
  "SessionId",
  z.object({
    dn: z.string(),
    id: z.string().describe("A name of the session that is worth nothing anywhere else"),
    outsideSid: z.string().describe("The same: the sid of this API"),
    lastUsedAt: z.string().optional(),
    userDn: z.string(),
    authenticationTime: z.string().optional(),
    state: z.literal("authenticated"),
    permissionGranted: z.boolean(),
    permissionGrantedMap: z.object({ permissionGranted: z.record(z.string(), z.boolean()) }),
    sessionAttributes: z
      .record(z.string(), z.string())
      .describe("acr, amr, auth_user, remote_ip, user_agent"),
    expirationDate: z.string(),
    creationDate: z.string(),
    deletable: z.boolean(),
    persisted: z.boolean(),
    ttl: z.int().describe("Seconds that are left"),
  }),
);

const page = name(
  "SessionPagedResult",
  z.object({
    start: z.int(),
    totalEntriesCount: z
      .int()
      .describe("As far as is known: while there is a next page, one more than were seen"),
    entriesCount: z.int(),
    entries: z.array(session),
    next: z.string().optional(),
  }),
);

const TAG = "Auth - Session Management";
const BASE = "/api/v1/jans-auth-server/session";
const sid = z.object({ sid: pathPart("Session identifier.") });
const { limit, startIndex, cursor } = listQuery;

export const getSession = operation({
  id: "get-session-by-id",
  method: "GET",
  path: `${BASE}/sid/{sid}`,
  tag: TAG,
  summary: "Get session by id.",
  scope: scopes.sessionsRead,
  params: sid,
  status: 200,
  answer: session,
  problems: [404],
});
export const deleteSession = operation({
  id: "delete-session",
  method: "DELETE",
  path: `${BASE}/sid/{sid}`,
  tag: TAG,
  summary: "Delete a session.",
  scope: scopes.sessionsDelete,
  params: sid,
  query: z.object({ reason: reason.default("") }),
  status: 204,
  problems: [404],
});
export const revokeUserSession = operation({
  id: "revoke-user-session",
  method: "DELETE",
  path: `${BASE}/user/{userDn}`,
  tag: TAG,
  summary: "Revoke all sessions by userDn",
  scope: scopes.sessionsDelete,
  params: z.object({ userDn: pathPart("User domain name") }),
  query: z.object({ reason: reason.default("") }),
  status: 204,
  problems: [404],
});
export const getSessions = operation({
  id: "get-sessions",
  method: "GET",
  path: BASE,
  tag: TAG,
  summary: "Return all session",
  scope: scopes.sessionsRead,
  query: z.object({ limit, startIndex, cursor }),
  status: 200,
  answer: page,
});
export const searchSessions = operation({
  id: "search-session",
  method: "GET",
  path: `${BASE}/search`,
  tag: TAG,
  summary: "Search session",
  scope: scopes.sessionsRead,
  query: z.object({
    limit,
    startIndex,
    cursor,
    pattern: listQuery.pattern,
    sortBy: z
      .enum(["jansId", "sid"])
      .default("jansId")
      .describe("Sessions have one order, that of their names"),
    sortOrder: z.enum(["ascending"]).default("ascending"),
    fieldValuePair: z
      .string()
      .max(1000)
      .default("")
      .describe(
        "Field and value pair for searching: userDn, auth_user, sid, acr, client_id, remote_ip; creationDate and expirationDate with < and >",
      ),
  }),
  status: 200,
  answer: page,
});

/** All of this file, in the order they are listed. */
export const sessionOperations = [
  getSession,
  deleteSession,
  revokeUserSession,
  getSessions,
  searchSessions,
] as const;
