/** A few connections, each used by one at a time; whoever finds none waits, and not for long. */
import { type Link, unavailable } from "./link.ts";

export interface Pool {
  /** `fresh`: on a connection of its own that nobody has used before. */
  use<T>(act: (link: Link) => Promise<T>, fresh?: boolean): Promise<T>;
  close(): void;
}

export interface PoolOptions {
  readonly most: number;
  readonly open: () => Promise<Link>;
  /** Milliseconds to wait for a free one. */
  readonly patience: number;
  /** Milliseconds after which an unused one is left to its server. */
  readonly idle: number;
}

export function createPool({ most, open, patience, idle }: PoolOptions): Pool {
  const free: { readonly link: Link; readonly timer: NodeJS.Timeout }[] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;
  let closed = false;

  function takeFree(): Link | undefined {
    for (let one = free.pop(); one !== undefined; one = free.pop()) {
      clearTimeout(one.timer);
      if (one.link.isOpen) return one.link;
      one.link.close();
    }
    return undefined;
  }

  function giveBack(link: Link | undefined): void {
    busy -= 1;
    if (link?.isOpen && !closed) {
      const timer = setTimeout(() => {
        const at = free.findIndex((one) => one.link === link);
        if (at >= 0) free.splice(at, 1);
        link.close();
      }, idle).unref();
      free.push({ link, timer });
    } else link?.close();
    waiting.shift()?.();
  }

  async function place(): Promise<void> {
    if (busy < most) {
      busy += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(unavailable("every connection to the directory is busy"));
      }, patience);
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      waiting.push(go);
    });
    busy += 1;
  }

  return {
    async use(act, fresh = false) {
      if (closed) throw unavailable("the directory is closed");
      await place();
      let link: Link | undefined;
      try {
        link = fresh ? undefined : takeFree();
        link ??= await open();
        const result = await act(link);
        link.isUsed = true;
        return result;
      } catch (problem) {
        if (link !== undefined) link.isUsed = true;
        throw problem;
      } finally {
        giveBack(link);
      }
    },
    close() {
      closed = true;
      for (const { link, timer } of free.splice(0)) {
        clearTimeout(timer);
        link.close();
      }
    },
  };
}
