/** Phones of directories that take no changes, and of those that keep them as the original does. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ldapEntry } from "../kit/ldap.ts";
import { createRelyingParty } from "../kit/relying-party.ts";
import { startServer, type TestServer, typePassword } from "../kit/server.ts";
import { noSlapd, PASSWORD, PEOPLE, person, type Slapd, startSlapd } from "../kit/slapd.ts";
import { textOf } from "../kit/visitor.ts";

const skip = noSlapd;
const dnOf = (uid: string) => `uid=${uid},${PEOPLE}`;
const jans = (uid: string, more: Record<string, string | string[]>) =>
  person(uid, { objectClass: "jansPerson", inum: `inum-${uid}`, ...more });

let slapd: Slapd;
let readOnly: TestServer;
let original: TestServer;
if (skip === false) {
  slapd = await startSlapd({
    ldif: [
      person("rosa", { objectClass: "sallyportPerson" }),
      person("kept", { objectClass: "sallyportPerson", phoneNumberVerified: "+447911123451" }),
      jans("yes", { phoneNumberVerified: "TRUE", mobile: "447911123461" }),
      jans("fixed", { phoneNumberVerified: "TRUE", telephoneNumber: "+447911123462" }),
      jans("no", { phoneNumberVerified: "FALSE", mobile: "+447911123463" }),
      jans("none", { mobile: "+447911123464" }),
    ].join(""),
  });
  after(() => slapd.close());
  readOnly = await startServer({ config: { directories: [{ type: "sql" }, ldapEntry(slapd)] } });
  original = await startServer({
    config: {
      directories: [
        { type: "sql" },
        ldapEntry(slapd, { name: "gluu", preset: "janssen", subject_prefix: "", phone: { write: true } }),
      ],
    },
  });
}

const idOf = async (server: TestServer, uid: string) =>
  (await server.parts.directory.find(uid))?.id ?? assert.fail(`${uid} is not there`);

/** What comes after the password. */
async function afterPassword(server: TestServer, uid: string) {
  const rp = await createRelyingParty(server);
  const visitor = server.visitor();
  const begun = await rp.begin({ acr_values: "twilio_sms", scope: "openid phone" });
  const before = (await server.simulator.messages()).length;
  const page = await typePassword(visitor, await visitor.get(begun.url.href), uid, PASSWORD);
  return {
    page,
    codeTo: (phone: string) => server.simulator.codeAfter(before, phone),
    enrol: async (phone: string) => {
      const codePage = await visitor.submit(page, { phone });
      const code = await server.simulator.codeAfter(before, phone);
      return rp.redeem(begun, await visitor.submit(codePage, { code }));
    },
    finish: async (phone: string) => {
      const code = await server.simulator.codeAfter(before, phone);
      return rp.userinfo(await rp.redeem(begun, await visitor.submit(page, { code })));
    },
  };
}

test("a directory that takes no changes: what is verified here stays here, and counts", {
  skip,
}, async () => {
  const first = await afterPassword(readOnly, "rosa");
  await first.enrol("+447911123452");
  assert.deepEqual(await slapd.values(dnOf("rosa"), "phoneNumberVerified"), []);
  assert.equal((await slapd.log()).includes("MOD dn"), false, "nothing was written");
  readOnly.advance(31_000);
  assert.equal(
    (await (await afterPassword(readOnly, "rosa")).finish("+447911123452")).phone_number,
    "+447911123452",
  );
});

test("a number of such a directory that was taken away here does not come back by itself", {
  skip,
}, async () => {
  const { authenticators, phoneKey } = readOnly.parts;
  const subject = await idOf(readOnly, "kept");
  const [phone] = await authenticators.list(subject, "sms");
  assert.equal(await authenticators.unbind(phone?.id ?? "", "root", "stolen"), true);
  readOnly.advance(31_000);
  assert.deepEqual(await authenticators.list(subject), []);
  assert.deepEqual(await slapd.values(dnOf("kept"), "phoneNumberVerified"), ["+447911123451"]);
  const data = { number: "+447911123451", country: "GB", verifiedAt: 1 };
  await authenticators.bind({
    subject,
    kind: "sms",
    key: phoneKey(data.number),
    data,
    boundBy: "administrator",
  });
  readOnly.advance(31_000);
  assert.equal((await authenticators.list(subject, "sms")).length, 1, "bound anew, it counts again");
});

test("the original's boolean: TRUE lets mobile count, and telephoneNumber where there is none; anything else does not", {
  skip,
}, async () => {
  assert.equal(
    (await (await afterPassword(original, "yes")).finish("+447911123461")).phone_number,
    "+447911123461",
  );
  assert.equal(
    (await (await afterPassword(original, "fixed")).finish("+447911123462")).phone_number,
    "+447911123462",
  );
  for (const uid of ["no", "none"]) {
    const { page } = await afterPassword(original, uid);
    assert.match(page.body, /name="phone"/, `${uid}: ${textOf(page.body).slice(0, 200)}`);
  }
});

test("the original's boolean: a phone that is bound here is in mobile, and the boolean says TRUE, in one modify", {
  skip,
}, async () => {
  for (const [uid, phone] of [
    ["no", "+447911123471"],
    ["none", "+447911123472"],
  ] as const) {
    await (await afterPassword(original, uid)).enrol(phone);
    assert.deepEqual(
      await slapd.values(dnOf(uid), "mobile"),
      [phone],
      "numbers that nobody has verified do not become verified with it",
    );
    assert.deepEqual(await slapd.values(dnOf(uid), "phoneNumberVerified"), ["TRUE"]);
    assert.equal((await slapd.log()).split(`MOD dn="${dnOf(uid)}"`).length - 1, 1);
  }
  const subject = await idOf(original, "none");
  assert.equal(subject, "inum-none", "sub is the inum, as relying parties know it");
  const [row] = await original.parts.authenticators.list(subject, "sms");
  await original.parts.authenticators.unbind(row?.id ?? "", "root", "lost");
  assert.deepEqual(await slapd.values(dnOf("none"), "mobile"), []);
  assert.deepEqual(await slapd.values(dnOf("none"), "phoneNumberVerified"), ["FALSE"]);
});

test("the original's boolean set back by hand takes the phone away", { skip }, async () => {
  const subject = await idOf(original, "yes");
  assert.equal((await original.parts.authenticators.list(subject, "sms")).length, 1);
  await slapd.change(dnOf("yes"), { phoneNumberVerified: "FALSE" });
  original.advance(31_000);
  assert.deepEqual(await original.parts.authenticators.list(subject, "sms"), []);
  assert.equal((await original.parts.enrolment.openings(subject, "sms")).length, 1);
});
