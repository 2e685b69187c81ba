/** docs/tutorials/enrolment-api.md in one terminal, from its settings to the phone that is bound. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { Secret } from "../../src/core/secret.ts";
import { NOT_DONE, operations } from "../../src/surfaces/enrolment/contract.ts";
import { PASSWORD, startServer } from "../kit/server.ts";

const page = readFileSync(new URL("../../docs/tutorials/enrolment-api.md", import.meta.url), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, text = ""]) => text,
  );
const SECRET = "a-secret-of-the-backend";

/** A terminal that stays open: what one block sets, the next one has. */
function openTerminal(env: Readonly<Record<string, string>>) {
  const shell = spawn("bash", ["-u"], { env: { PATH: process.env.PATH ?? "", ...env }, stdio: "pipe" });
  let said = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream.on("data", (part) => {
      said += part;
    });
  return {
    async run(block: string): Promise<string> {
      said = "";
      shell.stdin.write(`${block}\nprintf '\\n--%s--\\n' done\n`);
      for (let times = 0; times < 600 && !said.includes("--done--"); times += 1)
        await new Promise((resolve) => setTimeout(resolve, 25));
      assert.ok(said.includes("--done--"), said);
      return said.replace("\n--done--\n", "");
    },
    end: () => shell.stdin.end(),
  };
}

/** The JSON of the page has the same names as the answer, and the same values where they are no placeholder. */
function agrees(shown: string, said: string): void {
  const [promised, answered] = [JSON.parse(shown), JSON.parse(said)] as [object, object];
  assert.deepEqual(Object.keys(promised).sort(), Object.keys(answered).sort());
  for (const name of ["code", "number", "nickName", "digits", "enrolled_methods", "total_creds", "country"])
    if (name in promised) assert.deepEqual(Reflect.get(answered, name), Reflect.get(promised, name), name);
}

test("each command does what the page says", async () => {
  const [settings = ""] = blocks("yaml");
  const given = parse(settings.replace(/\{ env: \w+ \}/g, SECRET)) as {
    clients: Record<string, unknown>[];
    portal: object;
    countries: string[];
  };
  const { portal, countries } = given;
  const server = await startServer({ clients: given.clients, settings: { portal, countries } });
  const made = await server.parts.directory.write?.add({ username: "ines", password: new Secret(PASSWORD) });
  if (made?.kind !== "done") assert.fail("no person");
  const terminal = openTerminal({ ISSUER: server.issuer, BACKEND_SECRET: SECRET, person: made.user.id });
  const [token = "", number = "", send = "", creds = "", look = "", ...more] = blocks("sh");
  assert.deepEqual(more, []);
  const [valid = "", sent = "", bound = "", info = "", ...rest] = blocks("json");
  assert.deepEqual(rest, []);

  assert.equal(await terminal.run(token), "");
  agrees(valid, await terminal.run(number));
  // What the page says of other numbers, at the question and at the sending.
  const withStatus = async (block: string, wanted: string, other: string) => {
    const typed = block
      .replace("+44 7400 123456", other)
      .replace(/^sent=\$\(api (.*\n.*)\)\n[\s\S]*$/, "api $1");
    const said = await terminal.run(typed.trim().replace(/^api /, "api -w ' %{http_code}' "));
    assert.equal(
      `${/"(?:cause|code)":"([A-Z_]+)"(?!.*"cause")/.exec(said)?.[1]} ${said.slice(-3)}`,
      wanted,
      said,
    );
  };
  for (const [other, cause] of [
    ["12", "INVALID_NUMBER"],
    ["+44 20 7946 0018", "NOT_MOBILE"],
    ["+44 7911 123456", "COUNTRY_NOT_ALLOWED"],
  ] as const) {
    await withStatus(number, `${cause} 200`, other);
    await withStatus(send, `${cause} 400`, other);
  }
  agrees(sent, await terminal.run(send));
  const code = await server.simulator.codeAfter(0, "+447400123456");
  agrees(bound, await terminal.run(creds.replace("123456", code)));
  const looked = await terminal.run(look);
  assert.match(looked, /"nickName":"Harbour"/);
  agrees(info, looked.slice(looked.indexOf('{"code"')));
  terminal.end();
});

test("the page speaks of every operation, and of all that the original has and we do not", () => {
  for (const { path } of operations) {
    const [, name = ""] =
      /^\/.*?\/?(validate-number|send-code|validate-code|creds|user-info)/.exec(path) ?? [];
    assert.ok(name !== "" && page.includes(name), path);
  }
  for (const word of ["util/twilio_sms/send", "Authenticator apps and passkeys", "turn-on", "turn-off"])
    assert.ok(page.includes(word), word);
  assert.ok(NOT_DONE.every(([, instead]) => instead.endsWith(".")));
});
