/** Devices on which a person is not asked for a code. What they are remembered by is never shown. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { name, pathPart, reason } from "./shapes.ts";

const TAG = "Authenticators";
const BASE = "/mgt/configuser/{inum}/remembered-devices";
const inum = pathPart("User identifier");

const device = name(
  "RememberedDevice",
  z.object({
    id: z.string(),
    agent: z.string().describe("Browser and system, in words of ours"),
    address: z.string().describe("Where it was last"),
    acr: z.string().describe("The acr by which it was remembered"),
    shownAt: z.iso.datetime().describe("The last code that was shown on it"),
    usedAt: z.iso.datetime().optional().describe("When it was last spared one"),
    until: z.iso.datetime(),
  }),
);

export const getRememberedDevices = operation({
  id: "get-user-remembered-devices",
  method: "GET",
  path: BASE,
  tag: TAG,
  summary: "Lists the devices on which the person is not asked for a code, the last used in front",
  scope: scopes.sessionsRead,
  params: z.object({ inum }),
  status: 200,
  answer: z.array(device),
  problems: [404],
});
export const deleteRememberedDevice = operation({
  id: "delete-user-remembered-device",
  method: "DELETE",
  path: `${BASE}/{id}`,
  tag: TAG,
  summary: "Forgets one of them, or with all in its place every one: the next sign-in there asks for a code",
  scope: scopes.sessionsDelete,
  params: z.object({ inum, id: pathPart("Device identifier, or all") }),
  query: z.object({ reason: reason.default("") }),
  status: 204,
  problems: [404],
});

/** All of this file, in the order they are listed. */
export const rememberedOperations = [getRememberedDevices, deleteRememberedDevice] as const;
