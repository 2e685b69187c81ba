/** Passwords and tickets by an administrator (M24): seen once, told to the person, never of somebody with more rights. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { startApi } from "../kit/admin.ts";
import { PASSWORD, startServer } from "../kit/server.ts";
import { textOf } from "../kit/visitor.ts";

const server = await startServer({ hashCost: { memory: 64, passes: 1, lanes: 1 } });
const { directory, audit } = server.parts;
const api = await startApi(server);
const admin = await api.person("chief", ["admin"]);
const helpdesk = await api.person("desk", ["helpdesk"]);
const ids = async (name: string) => (await directory.find(name))?.id ?? assert.fail();
const path = (id: string, what: string) => `/mgt/configuser/${id}/${what}`;
const reason = "seen in person";
const check = async (name: string, password: string) =>
  (await directory.checkPassword(name, new Secret(password))).kind;

test("a temporary password is shown once, opens nothing but its own change, and stands in no event", async () => {
  const id = await ids("grace");
  const made = await admin.call("POST", path(id, "password"), { temporary: true, reason });
  assert.equal(made.status, 200, made.text);
  const { temporaryPassword: password, mustChange, until } = made.json as Record<string, string>;
  assert.equal(mustChange, true);
  assert.match(password ?? "", /^([2-9a-z]{5}-){3}[2-9a-z]{5}$/);
  const hours = (Date.parse(until ?? "") - Date.now()) / 3_600_000;
  assert.ok(hours > 71 && hours <= 72);
  assert.equal(await check("grace", password ?? ""), "must-change");
  assert.equal(await check("grace", PASSWORD), "wrong");
  const person = await admin.call("GET", `/mgt/configuser/${id}`);
  assert.equal((person.json as { passwordMustChange?: boolean }).passwordMustChange, true);
  const events = JSON.stringify(await audit.page({ limit: 200 }));
  assert.ok(!events.includes(password ?? "?"));
  assert.match(events, /seen in person/);
});

test("the flag alone, a password of the administrator's with it, and one that is final", async () => {
  const id = await ids("ada");
  const flag = await admin.call("POST", path(id, "password"), { reason });
  assert.equal(flag.status, 200, flag.text);
  assert.equal(await check("ada", PASSWORD), "must-change");
  const other = "a password of mine 77";
  assert.equal((await admin.call("POST", path(id, "password"), { password: "short", reason })).status, 400);
  assert.equal((await admin.call("POST", path(id, "password"), { password: other, reason })).status, 200);
  assert.equal(await check("ada", other), "must-change");
  const final = await admin.call("POST", path(id, "password"), {
    password: other,
    mustChange: false,
    reason,
  });
  assert.equal(final.status, 200);
  assert.equal(await check("ada", other), "right");
  const odd = await admin.call("POST", path(id, "password"), { temporary: true, password: other, reason });
  assert.equal(odd.status, 400);
  assert.equal((await admin.call("POST", path(id, "password"), { temporary: true })).status, 400, "a reason");
});

test("M24: the help desk hands out tickets and sets no password; nobody does either to somebody above them", async () => {
  const id = await ids("ada");
  assert.equal((await helpdesk.call("POST", path(id, "password"), { temporary: true, reason })).status, 403);
  for (const target of [admin.id, helpdesk.id]) {
    const { status } = await helpdesk.call("POST", path(target, "password-ticket"), { reason });
    assert.equal(status, target === admin.id ? 403 : 409);
  }
  assert.equal(
    (await admin.call("POST", path(admin.id, "password-ticket"), { reason })).status,
    409,
    "not to oneself",
  );
  const made = await helpdesk.call("POST", path(id, "password-ticket"), { reason });
  assert.equal(made.status, 201, made.text);
  const { ticket, url } = made.json as Record<string, string>;
  assert.equal(url, `${server.issuer}/forgotten/ticket`);
  const [event] = await audit.query({ subject: id, kind: "password-ticket", limit: 1 });
  assert.equal(event?.facts?.reason, reason);
  assert.ok(!JSON.stringify(event).includes(ticket ?? "?"));
  // Set by an administrator meanwhile: what was handed out before is void.
  await admin.call("POST", path(id, "password"), { temporary: true, reason });
  const visitor = server.visitor();
  const page = await visitor.get("/forgotten/ticket");
  const over = await visitor.submit(page, { username: "ada", ticket: ticket ?? "" });
  assert.match(textOf(over.body), /do not belong together/);
});
