/** Completion made of the commands as they are registered, so that it cannot fall behind them. */
import type { Command } from "commander";
import { operations } from "../contract/operations.ts";
import { taskOf } from "./document.ts";
import { misused } from "./screen.ts";

/** Of one command: its words so far, and what may come next. */
interface Place {
  readonly words: string;
  readonly next: readonly string[];
}

function placesOf(command: Command, words: readonly string[] = []): readonly Place[] {
  const inner = command.commands.filter((one) => one.name() !== "help");
  const options = command.options.flatMap(({ long }) => (long == null ? [] : [long]));
  const here = { words: words.join(" "), next: [...inner.map((one) => one.name()), ...options, "--help"] };
  return [here, ...inner.flatMap((one) => placesOf(one, [...words, one.name()]))];
}

/** Values that are known without asking a server. */
const values = (): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ["--operation-id", operations.map(({ id }) => id)],
    ["--info", [...new Set(operations.map(({ tag }) => taskOf(tag)))]],
  ]);

export async function completionOf(program: Command, shell: string): Promise<string> {
  const places = placesOf(program);
  if (shell === "bash") return bash(places);
  if (shell === "zsh")
    return `#compdef sallyport\nautoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
  if (shell === "fish") return fish(places);
  return misused(`completion: ${shell} is not known; say bash, zsh or fish.`);
}

const bash = (places: readonly Place[]): string => `_sallyport() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place="" word
  COMPREPLY=()
  case "$previous" in
${[...values()].map(([option, words]) => `    ${option}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current")); return ;;`).join("\n")}
    --data|--ca|--config|--config-file|--client-secret-file|--client-key|--access-token) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${places.map(({ words }) => words.replaceAll(" ", "/")).join(" ")} " in
      *" \${place:+$place/}$word "*) place="\${place:+$place/}$word" ;;
    esac
  done
  case "$place" in
${places.map(({ words, next }) => `    "${words.replaceAll(" ", "/")}") COMPREPLY=($(compgen -W "${next.join(" ")}" -- "$current")) ;;`).join("\n")}
  esac
}
complete -F _sallyport sallyport`;

function fish(places: readonly Place[]): string {
  const lines = ["complete -c sallyport -f"];
  for (const { words, next } of places) {
    const inner =
      words === ""
        ? "__fish_use_subcommand"
        : words
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    const names = next.filter((one) => !one.startsWith("-"));
    if (names.length > 0)
      lines.push(
        `complete -c sallyport -n "${words === "" ? inner : `${inner}; and not __fish_seen_subcommand_from ${names.join(" ")}`}" -a "${names.join(" ")}"`,
      );
    for (const option of next.filter((one) => one.startsWith("--"))) {
      const known = values().get(option);
      lines.push(
        `complete -c sallyport -n "${inner}" -l ${option.slice(2)}${known === undefined ? "" : ` -x -a "${known.join(" ")}"`}`,
      );
    }
  }
  return lines.join("\n");
}
