/**
 * Loaded into every test file's process (groups.ts). The timeout of `node --test` holds for tests, not for files: a file
 * whose tests are over, but which has left a server open, would keep the whole run from its end without a word.
 */
const LONGEST_FILE_MS = 600_000;

// The runner itself loads it as well, and may take longer.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  const longest = Number(process.env.SALLYPORT_LONGEST_FILE_MS ?? LONGEST_FILE_MS);
  setTimeout(() => {
    const held = [...new Set(process.getActiveResourcesInfo())].join(", ");
    process.stderr.write(`${process.argv[1]} did not end within ${longest / 1000} s; open: ${held}\n`);
    process.exit(1);
  }, longest).unref();
}
