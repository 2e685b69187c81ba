/** O21: the ways an administrator opens for a new factor: seen while they stand, closed by hand and by what they led to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEnrolment } from "../../src/core/enrolment.ts";
import { createCore, MINUTE } from "../kit/core.ts";

const DAY = 24 * 60 * MINUTE;

async function opened() {
  const core = await createCore();
  const enrolment = createEnrolment({ ...core, policy: () => "ticket" });
  return { core, enrolment };
}

test("O21: what stands open is seen with who opened it, why and until when, a ticket without its secret", async () => {
  const { core, enrolment } = await opened();
  assert.deepEqual(await enrolment.openings("s-1", "sms"), []);
  const until = core.now() + DAY;
  await enrolment.openWindow("s-1", "sms", "root", "new phone");
  core.advance(1);
  const ticket = (await enrolment.openTicket("s-1", "sms", "root", "by letter")).reveal();
  await enrolment.openWindow("s-2", "sms", "root", "somebody else");
  const seen = await enrolment.openings("s-1", "sms");
  assert.deepEqual(seen, [
    { by: "window", openedBy: "root", reason: "new phone", until },
    { by: "ticket", openedBy: "root", reason: "by letter", until: until + 1 },
  ]);
  assert.ok(!JSON.stringify(seen).includes(ticket.slice(0, 4)));
  core.advance(DAY - 1);
  assert.equal((await enrolment.openings("s-1", "sms")).length, 1, "the window is over, the ticket not yet");
  core.advance(1);
  assert.deepEqual(await enrolment.openings("s-1", "sms"), []);
});

test("O21: a window is closed by hand, and the ticket stays", async () => {
  const { enrolment } = await opened();
  await enrolment.openWindow("s-1", "sms", "root", "a mistake");
  const ticket = (await enrolment.openTicket("s-1", "sms", "root", "by letter")).reveal();
  await enrolment.closeWindow("s-1", "sms");
  assert.equal(await enrolment.standing("s-1", "sms"), "ticket");
  assert.equal(await enrolment.spend("s-1", "sms"), undefined);
  assert.equal((await enrolment.spend("s-1", "sms", ticket))?.authority, "ticket");
});

test("O21: a factor that was bound or changed voids every other ticket that was given for the person", async () => {
  const { enrolment } = await opened();
  const [first, second] = [
    (await enrolment.openTicket("s-1", "sms", "root", "first letter")).reveal(),
    (await enrolment.openTicket("s-1", "sms", "root", "second letter")).reveal(),
  ];
  const other = (await enrolment.openTicket("s-2", "sms", "root", "letter")).reveal();
  const spent = await enrolment.spend("s-1", "sms", first);
  assert.equal(spent?.authority, "ticket");
  assert.equal(await enrolment.knowsTicket("s-1", "sms", second), false);
  await spent?.giveBack();
  assert.equal(await enrolment.knowsTicket("s-1", "sms", first), true, "nothing could be bound on it");
  await enrolment.closeAll("s-1", "sms");
  assert.equal(await enrolment.spend("s-1", "sms", first), undefined);
  assert.equal(await enrolment.knowsTicket("s-2", "sms", other), true);
});

test("O21: a ticket that was given back lives no longer than it was to live", async () => {
  const { core, enrolment } = await opened();
  const ticket = (await enrolment.openTicket("s-1", "sms", "root", "letter")).reveal();
  core.advance(DAY - MINUTE);
  await (await enrolment.spend("s-1", "sms", ticket))?.giveBack();
  core.advance(MINUTE);
  assert.equal(await enrolment.knowsTicket("s-1", "sms", ticket), false);
});
