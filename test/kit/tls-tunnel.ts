/** A door for plain browsers to a TLS server: checks the certificate as a browser would and hands bytes through. */
import { createServer, type Socket } from "node:net";
import { after } from "node:test";
import { connect } from "node:tls";

/** Opens a loopback port whose bytes reach `port` through TLS; a certificate that does not fit ends the connection. */
export async function openTlsTunnel(port: number, ca: string, host: string): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: "127.0.0.1", port, ca, servername: host, rejectUnauthorized: true });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    far.on("error", () => near.destroy());
    near.on("error", () => far.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
