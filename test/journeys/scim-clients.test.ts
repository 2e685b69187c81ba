/** The first calls of the SCIM clients of Okta and Microsoft Entra ID, as they send them, from the test of the connection on. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { machines, tokenOf } from "../kit/admin.ts";
import { operations, person, scimClient, USER } from "../kit/scim.ts";
import { startServer } from "../kit/server.ts";

const [machine] = machines;
const clients = ["okta", "entra"].flatMap((client_id) =>
  machine === undefined ? [] : [{ ...machine, client_id }],
);
const server = await startServer({ clients, hashCost: { memory: 64, passes: 1, lanes: 1 } });
const { directory } = server.parts;
const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const by = (filter: string, more = "") => `/Users?filter=${encodeURIComponent(filter)}${more}`;

describe("Okta", async () => {
  const scim = scimClient(server, await tokenOf(server, "okta"));
  const page = "&startIndex=1&count=100";
  let okta: { id: string } & Record<string, unknown>;

  test("tests the connection, looks whether somebody is there, creates them and finds them again", async () => {
    const first = await scim("GET", "/Users?startIndex=1&count=2");
    assert.deepEqual([first.status, first.json.schemas, first.json.startIndex], [200, [LIST], 1]);
    const nobody = await scim("GET", by('userName eq "isaac@example.org"', page));
    assert.deepEqual(nobody.json, {
      schemas: [LIST],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    });
    const made = await scim("POST", "/Users", {
      schemas: [USER],
      userName: "isaac@example.org",
      name: { givenName: "Isaac", familyName: "Brock", honorificPrefix: "Dr" },
      emails: [{ primary: true, value: "isaac@example.org", type: "work" }],
      displayName: "Isaac Brock",
      title: "Singer",
      locale: "en-US",
      externalId: "00ujl29u0le5T6Aj10h7",
      groups: [],
      active: true,
      [ENTERPRISE]: { department: "Music", manager: { value: "7" } },
    });
    assert.equal(made.status, 201, made.text);
    okta = made.json;
    assert.deepEqual([made.json.schemas, made.json.externalId], [[USER], "00ujl29u0le5T6Aj10h7"]);
    for (const filter of ['userName eq "ISAAC@example.org"', 'externalId eq "00ujl29u0le5T6Aj10h7"']) {
      const { json } = await scim("GET", by(filter, page));
      assert.deepEqual([json.totalResults, json.Resources[0]], [1, okta], filter);
    }
    const twice = await scim("POST", "/Users", person("isaac@example.org", { externalId: "other" }));
    assert.deepEqual([twice.status, twice.json.scimType], [409, "uniqueness"]);
  });

  test("replaces the whole user as it was read, takes one out, and back in", async () => {
    const { json: read } = await scim("GET", `/Users/${okta.id}`);
    const put = await scim("PUT", `/Users/${okta.id}`, {
      ...read,
      name: { ...read.name, familyName: "Brooks" },
      groups: [],
    });
    assert.deepEqual([put.status, put.json.name.familyName], [200, "Brooks"], put.text);
    assert.equal(put.json.externalId, okta.externalId);
    for (const active of [false, true]) {
      const { status, json } = await scim(
        "PATCH",
        `/Users/${okta.id}`,
        operations({ op: "replace", value: { active } }),
      );
      assert.deepEqual([status, json.active], [200, active]);
    }
    const gone = await scim("GET", "/Users/00000000-0000-0000-0000-000000000000");
    assert.deepEqual([gone.status, gone.json.status, typeof gone.json.detail], [404, "404", "string"]);
  });
});

describe("Microsoft Entra ID", async () => {
  const scim = scimClient(server, await tokenOf(server, "entra"));
  let id = "";
  const patch = async (...all: object[]) => {
    const done = await scim("PATCH", `/Users/${id}?aadOptscim062020`, operations(...all));
    assert.equal(done.status, 200, done.text);
    return done.json;
  };

  test("tests the connection with somebody who cannot be there, and reads what the server is", async () => {
    for (const attribute of ["userName", "externalId", 'emails[type eq "work"].value']) {
      const { status, json } = await scim(
        "GET",
        by(`${attribute} eq "5d6a3d5e-0b6a-4a8f-9b39-3a4a7ad1a7b5"`, "&aadOptscim062020"),
      );
      assert.deepEqual([status, json.totalResults, json.Resources], [200, 0, []], attribute);
    }
    const { json: config } = await scim("GET", "/ServiceProviderConfig");
    assert.ok(config.patch.supported && config.filter.supported && !config.bulk.supported);
    const { json: schemas } = await scim("GET", "/Schemas");
    assert.deepEqual([schemas.schemas, schemas.totalResults], [[LIST], 1]);
    const [user] = schemas.Resources;
    const names = (attributes: { name: string }[]) => attributes.map(({ name }) => name);
    assert.ok(["userName", "active", "emails"].every((name) => names(user.attributes).includes(name)));
    const { json: types } = await scim("GET", "/ResourceTypes");
    assert.deepEqual([types.Resources[0].endpoint, types.Resources[0].schema], ["/Users", user.id]);
  });

  test("creates somebody with all that its mapping has", async () => {
    const made = await scim(
      "POST",
      "/Users",
      {
        schemas: [USER, ENTERPRISE],
        externalId: "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        userName: "mia@contoso.example",
        active: "True",
        displayName: "Mia Kim",
        emails: [{ primary: "True", type: "work", value: "mia@contoso.example" }],
        meta: { resourceType: "User" },
        name: { formatted: "Mia Kim", familyName: "Kim", givenName: "Mia" },
        phoneNumbers: [
          { type: "fax", value: "+442079460001" },
          { type: "mobile", value: "+447911123456" },
        ],
        addresses: [{ type: "work", formatted: "1 Road", primary: "False" }],
        preferredLanguage: "de",
        title: "Engineer",
        roles: [],
        [ENTERPRISE]: { employeeNumber: "12", department: "R&D" },
      },
      { "content-type": "application/scim+json; charset=utf-8" },
    );
    assert.equal(made.status, 201, made.text);
    ({ id } = made.json);
    assert.deepEqual(
      [made.json.active, made.json.externalId],
      [true, "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"],
    );
    assert.deepEqual(made.json.phoneNumbers, [{ value: "+447911123456", type: "mobile" }], "no fax");
    for (const filter of [
      'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
      'emails[type eq "work"].value eq "Mia@contoso.example"',
    ])
      assert.equal((await scim("GET", by(filter))).json.Resources[0]?.id, id, filter);
  });

  test("patches what is kept here and what is not in one act, and nothing is held back by the second", async () => {
    const changed = await patch(
      { op: "Replace", path: "displayName", value: "Mia Berg" },
      { op: "Add", path: "title", value: "Director" },
      { op: "ADD", path: `${ENTERPRISE}:department`, value: "Board" },
      { op: "Add", path: `${ENTERPRISE}:manager`, value: { value: "7" } },
      { op: "Replace", path: 'addresses[type eq "work"].formatted', value: "2 Road" },
      { op: "Replace", path: "preferredLanguage", value: "en" },
      { op: "Replace", path: "name.honorificPrefix", value: "Dr" },
      { op: "Replace", path: "name.familyName", value: "Berg" },
      { op: "Replace", path: 'emails[type eq "work"].value', value: "mia.berg@contoso.example" },
      { op: "Replace", path: `${USER}:nickName`, value: "M" },
    );
    assert.deepEqual(
      [changed.displayName, changed.name.familyName, changed.emails[0].value, changed.nickName],
      ["Mia Berg", "Berg", "mia.berg@contoso.example", "M"],
    );
    assert.ok(!("title" in changed) && !(ENTERPRISE in changed), "what is not kept is not shown");
    const flat = await patch({
      op: "replace",
      value: {
        "name.givenName": "Maria",
        'emails[type eq "work"].value': "maria@contoso.example",
        externalId: "new",
        title: "Chair",
        groups: [],
        [`${ENTERPRISE}:department`]: "Board",
        [ENTERPRISE]: { costCenter: "1" },
        schemas: [USER],
        id: "another",
        nobodyKnows: "this",
      },
    });
    assert.deepEqual(
      [flat.id, flat.name.givenName, flat.emails[0].value, flat.externalId],
      [id, "Maria", "maria@contoso.example", "new"],
    );
    const version = flat.meta.version;
    const ignored = await patch({ op: "Replace", path: "title", value: "Chief" });
    assert.equal(ignored.meta.version, version, "nothing of ours was changed");
    const wrong = await scim(
      "PATCH",
      `/Users/${id}`,
      operations(
        { op: "Replace", path: "active", value: "False" },
        { op: "Replace", path: "actve", value: 1 },
      ),
    );
    assert.deepEqual([wrong.status, wrong.json.scimType], [400, "invalidPath"], "a slip is still said");
    assert.equal((await directory.get(id))?.status, "active", "and nothing of it done");
  });

  test("P17: takes a leaver out by the word False, whatever else stands beside it; empties a value; deletes", async () => {
    const emptied = await patch(
      { op: "Replace", path: 'phoneNumbers[type eq "mobile"].value', value: "" },
      { op: "Remove", path: 'emails[type eq "work"].value' },
    );
    assert.deepEqual([emptied.phoneNumbers, emptied.emails], [undefined, undefined]);
    const left = await patch(
      { op: "Add", path: "title", value: "Leaver" },
      { op: "Replace", path: "active", value: "False" },
    );
    assert.equal(left.active, false);
    assert.equal((await directory.get(id))?.status, "disabled");
    const { json } = await scim("GET", by('userName eq "mia@contoso.example"'));
    assert.equal(json.Resources[0].active, false, "who is out is still found");
    assert.equal((await scim("DELETE", `/Users/${id}`)).status, 204);
    assert.equal((await scim("GET", by('externalId eq "new"'))).json.totalResults, 0);
  });

  test("a parameter that stands there twice is said to, and is no fault of the server", async () => {
    for (const name of ["filter", "sortBy", "sortOrder", "startIndex", "count"]) {
      const { status, json } = await scim("GET", `/Users?${name}=1&${name}=2`);
      assert.deepEqual([status, json.scimType], [400, "invalidValue"], name);
    }
  });
});
