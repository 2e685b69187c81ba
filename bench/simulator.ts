/** The phone network of the benchmark: the product's simulator in a process of its own, and a window on its messages. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSimulator } from "../src/surfaces/dev/simulator/simulator.ts";
import { answer } from "./child.ts";

type Simulator = ReturnType<typeof createSimulator>;
let simulator: Simulator | undefined;

/** `GET /<number>` answers the digits of the newest message to that number: one lookup, no list over the wire. */
const window = createServer((req, res) => {
  const to = decodeURIComponent(req.url?.slice(1) ?? "");
  const message = simulator?.messages().findLast((one) => one.to === to);
  const code = /#(\d{6,10})/.exec(message?.body ?? "")?.[1];
  res.writeHead(code === undefined ? 404 : 200).end(code ?? "");
});

answer(
  {
    async start(account: { sid: string; token: string }) {
      simulator = createSimulator({ accounts: [account], now: Date.now, keep: 100 });
      const { url } = await simulator.listen();
      await new Promise<void>((resolve) => window.listen(0, "127.0.0.1", resolve));
      return { api: url, phones: `http://127.0.0.1:${(window.address() as AddressInfo).port}` };
    },
  },
  async () => {
    window.closeAllConnections();
    await simulator?.close();
  },
);
