/** Whoever launched this program, where it was launched to be ended with them: by `npm start`, or from another Node. */

const LOOK_MS = 250;

/** Calls `ended` once the launcher is gone. Without one the program goes on alone, as behind nohup or a service manager. */
export function whenLauncherEnds(ended: () => void): void {
  const launcher = Number(process.env.SALLYPORT_LAUNCHER || Number.NaN);
  if (Number.isNaN(launcher)) return;
  const look = setInterval(() => {
    // An orphan gets another parent. No signal tells of it: npm ends its shell, and the shell tells nobody.
    if (process.ppid === launcher) return;
    clearInterval(look);
    ended();
  }, LOOK_MS);
  look.unref();
}
