import { inspect } from "node:util";

/**
 * Values that cannot be printed. `String(x)`, template literals, JSON and `util.inspect` all give the mask;
 * only `reveal()` gives the value, so that every place that handles one in clear can be found by its name.
 */
class Unprintable {
  readonly #value: string;
  readonly #mask: string;
  constructor(value: string, mask: string) {
    this.#value = value;
    this.#mask = mask;
  }
  /** The value in clear. Never pass the result to a log, an error, a page or a URL. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return this.#mask;
  }
  toJSON(): string {
    return this.#mask;
  }
  [inspect.custom](): string {
    return this.#mask;
  }
}

/** A password, token, one-time code or key. */
export class Secret extends Unprintable {
  constructor(value: string) {
    super(value, "[secret]");
  }
}

/** A telephone number in E.164 (`+12025550143`). Prints as `•••• 43`. */
export class PhoneNumber extends Unprintable {
  constructor(e164: string) {
    super(e164, `•••• ${e164.slice(-2)}`);
  }
}
