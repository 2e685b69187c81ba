/**
 * A factor and an acr of somebody who has nothing but the package: a badge number that is bound at the first sign-in and
 * asked for at each one after that.
 */
import type { FactorScript, Json, MechanismScript } from "sallyport/mechanism";

const digits = (answer: string | undefined): string | undefined =>
  /^\d{6}$/.exec((answer ?? "").replaceAll(" ", ""))?.[0];

export const factor: FactorScript = {
  kind: "badge",
  method: "kba",
  held: async (_person, ports) => (await ports.authenticators.list()).length > 0,
  challenge: {
    view: () => ({ heading: "Your badge", label: "Number on your badge", input: "digits" }),
    async authenticate(_login, form, ports) {
      const typed = digits(form.answer);
      const bound = (await ports.authenticators.list()).map(({ data }) => (data as { number: Json }).number);
      return typed !== undefined && bound.includes(typed)
        ? { kind: "proved" }
        : { kind: "retry", problem: "This is not the number on your badge." };
    },
  },
  enrol: {
    view: () => ({
      heading: "Add your badge",
      text: "From now on, you sign in with your password and the number on it.",
      label: "Number on your badge",
      input: "digits",
    }),
    async authenticate(_login, form, ports) {
      const number = digits(form.answer);
      if (number === undefined) return { kind: "retry", problem: "A badge has six digits." };
      await ports.authenticators.bind({ number });
      return { kind: "proved" };
    },
  },
};

export const mechanism: MechanismScript = { requires: ["password", "badge"] };
