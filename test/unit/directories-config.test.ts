/** What is wrong with a list of directories is said whole, in sentences, before anything is opened. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { directoryFaults } from "../../src/compose/directories.ts";
import { Secret } from "../../src/core/secret.ts";

const corp = {
  type: "ldap",
  name: "corp",
  urls: ["ldaps://ldap.example.org"],
  base: "ou=people,dc=example,dc=org",
  bind_dn: "cn=sallyport,dc=example,dc=org",
  bind_password: new Secret("secret"),
};
const faults = (...directories: Record<string, unknown>[]) => directoryFaults({ directories });
const of = (over: Record<string, unknown>) => faults({ ...corp, ...over }).join("\n");

test("a sound list has no fault, and none at all is sound", () => {
  assert.deepEqual(faults({ type: "sql", names: ["root"] }, corp, { ...corp, name: "other" }), []);
  assert.deepEqual(directoryFaults({}), []);
});

test("M26: passwords are never sent in clear to another host", () => {
  assert.match(
    of({ urls: ["ldap://ldap.example.org"], start_tls: false }),
    /urls\[0\].*would send passwords in clear/,
  );
  assert.equal(of({ urls: ["ldap://ldap.example.org"] }), "", "StartTLS is on");
  assert.equal(of({ urls: ["ldap://127.0.0.1:3389"], start_tls: false }), "");
});

test("P16: a configuration that would bind as nobody is refused", () => {
  assert.match(of({ bind_password: new Secret("") }), /an empty password binds as nobody/);
  assert.match(of({ bind_password: undefined }), /go together/);
});

test("each fault names its field and says what to write", () => {
  for (const [over, sentence] of [
    [{ urls: ["http://x"] }, /directories\[0\]\.urls\[0\]: must be ldaps:\/\/HOST/],
    [{ urls: ["ldaps://x/dc=example"] }, /the base stands in base/],
    [{ filter: "(uid={username}" }, /filter: is no LDAP filter/],
    [{ filter: "(uid=ada)" }, /must contain \(ATTRIBUTE=\{username\}\)/],
    [{ people: "(objectClass=" }, /people: is no LDAP filter/],
    [{ base: "people" }, /base: must be a DN/],
    [{ preset: "novell" }, /preset/],
    [{ phone: { country: "Germany" } }, /phone\.country: must be an ISO country code/],
    [{ name: "Corp" }, /name: must be 1 to 31 lower-case/],
    [{ fresh_seconds: 3600 }, /fresh_seconds/],
    [{ passwort: "x" }, /passwort/],
  ] as const)
    assert.match(of(over), sentence);
});

test("names and prefixes of two directories must not be one", () => {
  assert.match(faults(corp, corp).join("\n"), /the name corp stands there twice/);
  assert.match(
    faults({ ...corp, subject_prefix: "" }, { ...corp, name: "other", subject_prefix: "" }).join("\n"),
    /subject_prefix "" stands there twice/,
  );
  assert.match(faults({ type: "sql" }, { type: "sql" }).join("\n"), /sql stands there twice/);
  assert.match(directoryFaults({ directories: [] }).join("\n"), /is empty/);
});
