/** The phones of one person in the directory, for whoever binds, changes or takes away one. */
import type { PhoneBook } from "../../../core/directory.ts";
import { Breakage } from "../../../core/errors.ts";
import type { PhoneNumber } from "../../../core/secret.ts";
import type { Subject } from "../../../core/words.ts";
import { idIn } from "./entry.ts";
import { Refused, unavailable } from "./link.ts";
import type { People } from "./people.ts";
import { toAdd, toRemove } from "./phone-values.ts";

/** noSuchAttribute, attributeOrValueExists: something else stands there than we had read. */
const MEANWHILE = [16, 20];

/** undefined: the subject is of another directory. */
export function phoneBook(people: People, subject: Subject): PhoneBook | undefined {
  const { config } = people;
  if (idIn(subject, config) === undefined) return undefined;
  const { write, window, country, attribute } = config.phone;

  function told(problem: unknown, act: string): Breakage {
    if (!(problem instanceof Refused)) throw problem;
    const where = `directory ${config.name}: ${act} ${attribute}`;
    if (MEANWHILE.includes(problem.code))
      return new Breakage("store-conflict", `${where}: the entry was changed at this moment`, {
        cause: problem,
        retryAfter: 1,
      });
    if (problem.code === 50)
      return unavailable(
        `${where}: ${config.bind_dn ?? "nobody"} may not write it; give it the right, or set phone.write: false`,
        problem,
      );
    if (problem.code === 65)
      return unavailable(
        `${where}: the entry's classes do not allow the attribute; name one that does in phone.object_class`,
        problem,
      );
    return unavailable(`${where}: result code ${problem.code}`, problem);
  }

  const personNow = async () => {
    const person = await people.byId(subject);
    if (person === undefined) throw unavailable(`directory ${config.name}: the person is gone`);
    return person;
  };

  return {
    name: config.name,
    writable: write,
    opensWindow: window,
    country,
    seen() {
      const person = people.seen(subject);
      return person === undefined
        ? undefined
        : { numbers: person.phones.numbers, modifiedAt: person.modifiedAt, readAt: person.readAt };
    },
    async add(number: PhoneNumber) {
      const person = await personNow();
      const adding = toAdd(number.reveal(), person.phones, config.phone);
      if (adding.changes.length === 0) return;
      await people.modifyPhones(person, adding).catch((problem: unknown) => {
        throw told(problem, "writing");
      });
    },
    async remove(written: string) {
      const person = await personNow();
      if (!person.phones.all.includes(written)) return;
      await people
        .modifyPhones(person, toRemove(written, person.phones, config.phone))
        .catch((problem: unknown) => {
          if (problem instanceof Refused && problem.code === 16) return;
          throw told(problem, "taking a number out of");
        });
    },
    count: (most: number) => people.countPhones(most),
  };
}
