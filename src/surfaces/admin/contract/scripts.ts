/** Scripts and acrs: the original's entries. A property that is a secret is written and never read. */
import { z } from "zod";
import { operation } from "./operation.ts";
import { scopes } from "./scopes.ts";
import { jsonPatches, listQuery, name, paged, pathPart } from "./shapes.ts";

const simpleProperty = name(
  "SimpleCustomProperty",
  z.strictObject({
    value1: z.string().max(100).describe("Name"),
    value2: z.string().max(1000).nullish().describe("Value"),
    description: z.string().max(500).nullish(),
  }),
);

const extendedProperty = name(
  "SimpleExtendedCustomProperty",
  z.strictObject({
    value1: z.string().min(1).max(100).describe("Name"),
    value2: z
      .string()
      .max(10_000)
      .nullish()
      .describe("Value; of a secret null when read, null or absent leaves it as it is, empty text clears it"),
    hide: z.boolean().nullish().describe("A secret: never shown again once it is set"),
    description: z.string().max(500).nullish(),
    isSet: z.boolean().nullish().describe("Whether a secret has a value; ignored when written"),
  }),
);

const SCRIPT_TYPE = /^person_authentication$/i;

export const customScript = name(
  "CustomScript",
  z.strictObject({
    dn: z.string().max(300).nullish(),
    inum: z.string().max(100).nullish(),
    name: z
      .string()
      .regex(/^[a-zA-Z0-9_\-:/.]{2,60}$/)
      .describe("The acr")
      .nullish(),
    aliases: z.array(z.string().regex(/^[\x21-\x7e]{1,200}$/)).nullish(),
    description: z.string().max(1000).nullish(),
    script: z
      .string()
      .max(1_000_000)
      .nullish()
      .describe(
        "Source: a TypeScript module that exports mechanism or factor; of a built-in script empty text brings the original back",
      ),
    scriptType: z.string().regex(SCRIPT_TYPE).nullish().describe("person_authentication, in either case"),
    programmingLanguage: z.string().max(30).nullish(),
    moduleProperties: z.array(simpleProperty).nullish(),
    configurationProperties: z.array(extendedProperty).nullish(),
    level: z.int().min(-1).max(1000).nullish(),
    revision: z.int().min(0).nullish().describe("Counted by the server"),
    enabled: z.boolean().nullish(),
    scriptError: z
      .looseObject({ raisedAt: z.string().optional(), stackTrace: z.string().optional() })
      .nullish()
      .describe("What went wrong last in this revision; not read when written"),
    modified: z
      .boolean()
      .nullish()
      .describe("Whether a built-in script has another text than it came with; not read when written"),
    internal: z.boolean().nullish(),
    locationType: z
      .string()
      .regex(/^(db|file)$/i)
      .nullish(),
    locationPath: z
      .string()
      .max(1000)
      .nullish()
      .describe("With locationType file: below the folder custom/ of the server's data folder"),
    baseDn: z.string().max(300).nullish(),
  }),
);
export type CustomScript = z.infer<typeof customScript>;

const TAG = "Custom Scripts";
const BASE = "/api/v1/config/scripts";
const inum = z.object({ inum: pathPart("Script identifier") });
const newDefault = z.object({
  defaultAcr: z
    .string()
    .max(60)
    .optional()
    .describe("The new default, where this change disables or deletes the script that is the default"),
});
const page = paged("CustomScriptPagedResult", customScript);

export const getScripts = operation({
  id: "get-config-scripts",
  method: "GET",
  path: BASE,
  tag: TAG,
  summary: "Gets a list of custom scripts",
  scope: scopes.scriptsRead,
  query: z.object(listQuery),
  status: 200,
  answer: page,
});
export const putScript = operation({
  id: "put-config-scripts",
  method: "PUT",
  path: BASE,
  tag: TAG,
  summary: "Updates a custom script",
  scope: scopes.scriptsWrite,
  query: newDefault,
  body: customScript,
  status: 200,
  answer: customScript,
  problems: [404, 412],
  etag: true,
});
export const postScript = operation({
  id: "post-config-scripts",
  method: "POST",
  path: BASE,
  tag: TAG,
  summary: "Adds a new custom script",
  scope: scopes.scriptsWrite,
  body: customScript,
  status: 201,
  answer: customScript,
  problems: [409],
  etag: true,
});
export const deleteScript = operation({
  id: "delete-config-scripts-by-inum",
  method: "DELETE",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Deletes a custom script",
  scope: scopes.scriptsDelete,
  params: inum,
  query: newDefault,
  status: 204,
  problems: [404, 412],
  etag: true,
});
export const patchScript = operation({
  id: "patch-config-scripts-by-inum",
  method: "PATCH",
  path: `${BASE}/{inum}`,
  tag: TAG,
  summary: "Patches a custom script",
  scope: scopes.scriptsWrite,
  params: inum,
  query: newDefault,
  body: jsonPatches,
  bodyType: "application/json-patch+json",
  status: 200,
  answer: customScript,
  problems: [404, 412],
  etag: true,
});
export const getScript = operation({
  id: "get-config-scripts-by-inum",
  method: "GET",
  path: `${BASE}/inum/{inum}`,
  tag: TAG,
  summary: "Gets a script by Inum",
  scope: scopes.scriptsRead,
  params: inum,
  status: 200,
  answer: customScript,
  problems: [404],
  etag: true,
});
export const getScriptByName = operation({
  id: "get-custom-script-by-name",
  method: "GET",
  path: `${BASE}/name/{name}`,
  tag: TAG,
  summary: "Fetch custom script by name",
  scope: scopes.scriptsRead,
  params: z.object({ name: pathPart("Script name") }),
  status: 200,
  answer: customScript,
  problems: [404],
  etag: true,
});
export const getScriptTypes = operation({
  id: "get-custom-script-type",
  method: "GET",
  path: `${BASE}/types`,
  tag: TAG,
  summary: "Fetch custom script types",
  scope: scopes.scriptsRead,
  status: 200,
  answer: z.array(z.string()),
});
export const getScriptsByType = operation({
  id: "get-config-scripts-by-type",
  method: "GET",
  path: `${BASE}/type/{type}`,
  tag: TAG,
  summary: "Gets list of scripts by type",
  scope: scopes.scriptsRead,
  params: z.object({ type: pathPart("Script type") }),
  query: z.object(listQuery),
  status: 200,
  answer: page,
  problems: [404],
});

const authenticationMethod = name(
  "AuthenticationMethod",
  z.strictObject({
    defaultAcr: z.string().min(1).max(300).describe("The acr a request gets that asks for none"),
  }),
);

export const getAcrs = operation({
  id: "get-acrs",
  method: "GET",
  path: "/api/v1/acrs",
  tag: "Default Authentication Method",
  summary: "Gets default authentication method.",
  scope: scopes.acrsRead,
  status: 200,
  answer: authenticationMethod,
  etag: true,
});
export const putAcrs = operation({
  id: "put-acrs",
  method: "PUT",
  path: "/api/v1/acrs",
  tag: "Default Authentication Method",
  summary: "Updates default authentication method.",
  scope: scopes.acrsWrite,
  body: authenticationMethod,
  status: 200,
  answer: authenticationMethod,
  problems: [412],
  etag: true,
});

/** All of this file, in the order they are listed. */
export const scriptOperations = [
  getScripts,
  putScript,
  postScript,
  deleteScript,
  patchScript,
  getScript,
  getScriptByName,
  getScriptTypes,
  getScriptsByType,
  getAcrs,
  putAcrs,
] as const;
