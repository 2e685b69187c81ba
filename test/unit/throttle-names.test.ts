/** What the throttle counts by: names and networks. */
import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { networksOf } from "../../src/core/network.ts";
import { usernameFault, usernameKey } from "../../src/core/username.ts";

describe("the key of a username", () => {
  it("P12: one for all spellings of a name", () => {
    const key = usernameKey("José Ångström");
    for (const text of [
      "JOSÉ ÅNGSTRÖM",
      "josé ångström".normalize("NFD"),
      "ＪＯＳÉ　ÅNGSTRÖM",
      " josé \u00a0ångström ",
    ])
      assert.equal(usernameKey(text), key, text);
    assert.equal(usernameKey("ΟΔΥΣΣΕΥΣ"), usernameKey("οδυσσευς"));
    assert.equal(usernameKey("\u212Aelvin"), "kelvin");
    assert.equal(usernameKey("ﬁona"), "fiona");
    assert.notEqual(usernameKey("jose"), usernameKey("josé"));
  });

  it("P12: of a key is the key, and case does not change it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        const key = usernameKey(text);
        assert.equal(usernameKey(key), key);
        if (/^[\x20-\x7e]*$/.test(text)) assert.equal(usernameKey(text.toUpperCase()), key);
      }),
    );
  });

  it("a name without fault has a key that is without fault", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        if (usernameFault(text) === undefined) assert.equal(usernameFault(usernameKey(text)), undefined);
      }),
    );
  });
});

describe("the networks of an address", () => {
  it("are the /24 and the address itself of IPv4, mapped or not", () => {
    const expected = { place: "192.0.2.0/24", zones: ["192.0.2.7"] };
    assert.deepEqual(networksOf("192.0.2.7"), expected);
    assert.deepEqual(networksOf("::ffff:192.0.2.7"), expected);
    assert.deepEqual(networksOf("::FFFF:192.0.2.7"), expected);
  });

  it("are the /64 and the /48 of IPv6, however it is written", () => {
    const expected = { place: "2001:db8:7:1::/64", zones: ["2001:db8:7:1::/64", "2001:db8:7::/48"] };
    for (const text of [
      "2001:db8:7:1::9",
      "2001:0DB8:0007:0001:1:2:3:4",
      "2001:db8:7:1:a:b:c:d%eth0",
      "2001:db8:7:1::10.0.0.1",
    ])
      assert.deepEqual(networksOf(text), expected, text);
    assert.equal(networksOf("::1").place, "0:0:0:0::/64");
    assert.equal(networksOf("fe80::1%lo").place, "fe80:0:0:0::/64");
    assert.equal(networksOf("1::").place, "1:0:0:0::/64");
  });

  it("S15: what is no address is one network, never an exception", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        const { place, zones } = networksOf(text);
        assert.ok(zones.length >= 1 && zones.length <= 2);
        assert.ok(!/NaN|undefined/.test(`${place} ${zones.join()}`));
        if (isIPv6(text) && place.endsWith("/64"))
          assert.ok(isIPv6(place.slice(0, -3)), `${text} gives ${place}`);
      }),
      { numRuns: 1000 },
    );
    assert.deepEqual(networksOf("unknown"), networksOf("1.2.3"));
  });
});
