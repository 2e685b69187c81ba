/** `sallyport completion`: prints what a shell needs to complete commands and options. */
import type { Command } from "commander";

export function registerCompletion(program: Command): void {
  program
    .command("completion <shell>")
    .description("print completion for bash, zsh or fish")
    .addHelpText(
      "after",
      `
Examples:
  source <(sallyport completion bash)
  sallyport completion zsh > ~/.zfunc/_sallyport      (with ~/.zfunc in fpath)
  sallyport completion fish > ~/.config/fish/completions/sallyport.fish`,
    )
    .action(async (shell: string) => {
      const [{ completionOf }, { act, print }] = await Promise.all([
        import("./completion.ts"),
        import("./screen.ts"),
      ]);
      await act(async () => print(await completionOf(program, shell)));
    });
}
