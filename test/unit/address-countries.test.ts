import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { addressCountries } from "../../src/kits/web/address-countries.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-addresses-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const table = (text: string) => {
  const file = join(folder, `${Math.floor(performance.now() * 1e3)}.csv`);
  writeFileSync(file, text);
  const problems: unknown[] = [];
  const look = addressCountries(file, (problem) => problems.push(problem));
  return { look: look ?? assert.fail("no table"), problems };
};

describe("countries of addresses", () => {
  it("IPv4 and IPv6, borders included, the smaller range first, nothing outside", async () => {
    const { look } = table(
      'network,country\n192.0.2.0/24,DE\n192.0.2.128/25,AT\n"198.51.100.0/22","FR"\n2001:db8::/32,CH\n2001:db8:1::/48,IT\nrubbish\n10.0.0.0/8,xx\n',
    );
    const all = async (...addresses: string[]) => Promise.all(addresses.map(look));
    assert.deepEqual(await all("192.0.2.0", "192.0.2.127", "192.0.2.128", "192.0.2.255"), [
      "DE",
      "DE",
      "AT",
      "AT",
    ]);
    assert.deepEqual(
      await all("192.0.1.255", "192.0.3.0", "10.1.1.1", "elsewhere", ""),
      Array(5).fill(undefined),
    );
    assert.deepEqual(await all("198.51.103.255", "::ffff:192.0.2.1"), ["FR", "DE"]);
    assert.deepEqual(await all("2001:db8:1:ffff::1", "2001:db8:2::", "2001:db9::"), ["IT", "CH", undefined]);
  });

  it("a file that is gone is said once, and no address has a country", async () => {
    const problems: unknown[] = [];
    const look = addressCountries(join(folder, "gone.csv"), (problem) => problems.push(problem));
    assert.equal(await look?.("192.0.2.1"), undefined);
    assert.equal(await look?.("192.0.2.1"), undefined);
    assert.equal(problems.length, 1);
    assert.equal(
      addressCountries(undefined, () => {}),
      undefined,
    );
  });
});
