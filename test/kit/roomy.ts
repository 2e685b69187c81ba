/** Sending budgets at their bounds, for suites that sign in over and over from one address without being about budgets. */
const huge = { hour: 1_000_000, day: 10_000_000 };
const phone = { hour: 20, day: 50 };
const account = { hour: 60, day: 200 };

export const roomy = {
  owners: {
    phone,
    account,
    address: huge,
    network: huge,
    block100: huge,
    block10000: huge,
    country: huge,
    server: huge,
  },
  strangers: {
    phone,
    account,
    address: { hour: 1_000, day: 10_000 },
    network: { hour: 10_000, day: 100_000 },
    block100: { hour: 1_000, day: 10_000 },
    block10000: { hour: 10_000, day: 100_000 },
    country: huge,
    server: huge,
  },
};
