/**
 * What is said when a code is brought by a call, in the languages there are voices for. Called by delivery.ts; how it is
 * spoken (breaks, voices, repetitions) is the gateway's.
 */
import type { CodePurpose } from "./message-texts.ts";
import type { Secret } from "./secret.ts";
import type { Speech } from "./sms.ts";

interface Words {
  readonly language: string;
  readonly "sign-in": string;
  readonly enrol: string;
  readonly "new-password": string;
  readonly again: string;
  readonly bye: string;
}

const CATALOGUE: Readonly<Record<string, Words>> = {
  en: {
    language: "en-US",
    "sign-in": "Hello. This is your code to sign in to {app}. Never tell it to anybody.",
    enrol: "Hello. This is your code to add this phone to {app}. Never tell it to anybody.",
    "new-password": "Hello. This is your code to set a new password at {app}. Never tell it to anybody.",
    again: "Once more, your code is:",
    bye: "If you did not ask for it, hang up. Goodbye.",
  },
  de: {
    language: "de-DE",
    "sign-in": "Hallo. Das ist Ihr Code für die Anmeldung bei {app}. Geben Sie ihn niemandem weiter.",
    enrol:
      "Hallo. Das ist Ihr Code, um dieses Telefon bei {app} hinzuzufügen. Geben Sie ihn niemandem weiter.",
    "new-password":
      "Hallo. Das ist Ihr Code, um bei {app} ein neues Passwort zu setzen. Geben Sie ihn niemandem weiter.",
    again: "Noch einmal, Ihr Code lautet:",
    bye: "Wenn Sie ihn nicht angefordert haben, legen Sie auf. Auf Wiederhören.",
  },
  es: {
    language: "es-ES",
    "sign-in": "Hola. Este es su código para iniciar sesión en {app}. No se lo diga a nadie.",
    enrol: "Hola. Este es su código para añadir este teléfono a {app}. No se lo diga a nadie.",
    "new-password":
      "Hola. Este es su código para poner una contraseña nueva en {app}. No se lo diga a nadie.",
    again: "Repetimos, su código es:",
    bye: "Si no lo ha pedido, cuelgue. Adiós.",
  },
  fr: {
    language: "fr-FR",
    "sign-in": "Bonjour. Voici votre code pour vous connecter à {app}. Ne le donnez à personne.",
    enrol: "Bonjour. Voici votre code pour ajouter ce téléphone à {app}. Ne le donnez à personne.",
    "new-password":
      "Bonjour. Voici votre code pour choisir un nouveau mot de passe chez {app}. Ne le donnez à personne.",
    again: "Nous répétons, votre code est :",
    bye: "Si vous ne l'avez pas demandé, raccrochez. Au revoir.",
  },
  it: {
    language: "it-IT",
    "sign-in": "Buongiorno. Questo è il suo codice per accedere a {app}. Non lo dica a nessuno.",
    enrol:
      "Buongiorno. Questo è il suo codice per aggiungere questo telefono a {app}. Non lo dica a nessuno.",
    "new-password":
      "Buongiorno. Questo è il suo codice per impostare una nuova password su {app}. Non lo dica a nessuno.",
    again: "Ripetiamo, il suo codice è:",
    bye: "Se non lo ha richiesto, riagganci. Arrivederci.",
  },
  ru: {
    language: "ru-RU",
    "sign-in": "Здравствуйте. Это ваш код для входа в {app}. Никому его не сообщайте.",
    enrol: "Здравствуйте. Это ваш код, чтобы добавить этот телефон в {app}. Никому его не сообщайте.",
    "new-password": "Здравствуйте. Это ваш код, чтобы задать новый пароль в {app}. Никому его не сообщайте.",
    again: "Повторяем, ваш код:",
    bye: "Если вы его не запрашивали, повесьте трубку. До свидания.",
  },
  tr: {
    language: "tr-TR",
    "sign-in": "Merhaba. {app} için giriş kodunuz budur. Kimseye söylemeyin.",
    enrol: "Merhaba. Bu telefonu {app} hesabınıza eklemek için kodunuz budur. Kimseye söylemeyin.",
    "new-password": "Merhaba. {app} için yeni parola belirleme kodunuz budur. Kimseye söylemeyin.",
    again: "Tekrar ediyoruz, kodunuz:",
    bye: "Bu kodu siz istemediyseniz telefonu kapatın. Hoşça kalın.",
  },
  bg: {
    language: "bg-BG",
    "sign-in": "Здравейте. Това е вашият код за вход в {app}. Не го казвайте на никого.",
    enrol: "Здравейте. Това е вашият код за добавяне на този телефон към {app}. Не го казвайте на никого.",
    "new-password": "Здравейте. Това е вашият код за нова парола в {app}. Не го казвайте на никого.",
    again: "Повтаряме, вашият код е:",
    bye: "Ако не сте го поискали, затворете. Довиждане.",
  },
};

const LONGEST_NAME = 60;

/** Composes it; English where the language has no words here. */
export function composeSpeech({
  appName,
  code,
  purpose,
  locale,
}: {
  readonly appName: string;
  readonly code: Secret;
  readonly purpose: CodePurpose;
  readonly locale: string;
}): Speech {
  const words = CATALOGUE[locale.split("-")[0]?.toLowerCase() ?? ""] ?? CATALOGUE.en;
  if (words === undefined) throw new Error("no words to speak");
  const { language, again, bye } = words;
  // A name cannot add a sentence of its own: no line ends, and not endless.
  const app = [...appName.replace(/[\s\p{C}]+/gu, " ").trim()].slice(0, LONGEST_NAME).join("");
  return {
    language,
    again,
    bye,
    code,
    intro: words[purpose === "change-number" ? "enrol" : purpose].replace("{app}", () => app),
  };
}
