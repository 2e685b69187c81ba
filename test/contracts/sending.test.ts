/** Sending budgets over the engines: exact from two processes at once, two purses that never touch, nothing lost at a restart. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { createSending, type SendRequest } from "../../src/core/sending.ts";
import { sendingSchema } from "../../src/core/sending-settings.ts";
import { overEngines } from "../kit/over-engines.ts";
import { startProgram, until } from "../kit/processes.ts";
import { createStorage } from "../kit/storage.ts";
import { testSealer } from "../kit/stores.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;

overEngines("sending budgets", ({ store, place }) => {
  let skew = 0;
  const now = () => Date.now() + skew;
  /** With a memory and blocks of its own, as another process has. */
  const node = (given: Record<string, unknown> = {}) => {
    const storage = createStorage({ store: store().records, sealer: testSealer(), now });
    const settings = sendingSchema.parse(given);
    return { storage, ...createSending({ storage, settings: () => settings, now }) };
  };
  type Node = ReturnType<typeof node>;
  const ask = async (at: Node, over: Partial<SendRequest>) => {
    const reserved = await at.reserve({
      subject: "ada",
      e164: "+12025550143",
      country: "US",
      address: "192.0.2.7",
      lane: "owner",
      login: "login-1",
      client: "spa",
      ...over,
    });
    return reserved.kind === "go" ? "go" : reserved.why;
  };
  const times = async (count: number, act: (n: number) => Promise<string>) => {
    const all: string[] = [];
    for (let n = 0; n < count; n += 1) all.push(await act(n));
    return all;
  };
  const went = (answers: readonly string[]) => answers.filter((answer) => answer === "go").length;

  it("O15 O08: 1000 requests of two processes over 100 accounts to one block of numbers: the budget goes out, and no more", async () => {
    const script = fileURLToPath(new URL("../kit/sending-process.ts", import.meta.url));
    const programs = [0, 500].map((first) =>
      startProgram([place().text, "many", String(first), "500"], { script, keepInput: true }),
    );
    for (const program of programs)
      await until(program, async () => (program.stdout().includes("ready\n") ? true : undefined));
    for (const program of programs) program.write("go\n");
    const counts = await Promise.all(
      programs.map(async ({ ended }) => {
        const { stdout, stderr, code } = await ended;
        assert.equal(code, 0, stderr);
        return Number(stdout.split("\n")[1]);
      }),
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      10,
      String(counts),
    );
    assert.equal(await ask(node(), { lane: "stranger", e164: "+12025550001", subject: "late" }), "block100");
  });

  it("O15: five an hour and ten a day to one phone, also after a restart; a number nobody has asked for is free", async () => {
    const of = { subject: "bea", e164: "+447911123401", country: "GB" };
    assert.equal(went(await times(8, () => ask(node(), of))), 5);
    skew += HOUR + 6 * MINUTE;
    assert.equal(went(await times(8, () => ask(node(), of))), 5);
    skew += HOUR + 6 * MINUTE;
    assert.deepEqual(await times(1, () => ask(node(), of)), ["phone"]);
    assert.equal(await ask(node(), { ...of, subject: "bob" }), "go", "of another owner of the phone");
    skew += 26 * HOUR;
    assert.equal(await ask(node(), of), "go");
  });

  it("PR 2388: strangers who type in a number to the end of every budget leave its owner all codes", async () => {
    // What nodes before this one have drawn for their owners is over.
    skew += 30 * HOUR;
    const one = node({
      // As small as the strangers': what those have used up is missing to nobody.
      owners: {
        server: { hour: 6, day: 6 },
        country: { hour: 6, day: 6 },
        block100: { hour: 6, day: 6 },
        address: { hour: 6, day: 6 },
      },
      strangers: {
        server: { hour: 6, day: 6 },
        country: { hour: 6, day: 6 },
        account: { hour: 60, day: 200 },
      },
    });
    const stranger = { lane: "stranger", subject: "mallory", e164: "+4915112345678", country: "DE" } as const;
    const answers = await times(8, () => ask(one, stranger));
    assert.deepEqual([went(answers), answers[7]], [5, "phone"]);
    await ask(one, { ...stranger, e164: "+4915112345679" });
    assert.equal(await ask(one, { ...stranger, e164: "+4915212345679" }), "country");
    const owner = { subject: "cid", e164: "+4915112345678", country: "DE" };
    assert.equal(went(await times(5, () => ask(one, owner))), 5);
    assert.equal(await ask(one, owner), "phone");
    assert.equal(
      await ask(one, { ...owner, lane: "device" }),
      "go",
      "the owner's own browser has its own purse",
    );
  });

  it("a right code gives back what its lane has sent, and no other lane's", async () => {
    const of = { subject: "dee", e164: "+12125550101" };
    const one = node();
    await times(5, () => ask(one, { ...of, login: "stolen" }));
    await times(5, (n) => ask(one, { ...of, lane: "device", login: `own-${n}` }));
    assert.equal(await ask(node(), { ...of, lane: "device" }), "phone");
    const { writes, open } = await node().proven("dee", "own-4", false);
    assert.equal(open?.sends, 1);
    assert.ok(await one.storage.commit(writes));
    assert.equal(await ask(one, { ...of, lane: "device", login: "own-9" }), "go");
    assert.equal(await ask(one, { ...of, login: "stolen" }), "phone");
    const again = await one.proven("dee", "own-4", false);
    assert.deepEqual([again.writes.length, again.open], [0, undefined], "once");
  });

  it("a right code that leaves nothing open leaves no row, and a node that remembers none meets what another has drawn", async () => {
    const of = { subject: "eve", e164: "+13125550101", address: "198.51.100.4" };
    const [one, two] = [node(), node()];
    const row = () => two.storage.records("sends").get("account eve");
    assert.deepEqual(await times(2, () => ask(one, { ...of, login: "first" })), ["go", "go"]);
    assert.equal(await ask(one, { ...of, login: "second" }), "go");
    for (const [login, open] of [
      ["first", ["second"]],
      ["second", undefined],
    ] as const) {
      const { writes } = await two.proven("eve", login, false);
      assert.ok(await two.storage.commit(writes));
      const left = (await row()) as { readonly open?: object } | undefined;
      assert.deepEqual(left?.open && Object.keys(left.open), open);
    }
    // The other one still remembers a row that is gone; neither is told to wait, and every one of them counts.
    assert.deepEqual(await times(5, (n) => ask(n % 2 === 0 ? one : two, { ...of, login: `next-${n}` })), [
      ...Array(5).fill("go"),
    ]);
    assert.equal(await ask(node(), { ...of, login: "sixth" }), "phone");
  });

  it("what a node has drawn for the server and not used goes back; a node that died took at most a hundredth", async () => {
    const block = { hour: 1000, day: 1000 };
    const few = { owners: { server: { hour: 400, day: 400 }, address: block, block100: block } };
    const from = (n: number) => ({
      subject: `p${n}`,
      e164: `+3361234${5000 + n}`,
      country: "FR",
      login: `l${n}`,
    });
    skew += 30 * HOUR;
    assert.equal(await ask(node(few), from(0)), "go"); // and is never seen again: four drawn, one sent
    const last = node(few);
    // Two per slot, so that each slot leaves two of its four.
    let sent = 1;
    for (let slot = 0; slot < 6; slot += 1) {
      sent += went(await times(2, (n) => ask(last, from(1 + slot * 2 + n))));
      skew += 5 * MINUTE;
    }
    const rest = went(await times(420, (n) => ask(last, from(20 + n))));
    assert.ok(sent + rest <= 400 && sent + rest >= 396, `${sent} and ${rest}`);
    assert.equal(await ask(last, from(500)), "server");
  });

  it("O15 O08: two nodes killed in the middle, again and again: together they never send more than the server's budget", async () => {
    const script = fileURLToPath(new URL("../kit/sending-process.ts", import.meta.url));
    let sent = 0;
    let begun = 0;
    for (let round = 0; round < 5; round += 1) {
      const programs = [0, 1].map((one) =>
        startProgram([place().text, "steady", String(1000 * (2 * round + one))], { script }),
      );
      for (const program of programs) {
        await until(program, async () => (program.stdout().includes("\n") ? true : undefined));
        await new Promise((resolve) => setTimeout(resolve, 150));
        await program.end("SIGKILL");
        begun += 1;
        sent += program
          .stdout()
          .split("\n")
          .filter((line) => line === "go").length;
      }
      if (programs.every((program) => /refused/.test(program.stdout()))) break;
    }
    // Each that was killed may have drawn a block of two, and sent one, and said nothing of it.
    assert.ok(sent <= 200, `${sent} sent`);
    assert.ok(sent >= Math.min(200 - 3 * begun, 60), `${sent} sent by ${begun} nodes`);
  });

  it("a budget that refuses takes nothing from the others", async () => {
    const tight = node({ strangers: { country: { hour: 1, day: 1 } } });
    const of = { lane: "stranger", subject: "eve", country: "AT", address: "198.51.100.9" } as const;
    assert.equal(await ask(tight, { ...of, e164: "+436641234567" }), "go");
    assert.equal(
      (await times(40, () => ask(tight, { ...of, e164: "+436641234568" }))).every((one) => one === "country"),
      true,
    );
    assert.equal(await ask(tight, { ...of, e164: "+436641234568", country: "CH" }), "go");
  });

  it("the emergency switch stops everybody", async () => {
    assert.equal(await ask(node({ stopped: true }), { subject: "fay", lane: "device" }), "stopped");
  });
});
