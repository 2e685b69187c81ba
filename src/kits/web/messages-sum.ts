/** How many texts of messages there are and how many take more than one segment, a line for each language. */
import { MESSAGE_PURPOSES } from "../../core/message-texts.ts";
import { faultOfText, segmentsOf } from "./messages-check.ts";

type Messages = ReadonlyMap<string, ReadonlyMap<string, string>>;

const counted = (count: number): string => `${count} ${count === 1 ? "text" : "texts"}`;

/** Texts that are those of `ours`, word for word, are not counted. */
export const messagesWithout = (messages: Messages, ours: Messages): Messages =>
  new Map(
    [...messages].map(([tag, texts]) => [
      tag,
      new Map([...texts].filter(([purpose, text]) => ours.get(tag)?.get(purpose) !== text)),
    ]),
  );

/** The lines, and the texts of all languages together in the last one. */
export function sumOfMessages(messages: Messages): readonly string[] {
  let all = 0;
  let long = 0;
  const lines = [...messages].flatMap(([tag, texts]) => {
    const sound = MESSAGE_PURPOSES.flatMap((purpose) => {
      const text = texts.get(purpose);
      return text === undefined || faultOfText(purpose, text, tag) !== undefined
        ? []
        : [segmentsOf(purpose, text, tag)];
    });
    const more = sound.filter((segments) => segments > 1).length;
    all += sound.length;
    long += more;
    return sound.length === 0
      ? []
      : [`messages/${tag}.json: ${counted(sound.length)}, ${more} of several segments.`];
  });
  return [...lines, `${counted(all)} in all that can be sent, ${long} of several segments.`];
}
