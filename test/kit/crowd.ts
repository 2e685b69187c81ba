/**
 * People who sign in again and again at whatever stands in front of the servers, and do what a browser's user does when a
 * page does not come: ask once more. Bounded: a few people, one sign-in each at a time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { codeAt, type Node, PASSWORD, type Site } from "./serve.ts";
import { codeFor, messageCount, redeem, wish } from "./sign-in.ts";
import { type Seen, type TestVisitor, textOf } from "./visitor.ts";

export interface Crowd {
  /** Sign-ins that came to their tokens. */
  done(): number;
  /** What kept one from its tokens although the person asked again; empty when no login was lost. */
  readonly lost: string[];
  /** Requests that were cut or answered 5xx, and asked once more. */
  readonly troubles: string[];
  /** Waits until so many have; throws with what is in the way when that takes a minute. */
  reach(count: number): Promise<void>;
  /** As a balancer that has read on `ready` that this server is going: who asks next waits until `letIn`. */
  holdBack(): void;
  letIn(): void;
  /** Lets everybody come to the end of the sign-in under way. */
  stop(): Promise<void>;
}

/** Seconds that a person goes on asking for one page. */
const PATIENCE = 20_000;

/** The visitor, asking again where the answer was cut or was one of a server that cannot serve. */
function patient(visitor: TestVisitor, troubles: string[], open: () => Promise<void>): TestVisitor {
  async function again(what: string, ask: () => Promise<Seen>): Promise<Seen> {
    await open();
    const until = Date.now() + PATIENCE;
    for (;;) {
      let why: string;
      try {
        const seen = await ask();
        if (seen.status < 500) return seen;
        why = String(seen.status);
      } catch (problem) {
        why = (problem as { code?: string }).code ?? String(problem);
      }
      troubles.push(`${what}: ${why}`);
      if (Date.now() > until) throw new Error(`${what} never came: ${why}`);
      await sleep(50);
    }
  }
  return {
    ...visitor,
    get: (target, headers) => again(`GET ${target.split("?")[0]}`, () => visitor.get(target, headers)),
    submit: (page, fields, headers) =>
      again(`POST ${page.url.pathname.slice(0, 7)}`, () => visitor.submit(page, fields, headers)),
  };
}

/** `people`: username and phone of each; they have enrolled. `front`: where they go. */
export function startCrowd(site: Site, front: Node, people: Readonly<Record<string, string>>): Crowd {
  let stopped = false;
  let done = 0;
  const lost: string[] = [];
  const troubles: string[] = [];
  let gate: PromiseWithResolvers<void> | undefined;
  const open = async () => gate?.promise;

  async function once(username: string, phone: string): Promise<void> {
    const visitor = patient(front.visitor(), troubles, open);
    const made = wish();
    const before = await messageCount(site);
    let seen = await visitor.get(made.url);
    // Whoever is asked again answers again: what was being looked at when a node died is asked for once more.
    for (let pages = 0; !seen.url.searchParams.has("code") && pages < 12; pages += 1) {
      const [, again] = /<a class="main" href="([^"]+)"/.exec(seen.body) ?? [];
      if (/name="password"/.test(seen.body))
        seen = await visitor.submit(seen, { username, password: PASSWORD });
      else if (/name="code"/.test(seen.body))
        seen = await visitor.submit(seen, { code: await codeFor(site, phone, before) });
      // A node was killed while it handed the finished login on: the page says so, with a link that begins it again.
      else if (/Start again|Sign in again/.test(textOf(seen.body)) && again !== undefined)
        seen = await visitor.get(again);
      else throw new Error(`${seen.url.pathname} (${seen.status}): ${textOf(seen.body).slice(0, 200)}`);
    }
    for (let round = 0; ; round += 1) {
      try {
        await open();
        await redeem(front, visitor, made, codeAt(seen));
        return;
      } catch (problem) {
        // The answer with the tokens was lost after the code was used: the application sends its person once more, who
        // has a session by now and is asked for nothing.
        if (round === 20) throw problem;
        troubles.push(`POST /token: ${String((problem as Error).message).slice(0, 80)}`);
        await sleep(100);
        seen = await visitor.get(made.url);
      }
    }
  }

  const everybody = Object.entries(people).map(async ([username, phone]) => {
    while (!stopped)
      try {
        await once(username, phone);
        done += 1;
      } catch (problem) {
        lost.push(`${username}: ${(problem as Error).message}`);
        await sleep(200);
      }
  });
  return {
    done: () => done,
    lost,
    troubles,
    async reach(count) {
      const until = Date.now() + 60_000;
      while (done < count) {
        if (Date.now() > until)
          throw new Error(
            `${done} of ${count} signed in; lost: ${lost.join("; ")}; troubles: ${troubles.slice(-5).join("; ")}`,
          );
        await sleep(20);
      }
    },
    holdBack() {
      gate ??= Promise.withResolvers();
    },
    letIn() {
      gate?.resolve();
      gate = undefined;
    },
    async stop() {
      stopped = true;
      await Promise.all(everybody);
    },
  };
}
