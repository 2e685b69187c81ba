/** The page of a factor of one's own in every state, for the previews. */
import type { Page, PageFacts } from "../../core/pages.ts";

type Form = Pick<PageFacts<"question">, "brand" | "appName" | "action" | "csrf">;

export function questionStates(form: Form): readonly { readonly name: string; readonly page: Page }[] {
  const question: PageFacts<"question"> = {
    ...form,
    heading: "Your badge",
    text: "It hangs at your key ring.",
    label: "Number on the badge",
    input: "digits",
    problem: "",
  };
  const state = (name: string, over: Partial<PageFacts<"question">> = {}) => ({
    name,
    page: { page: "question", facts: { ...question, ...over } } as const,
  });
  return [
    state("question"),
    state("question-remember", { rememberDays: 30 }),
    state("question-secret", { text: "", input: "secret" }),
    state("question-wrong", { input: "text", problem: "This is not the number. Look at the back." }),
    state("notice-question-paused", { notice: "question.paused", noticeArgs: { minutes: 15 } }),
  ];
}
