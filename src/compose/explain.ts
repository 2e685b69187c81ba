/**
 * What would be asked of a sign-in now and why: the rules that serve, asked for their answer and for nothing else. It takes no
 * slot, draws no budget, writes nothing down and sends nothing. Called by the admin API.
 */

import type { PhoneData } from "../core/authenticators.ts";
import { createFailures } from "../core/code-failures.ts";
import type { Demands } from "../core/demands.ts";
import type { User } from "../core/directory.ts";
import type { Mechanism, Task } from "../core/mechanism.ts";
import { PhoneNumber } from "../core/secret.ts";
import { lookAtBudgets } from "../core/sending.ts";
import type { Lane, SendFacts } from "../core/sending-draws.ts";
import type { Snapshot } from "../core/settings.ts";
import { dayOf, MICRO } from "../core/spend.ts";
import { createThrottle } from "../core/throttle.ts";
import type { ExplainQuestion, Explanation } from "../surfaces/admin/contract/explain.ts";
import { acrRequest } from "../surfaces/oidc/choice.ts";
import { whyChosen } from "../surfaces/oidc/choice-why.ts";
import { deviceReasons, policyReasons } from "./explain-person.ts";
import { acrReason, at, budgetReasons, type Reason, say, stepsOf } from "./explain-words.ts";
import type { composeLimits } from "./limits.ts";
import type { Parts } from "./parts.ts";

type Bounds = Pick<ReturnType<typeof composeLimits>, "limits" | "brake" | "guardWould" | "factor">;

export interface ExplainParts {
  readonly parts: Parts;
  readonly bounds: Bounds;
  readonly demands: Demands;
  readonly current: () => { readonly snapshot: Snapshot; readonly mechanisms: readonly Mechanism[] };
}

