/**
 * Six bugs that the whole field has had, each as an exact change of our sources, and the tests that have to name it. A
 * change whose text is not found any more fails: then the plant is to be written anew, not to be left out.
 */

export interface Bug {
  readonly name: string;
  /** Source file, and what is put in the place of a text that stands there exactly once. */
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  readonly test: string;
  /** Names of the tests that have to turn red, by how they begin. */
  readonly red: readonly string[];
  /** What one of their failed assertions says. */
  readonly says: RegExp;
}

export const BUGS: readonly Bug[] = [
  {
    name: "a right password resets the count of wrong codes (CVE-2026-128332)",
    changes: [
      {
        file: "src/compose/compose.ts",
        from: "asked: meter.timed(directory),",
        to: `asked: {
        ...directory,
        lookUp: undefined,
        async checkPassword(username, password) {
          const check = await directory.checkPassword(username, password);
          if (check.kind === "right") await storage.records("code-failures").remove(check.user.id);
          return check;
        },
      },`,
      },
    ],
    test: "test/attacks/guessing.test.ts",
    red: ["O07 CVE-2026-128332"],
    says: /one a login, and a pause after the tenth/,
  },
  {
    name: "a code is used without asking whether it was used meanwhile",
    changes: [
      {
        file: "src/core/codes.ts",
        from: "challenges.write(right.id, { ...challenge, spent: true }, challenge.endsAt + KEEP, { expect })",
        to: "challenges.write(right.id, { ...challenge, spent: expect !== -1 }, challenge.endsAt + KEEP)",
      },
    ],
    test: "test/contracts/codes.test.ts",
    red: ["O03 M10: of two that have found the code right"],
    says: /spent/,
  },
  {
    name: "a resend gives the tries back",
    changes: [
      {
        file: "src/core/codes.ts",
        from: "          ...old,\n          sends,\n          endsAt: end,",
        to: "          ...old,\n          sends,\n          tries: 0,\n          endsAt: end,",
      },
    ],
    test: "test/attacks/guessing.test.ts",
    red: ["O05 O07: a resend gives no try back"],
    says: /7 !== 5/,
  },
  {
    name: "X-Forwarded-For is believed from anybody",
    changes: [
      {
        file: "src/kits/web/address.ts",
        from: "if (peers.trusts(nearest)) {",
        to: 'if (peers.trusts(nearest) || request.headers["x-forwarded-for"] !== undefined) {',
      },
    ],
    test: "test/attacks/proxies.test.ts",
    red: ["S15 a direct peer's forwarding headers count for nothing"],
    says: /x-forwarded-for/,
  },
  {
    name: "a callback without a signature is believed",
    changes: [
      {
        file: "src/plugins/sms/twilio/reports.ts",
        from: "if (signature === undefined) return false;",
        to: "if (signature === undefined) return true;",
      },
    ],
    test: "test/attacks/callbacks.test.ts",
    red: ["L09, M25: whatever is not the provider's word"],
    says: /unsigned/,
  },
  {
    name: "the code is written to the log",
    changes: [
      {
        file: "src/compose/compose.ts",
        from: "onAccepted: bounds.onAccepted,",
        to: `onAccepted: (challenge, taken) => {
        log.info("A text has gone out", { code: codes.reveal(challenge).reveal() });
        bounds.onAccepted(challenge, taken);
      },`,
      },
    ],
    test: "test/attacks/canary.test.ts",
    red: ["L02: nothing of it is in the logs"],
    says: /one-time code|server\.log/,
  },
];
