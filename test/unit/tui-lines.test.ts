/** The console's lines and keys, without a terminal: cells, folding, what differs, what was pressed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { differLines } from "../../src/surfaces/admin/tui/differ.ts";
import { fit, widthOf, wrap } from "../../src/surfaces/admin/tui/lines.ts";
import { pressesOf } from "../../src/surfaces/admin/tui/press.ts";
import { auditQuery } from "../../src/surfaces/admin/tui/screens/audit.ts";
import { createTyped } from "../../src/surfaces/admin/tui/typed.ts";
import { clean, commandLine, foldCommand } from "../../src/surfaces/admin/tui/words.ts";

describe("cells", () => {
  test("wide, combined and joined characters take the cells that a terminal gives them", () => {
    assert.deepEqual(["abc", "電話", "e\u0301", "👩‍👩‍👧", "ßß"].map(widthOf), [3, 4, 1, 2, 2]);
    assert.deepEqual([fit("電話番号", 5), fit("ab", 4), fit("ab", 4, "right")], ["電話…", "ab  ", "  ab"]);
  });

  test("whatever the text, it fits exactly", () => {
    const text = fc.string({ unit: "grapheme" }).map(clean);
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (any, width) => widthOf(fit(any, width)) === width),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (any, width) =>
        wrap(any, width).every((line) => widthOf(line) <= width),
      ),
    );
  });
});

describe("the command that does the same", () => {
  test("words are quoted for a shell; an option without its value is left out", () => {
    const command = commandLine("user", "remove", "o'neill", ["--reason", "has left; rm -rf"], ["--by", ""]);
    assert.equal(command, "sallyport user remove 'o'\\''neill' --reason 'has left; rm -rf'");
  });

  test("is folded between words, so that a shell takes what is copied", () => {
    const command = "sallyport user remove ada --reason 'has left for good' --by root";
    assert.deepEqual(foldCommand(command, 40), [
      "sallyport user remove ada \\",
      "  --reason 'has left for good' \\",
      "  --by root",
    ]);
    for (const width of [26, 30, 60]) {
      const folded = foldCommand(command, width);
      assert.ok(folded.every((line) => widthOf(line) <= width));
      assert.equal(folded.join("\n").replace(/ \\\n +/g, " "), command);
    }
  });
});

describe("keys", () => {
  test("what was read at once over a slow line is as many keys; a word stays one text", () => {
    assert.deepEqual(pressesOf("ada\tpw\r\u007f\u0003", {}), [
      { kind: "text", text: "ada" },
      { kind: "tab" },
      { kind: "text", text: "pw" },
      { kind: "enter" },
      { kind: "backspace" },
      { kind: "ctrl", letter: "c" },
    ]);
  });

  test("S21: what is pasted into a field is one line without controls; a secret shows none of its letters", () => {
    const typed = createTyped("", true);
    typed.press({ kind: "text", text: "se\u001b[2Jcret\nline" });
    assert.equal(typed.text, "se[2Jcret line");
    assert.match(
      typed
        .pieces()
        .map(({ text }) => text)
        .join(""),
      /^•{14} $/,
    );
  });
});

describe("what differs between two texts", () => {
  const shown = (before: string, after: string) =>
    differLines(before, after).map((line) => line.map(({ text }) => text).join(""));

  test("removed, added, and a little around", () => {
    const before = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].join("\n");
    const after = ["1", "2", "3", "4", "five", "6", "7", "8", "9"].join("\n");
    assert.deepEqual(shown(before, after), ["   3", "   4", " - 5", " + five", "   6", "   7"]);
    assert.deepEqual(shown("a", "a"), []);
  });

  test("whatever the texts, the one is read from what stays and goes, the other from what stays and comes", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const all = shown(before.join("\n"), after.join("\n"));
        const count = (mark: string) => all.filter((line) => line.startsWith(mark)).length;
        assert.equal(count(" + ") - count(" - "), after.length - before.length);
      }),
    );
  });
});

test("a search of the audit: pairs, a kind or a name alone, days; anything else is said", () => {
  const query = (search: string) => {
    const parsed = auditQuery(search);
    return parsed.kind === "done" ? parsed.value : parsed.kind;
  };
  assert.deepEqual(query("ada code-wrong from=2027-01-31"), {
    user: "ada",
    kind: "code-wrong",
    from: "2027-01-31T00:00:00Z",
  });
  assert.equal(query("color=red"), "usage");
});
