import assert from "node:assert/strict";
import { it } from "node:test";
import { parsePrices } from "../../src/core/price-table.ts";

it("a table of prices: comments and blanks are for people, and each bad line is named", () => {
  const { prices, faults } = parsePrices(
    "# list of May\n+49, 0.11 ,0.10\n\n+,0.2,0.3 # the rest\n49,1,1\n+1;1;1\n",
  );
  assert.deepEqual(prices, { "+49": { sms: 0.11, call: 0.1 }, "+": { sms: 0.2, call: 0.3 } });
  assert.deepEqual(
    faults.map((fault) => fault.split(" must")[0]),
    ["line 5", "line 6"],
  );
});
