/** A letter to a person, in plain text; never with a secret in it. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Takes letters to a mail server. Never throws for what that server does. */
export interface Mail {
  /** `later`: worth another try; `refused`: this letter or address will not be taken. */
  send(letter: Letter): Promise<"sent" | "refused" | "later">;
}
