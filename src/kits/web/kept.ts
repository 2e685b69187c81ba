/** Answers of a pure function, kept for inputs that come with every request: addresses, languages, redirect URIs. */

const MOST = 500;
/** Characters of an input beyond which its answer is not kept: whoever sends long ones fills no memory. */
const LONGEST = 256;

export function kept<T>(make: (input: string) => T): (input: string) => T {
  const answers = new Map<string, T>();
  return (input) => {
    const known = answers.get(input);
    if (known !== undefined || answers.has(input)) return known as T;
    const made = make(input);
    if (input.length > LONGEST) return made;
    if (answers.size >= MOST) answers.clear();
    answers.set(input, made);
    return made;
  };
}
