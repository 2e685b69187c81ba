/**
 * How strong an account is, and what has to be shown before it is changed: a factor the person has, at least as strong
 * as what is changed, a few minutes ago. A number that has just come counts for none of it: whoever has taken an account
 * over would else go on from there. Asked by the account pages and by the enrolment API, which know of a person what the
 * server has told them: the acr, and when it was shown.
 */
import type { Authenticator, Authenticators } from "./authenticators.ts";
import type { Demands } from "./demands.ts";
import type { User } from "./directory.ts";
import type { Factor, Mechanism } from "./mechanism.ts";
import type { PortalSettings } from "./portal-settings.ts";
import type { Snapshot } from "./settings.ts";
import { newUntil, preferred } from "./undo.ts";
import type { Clock, EpochMs, FactorKind, Subject } from "./words.ts";

export type Sure =
  | { readonly kind: "sure" }
  /** One of these has to be shown. */
  | { readonly kind: "ask"; readonly acrs: readonly string[] }
  /** The number that would have to prove it is new. */
  | { readonly kind: "wait"; readonly until: EpochMs }
  /** Nothing the person has is enough. */
  | { readonly kind: "none" };

const isSecond = ({ requires }: Mechanism): boolean => requires.some((kind) => kind !== "password");
/** Codes on paper are for the day on which the rest is lost; nobody lives by them. */
const isLasting = (mechanism: Mechanism): boolean =>
  isSecond(mechanism) && !mechanism.requires.includes("recovery-code");

/** How a person has signed in, as a token or a session says it. */
export interface Shown {
  readonly subject: Subject;
  readonly acr: string;
  readonly authTime: EpochMs;
}

export interface StrengthDeps {
  readonly mechanisms: () => readonly Mechanism[];
  readonly factorOf: (kind: FactorKind) => Factor | undefined;
  readonly authenticators: Authenticators;
  readonly demands: Pick<Demands, "mayLose" | "twoStep">;
  readonly policy: () => PortalSettings;
  readonly snapshot: () => Pick<Snapshot, "acrs">;
  readonly now: Clock;
}

export type Strength = ReturnType<typeof createStrength>;

export function createStrength(deps: StrengthDeps) {
  const { mechanisms, factorOf, authenticators, policy, now } = deps;

  /** The acrs that the person can reach, the strongest in front. */
  async function reach(subject: Subject): Promise<readonly Mechanism[]> {
    const found: Mechanism[] = [];
    for (const mechanism of mechanisms()) {
      const held = await Promise.all(
        mechanism.requires.map((kind) => factorOf(kind)?.held(subject, mechanism.phoneAttribute) ?? false),
      );
      if (held.every(Boolean)) found.push(mechanism);
    }
    return found.sort((one, other) => other.level - one.level);
  }

  return {
    /** The strongest acrs that the person can reach. */
    async strongest(subject: Subject): Promise<readonly string[]> {
      const reached = await reach(subject);
      return reached.filter(({ level }) => level === reached[0]?.level).map(({ acr }) => acr);
    },
    async level(subject: Subject): Promise<"one" | "two" | "strong"> {
      const found = (await reach(subject)).filter(isLasting);
      if (found.length === 0) return "one";
      return found.some(({ requires }) => !requires.includes("sms")) ? "strong" : "two";
    },
    /** Whether this person may do it now; `kind`: the factor it is about, none for what is about the whole account. */
    async sure({ subject, acr, authTime }: Shown, kind?: FactorKind): Promise<Sure> {
      const reached = await reach(subject);
      const ofKind = mechanisms().filter(({ requires }) => kind !== undefined && requires.includes(kind));
      const most =
        ofKind.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...ofKind.map(({ level }) => level));
      const needed = Math.min(reached[0]?.level ?? 0, most);
      const enough = reached.filter(
        ({ level, ...one }) => level >= needed && (isSecond({ level, ...one }) || !reached.some(isSecond)),
      );
      const until = await newNumber(subject);
      const usable = enough.filter(({ requires }) => until === undefined || !requires.includes("sms"));
      if (usable.length === 0)
        return until === undefined || enough.length === 0 ? { kind: "none" } : { kind: "wait", until };
      const acrs = usable.map((mechanism) => mechanism.acr);
      const isFresh = now() - authTime <= policy().freshFor * 1000;
      return isFresh && acrs.includes(acr) ? { kind: "sure" } : { kind: "ask", acrs };
    },
    /**
     * Whether the person may be without it: nothing that the policy demands, and not the last second factor, while the
     * server's own default, a role or the person's own switch asks for one.
     */
    async canLose({ user }: { readonly user: User }, one: Authenticator): Promise<boolean> {
      const { acrs } = deps.snapshot();
      const { demands } = deps;
      if (!(await demands.mayLose(user, one, mechanisms()))) return false;
      const isAsked =
        user.roles.length > 0 ||
        (await demands.twoStep.isOn(user.id)) ||
        mechanisms().some((mechanism) => mechanism.acr === acrs.default && isSecond(mechanism));
      if (!isAsked || (await authenticators.list(user.id, one.kind)).length > 1) return true;
      return (await reach(user.id)).some(
        (mechanism) => isLasting(mechanism) && !mechanism.requires.includes(one.kind),
      );
    },
  };

  /** Until when the number that codes go to is new. */
  async function newNumber(subject: Subject): Promise<EpochMs | undefined> {
    const phone = preferred(await authenticators.list(subject, "sms"));
    return phone === undefined ? undefined : newUntil(phone, policy().newNumberHours, now());
  }
}
