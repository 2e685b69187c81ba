/** What a person signs in with: looked at, named, chosen, added by a walk of the server, taken away. */
import type { Authenticator, PhoneData, RecoveryData } from "../../core/authenticators.ts";
import { type Changes, createChanges, type Removed } from "../../core/factor-changes.ts";
import type { PageFacts } from "../../core/pages.ts";
import { PhoneNumber } from "../../core/secret.ts";
import { newUntil, preferred } from "../../core/undo.ts";
import type { Asked, Frame } from "./frame.ts";
import type { PortalDeps } from "./portal.ts";
import { policyFacts } from "./two-step.ts";
import { createUses } from "./uses.ts";

type Item = PageFacts<"account-factor">["item"];

const SMS = "sms";
/** Of one kind; more nobody needs, and each is one more that could be lost. */
const MOST = 10;

/** What would make an account of this strength stronger. */
const BETTER: Readonly<Record<"one" | "two" | "strong", readonly string[]>> = {
  one: ["sms", "totp", "passkey"],
  two: ["totp", "passkey"],
  strong: [],
};

const fill = (url: string, id: string): string => url.replace(":id", encodeURIComponent(id));

/** What others call it in its data: a device's own name, or none. */
const labelOf = ({ kind, data }: Authenticator): string => {
  if (kind === SMS) return new PhoneNumber((data as PhoneData).number).toString();
  const { label, name } = data as { label?: unknown; name?: unknown };
  return [label, name].find((one): one is string => typeof one === "string" && one !== "") ?? "";
};

