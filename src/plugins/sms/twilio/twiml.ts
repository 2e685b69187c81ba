/**
 * A call's words as TwiML: slowly, digit by digit, three times. It goes along with the request that asks for the call and
 * is fetched from nowhere, so no URL of ours ever answers with a code.
 */
import type { Speech } from "../../../core/sms.ts";

/** https://www.twilio.com/docs/voice/twiml/say/text-speech */
const VOICES: Readonly<Record<string, string>> = {
  "bg-BG": "Google.bg-BG-Standard-A",
  "de-DE": "Polly.Vicki",
  "en-US": "Polly.Joanna",
  "es-ES": "Polly.Lucia",
  "fr-FR": "Polly.Lea",
  "it-IT": "Polly.Bianca",
  "ru-RU": "Polly.Tatyana",
  "tr-TR": "Polly.Filiz",
};

const TIMES = 3;

/** The TwiML of a call; the result holds the code, so it goes into the request's body and nowhere else. */
export function toTwiml({ language, intro, again, bye, code }: Speech): string {
  const voice = VOICES[language] ?? VOICES["en-US"];
  const say = (words: string) => `<Say language="${language}" voice="${voice}">${words}</Say>`;
  const digits = [...code.reveal()].join('<break time="600ms"/>');
  const slowly = say(`<prosody rate="slow">${digits}</prosody>`);
  const turns = Array.from({ length: TIMES }, (_, turn) => {
    const before = turn === 0 ? "" : `<Pause length="1"/>${say(escaped(again))}`;
    return `${before}${slowly}`;
  });
  // A second of silence: who takes a call lifts the phone to the ear first.
  return `<Response><Pause length="1"/>${say(escaped(intro))}${turns.join("")}<Pause length="1"/>${say(escaped(bye))}</Response>`;
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