const FACTOR = "sms";
export function createExplain({ parts, bounds, demands, current }: ExplainParts) {
  const { directory, authenticators, enrolment, storage, settings, store, now } = parts;
  const throttle = createThrottle({ records: storage.records("password-throttle"), now });
  const failures = createFailures(storage, bounds.limits, now);

  async function password(user: User | undefined, question: ExplainQuestion): Promise<readonly Reason[]> {
    if (question.user === undefined || question.ip === undefined) return [];
    const { seconds, failures: wrong } = await throttle.look({
      subject: user?.id,
      username: question.user,
      address: question.ip,
      device: question.browser === "known" ? "known" : undefined,
    });
    const count = wrong === 0 ? "no wrong password is remembered" : `${wrong} wrong ones are remembered`;
    return [
      seconds > 0
        ? say(
            "error",
            "password",
            `A password from this address is not compared for another ${seconds} s (${count}).`,
            "Wait; or sign in from a browser that has signed in before. A window of sallyport user enrolment does not shorten it.",
          )
        : say("ok", "password", `The password is asked and compared at once (${count}).`),
    ];
  }

  async function codes(user: User): Promise<readonly Reason[]> {
    const [standing, { failures: wrong }] = await Promise.all([
      failures.standing(user.id),
      failures.count(user.id),
    ]);
    const { disableAfter, codeDigits } = bounds.limits();
    const since = bounds.brake.since;
    const brake =
      since === undefined
        ? []
        : [
            say(
              "warning",
              "code",
              `The brake is on since ${at(since)}: codes have ${codeDigits} digits, and waits are doubled.`,
              "Somebody guesses at many accounts; it goes off by itself when that is over.",
            ),
          ];
    if (standing.kind === "disabled")
      return [
        ...brake,
        say(
          "error",
          "code",
          `The factor is disabled after ${wrong} wrong codes: no code is sent or taken.`,
          "When you know who is in front of you: sallyport user enrolment opens the way to a new binding and forgets them.",
        ),
      ];
    if (standing.kind === "paused")
      return [
        ...brake,
        say(
          "error",
          "code",
          `Codes are paused until ${at(standing.until)} after ${wrong} wrong ones.`,
          "Wait; a right code forgets them.",
        ),
      ];
    return [
      ...brake,
      say("ok", "code", `Codes are compared; ${wrong} wrong of ${disableAfter} are counted.`),
    ];
  }

  async function enrol(user: User): Promise<readonly Reason[]> {
    const standing = await enrolment.standing(user.id, FACTOR);
    const open = await enrolment.openings(user.id, FACTOR);
    const tickets = open.filter(({ by }) => by === "ticket").length;
    const remedy = "sallyport user enrolment opens a window or makes a ticket.";
    switch (standing) {
      case "password-once":
        return [say("ok", "phone", "They have never had a phone: the password lets them add the first one.")];
      case "two-factors":
        return [say("ok", "phone", "They have no phone, and add one after showing what else they hold.")];
      case "window":
        return [say("ok", "phone", "A window is open: they add a phone with their password.")];
      case "ticket":
        return [
          tickets > 0
            ? say(
                "warning",
                "phone",
                "They have no phone; with the ticket that was made for them they add one.",
              )
            : say("error", "phone", "They have no phone, and may add none by a password alone.", remedy),
        ];
      case "closed":
        return [
          say(
            "error",
            "phone",
            "They have no phone, and enrolment is off.",
            "Set enrolment to ticket, then open a window.",
          ),
        ];
    }
  }

  async function sending(
    user: User,
    question: ExplainQuestion,
    phone: PhoneData | undefined,
  ): Promise<readonly Reason[]> {
    const { sending: rules, spend } = settings.document();
    if (rules.stopped)
      return [
        say(
          "error",
          "sending",
          "The emergency switch is on (sending.stopped): no text goes out.",
          "When what it was pulled for is over: sallyport sms go.",
        ),
      ];
    const money = await spent(spend);
    if (money !== undefined) return [money];
    const lane: Lane = phone === undefined ? "stranger" : question.browser === "known" ? "device" : "owner";
    const facts = {
      subject: user.id,
      e164: phone?.number ?? "",
      country: phone?.country ?? "",
      address: question.ip ?? "",
      lane,
    };
    const budgets = await lookAtBudgets({ storage, now, settings: () => rules }, facts);
    const asked = budgets.filter(({ scope }) =>
      scope === "address" || scope === "network"
        ? question.ip !== undefined
        : phone !== undefined || scope === "account" || scope === "server",
    );
    return [...budgetReasons(asked, lane), ...(await guarded(facts, question, phone))];
  }

  async function guarded(
    facts: SendFacts,
    question: ExplainQuestion,
    phone: PhoneData | undefined,
  ): Promise<readonly Reason[]> {
    if (phone !== undefined)
      return [say("ok", "guard", "The pumping guard has nothing to say of a phone that is bound.")];
    const { mode } = settings.document().pumping;
    if (mode !== "protect") return [say("ok", "guard", `The pumping guard is in ${mode}: it stops no text.`)];
    if (question.ip === undefined)
      return [say("skipped", "guard", "What the pumping guard would decide depends on the number and --ip.")];
    const would = await bounds.guardWould({ ...facts, login: "", client: question.client } as Parameters<
      Bounds["guardWould"]
    >[0]);
    return would === undefined
      ? [
          say(
            "ok",
            "guard",
            "The pumping guard has nothing against this address; of the number nothing is known.",
          ),
        ]
      : [
          say(
            "error",
            "guard",
            "The pumping guard lets nobody at this address type in a new number now.",
            "sallyport cli --operation-id get-sms-decisions says why.",
          ),
        ];
  }

  async function spent({ dayHard, monthHard }: ReturnType<typeof settings.document>["spend"]) {
    const today = dayOf(now());
    for (const [span, from, hard] of [
      ["day", today, dayHard],
      ["month", `${today.slice(0, 7)}-01`, monthHard],
    ] as const) {
      if (hard === null || (await store.spend.total(from, today)) < hard * MICRO) continue;
      return say(
        "error",
        "sending",
        `The money of the ${span} is spent (${hard}): no text goes out.`,
        `Raise spend.${span}Hard, where it was right.`,
      );
    }
    return undefined;
  }

  async function person(
    question: ExplainQuestion,
    user: User | undefined,
    mechanism: Mechanism,
  ): Promise<{ readonly steps: readonly Task[]; readonly reasons: readonly Reason[] }> {
    const phones = user === undefined ? [] : await authenticators.list(user.id, FACTOR);
    const phone = phones[0]?.data as PhoneData | undefined;
    const steps = await stepsOf(mechanism, user === undefined || phone !== undefined);
    const reasons: Reason[] = [...(await password(user, question))];
    const text = steps.find(({ factor }) => factor === FACTOR);
    if (text === undefined || user === undefined) return { steps, reasons };
    if (phone === undefined) reasons.push(...(await enrol(user)));
    else {
      reasons.push(
        say("ok", "phone", `The code goes to ${new PhoneNumber(phone.number)} (${phone.country}).`),
        ...(await codes(user)),
      );
      const test = bounds.factor.testNumberOf(phone.number);
      if (test !== undefined)
        return {
          steps,
          reasons: [
            ...reasons,
            user.roles.length > 0
              ? say(
                  "error",
                  "code",
                  "It is a test number, and no account with a role may use one.",
                  "Give them a phone of their own.",
                )
              : say(
                  "warning",
                  "code",
                  `It is a test number until ${test.until}: its code is fixed, and nothing is sent.`,
                ),
          ],
        };
    }
    reasons.push(...(await sending(user, question, phone)));
    return { steps, reasons };
  }

  return async (question: ExplainQuestion): Promise<Explanation | "no-client" | "no-user"> => {
    const { snapshot, mechanisms } = current();
    const client = snapshot.clients.find(({ client_id }) => client_id === question.client);
    if (client === undefined) return "no-client";
    const user = question.user === undefined ? undefined : await directory.find(question.user);
    if (question.user !== undefined && user === undefined) return "no-user";
    const why = whyChosen(acrRequest({ acr_values: question.acr }), client, snapshot, mechanisms);
    const reasons: Reason[] = [];
    let blocked = false;
    if (client.disabled) {
      blocked = true;
      reasons.push(
        say(
          "error",
          "client",
          `${client.client_id} is disabled: whatever it asks is refused.`,
          `Where that was not meant: sallyport cli --operation-id patch-oauth-openid-client-by-inum --url-suffix inum:${client.client_id} --patch-replace disabled:false`,
        ),
      );
    }
    if (user !== undefined && user.status !== "active") {
      blocked = true;
      reasons.push(
        say(
          "error",
          "person",
          `${user.username} is disabled: the right password looks like a wrong one.`,
          "sallyport user enable, where that was not meant.",
        ),
      );
    }
    reasons.push(acrReason(why, client.default_acr_values, snapshot.acrs.default));
    const considered = why.considered.map(({ name, verdict }) => ({ name, verdict }));
    const head = { by: why.by, considered };
    if (why.choice.kind === "unmet") return { ...head, outcome: "refused", steps: [], reasons };
    const { mechanism } = why.choice;
    const asked = await person(question, user, mechanism);
    reasons.push(...asked.reasons);
    reasons.push(...(await deviceReasons(parts, snapshot, client, mechanism, user)));
    reasons.push(...(await policyReasons(demands, snapshot, mechanisms, user, now())));
    const stops = reasons.filter(({ level }) => level === "error");
    const waits = stops.every(
      ({ check, message }) => check === "password" || check === "sending" || /paused/.test(message),
    );
    return {
      ...head,
      acr: mechanism.acr,
      level: mechanism.level,
      outcome: stops.length === 0 ? "asked" : !blocked && waits ? "waits" : "refused",
      steps: asked.steps.map(({ factor, act }) => ({ factor, act })),
      reasons,
    };
  };
}