export function mountFactors(frame: Frame, deps: PortalDeps): Changes {
  const { authenticators, client, visitOf, policy, now } = deps;
  const { look, take, strength } = frame;
  const changes = createChanges(deps, frame);
  const usesOf = createUses(deps.audit);

  async function itemsOf(asked: Asked): Promise<ReadonlyMap<string, readonly Item[]>> {
    const all = await authenticators.list(asked.here.subject);
    const used = all.some(({ kind }) => kind === SMS) ? await usesOf(asked.here.subject) : undefined;
    const first = preferred(all.filter(({ kind }) => kind === SMS));
    const items = new Map<string, Item[]>();
    for (const one of all) {
      const label = labelOf(one);
      const until = one.kind === SMS ? newUntil(one, policy().newNumberHours, now()) : undefined;
      const at = one.kind === SMS ? used?.(label) : (one.data as { usedAt?: number } | null)?.usedAt;
      const item = {
        id: one.id,
        label,
        nickname: (one.data as Partial<PhoneData> | null)?.nickname ?? "",
        added: frame.at(asked, one.boundAt),
        used: at === undefined ? "" : frame.at(asked, at),
        isDefault: one.id === first?.id,
        newUntil: until === undefined ? "" : frame.at(asked, until),
        left: one.kind === "recovery-code" ? (one.data as RecoveryData).hashes.length : -1,
      };
      items.set(one.kind, [...(items.get(one.kind) ?? []), item]);
    }
    return items;
  }

  look("/account", async (asked) => {
    const items = await itemsOf(asked);
    const { user } = asked.here;
    const { given_name, name } = user.claims;
    const level = await strength.level(user.id);
    const factors = [...new Set([...deps.kinds(), ...items.keys()])].map((kind) => {
      const held = items.get(kind) ?? [];
      const canAdd = deps.kinds().includes(kind) && held.length < MOST;
      return { kind, items: [...held], canAdd, canRemove: true };
    });
    return frame.show(asked, "account", {
      name: [given_name, name].find((one): one is string => typeof one === "string") ?? user.username,
      strength: level,
      canBeStronger: factors.some(({ kind, canAdd }) => canAdd && BETTER[level].includes(kind)),
      ...(await policyFacts(deps, frame, asked)),
      factors,
    });
  });

  /** A page about one authenticator; of anybody else's there is none (IDOR). */
  const about =
    (act: (asked: Asked, one: Authenticator) => ReturnType<Parameters<typeof look>[1]>) =>
    async (asked: Asked) => {
      const one = await changes.find(asked, asked.parameters.id);
      return one === undefined ? frame.goOn(asked, "/account", "account.failed.gone") : act(asked, one);
    };

  look(
    "/account/factors/:id",
    about(async (asked, one) => {
      const items = (await itemsOf(asked)).get(one.kind) ?? [];
      const item = items.find(({ id }) => id === one.id);
      if (item === undefined) return frame.goOn(asked, "/account", "account.failed.gone");
      return frame.show(asked, "account-factor", { kind: one.kind, item, others: items.length - 1 });
    }),
  );
  take(
    "/account/factors/:id/name",
    about(async (asked, one) => {
      const done = await changes.name(one, asked.form.nickname ?? "");
      return frame.goOn(asked, "/account", done ? "account.done.named" : "account.failed.meanwhile");
    }),
  );

  /** An act that asks once more, and wants fresh proofs both times. */
  function careful(
    act: "remove" | "default" | "change",
    doIt: (asked: Asked, one: Authenticator) => ReturnType<Parameters<typeof look>[1]>,
  ): void {
    const url = `/account/factors/:id/${act}`;
    const guarded = (then: typeof doIt) =>
      about(async (asked, one) => {
        if (act !== "remove" && one.kind !== SMS) return frame.goOn(asked, "/account");
        const isSure = await frame.isSure(asked, fill(url, one.id), one.kind);
        return isSure ? then(asked, one) : asked.reply;
      });
    look(
      url,
      guarded(async (asked, one) => {
        if (act === "remove" && !(await strength.canLose(asked.here, one))) {
          const isFree = await deps.demands.mayLose(asked.here.user, one, deps.mechanisms());
          return frame.told(asked, isFree ? "last" : "demanded");
        }
        return frame.show(asked, "account-ask", {
          act: one.kind === SMS ? `${act}-phone` : act,
          args: { what: (one.data as Partial<PhoneData>).nickname ?? labelOf(one) },
          action: fill(url, one.id),
          backUrl: fill("/account/factors/:id", one.id),
          danger: act === "remove",
        });
      }),
    );
    take(url, guarded(doIt));
  }

  const said: Readonly<Record<Removed, string>> = {
    removed: "account.done.removed",
    last: "account.failed.last",
    gone: "account.failed.gone",
    busy: "account.failed.meanwhile",
  };
  careful("remove", async (asked, one) =>
    frame.goOn(asked, "/account", said[await changes.remove(asked, one.id)]),
  );
  careful("default", async (asked, one) =>
    frame.goOn(
      asked,
      "/account",
      (await changes.prefer(asked, one)) ? "account.done.default" : "account.failed.meanwhile",
    ),
  );
  careful("change", (asked, one) => enrol(asked, SMS, one.id));

  /** Sends the person through the server's own walk, which asks for what is missing and binds. */
  async function enrol({ here, request, reply, locale }: Asked, kind: string, replaces?: string) {
    const { subject, user } = here;
    const had = (await authenticators.list(subject, kind)).map(({ id }) => id);
    const url = await client.begin(visitOf(request.raw).visitor.browser, {
      next: "/account",
      subject,
      username: user.username,
      locale,
      enrol: { kind, had, replaces },
    });
    return reply.code(303).header("location", url).send("");
  }

  const kindOf = ({ parameters }: Asked): string | undefined =>
    deps.kinds().find((kind) => kind === parameters.kind);
  look("/account/add/:kind", async (asked) => {
    const kind = kindOf(asked);
    if (kind === undefined) return frame.goOn(asked, "/account");
    if ((await authenticators.list(asked.here.subject, kind)).length >= MOST)
      return frame.goOn(asked, "/account", "account.failed.most");
    const url = `/account/add/${kind}`;
    if (!(await frame.isSure(asked, url, kind))) return asked.reply;
    return frame.show(asked, "account-ask", {
      act: `add-${kind}`,
      args: { hours: policy().newNumberHours },
      action: url,
      backUrl: "/account",
      danger: false,
    });
  });
  take("/account/add/:kind", async (asked) => {
    const kind = kindOf(asked);
    if (kind === undefined) return frame.goOn(asked, "/account");
    return (await frame.isSure(asked, `/account/add/${kind}`, kind)) ? enrol(asked, kind) : asked.reply;
  });
  return changes;
}
