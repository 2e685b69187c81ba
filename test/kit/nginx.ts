/** A real nginx on a site file of the examples, with ports, names and folders of the test in it. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import { HOST } from "./serve.ts";

const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx"].find(existsSync);

/** For `describe(…, { skip })`. */
export const noNginx: string | false =
  NGINX === undefined ? "nginx is not installed (apt-get install nginx-light)" : false;

/** The text of a file below examples/. */
export const readExample = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), "utf8");

/** Starts nginx on an example; answers its TLS port. `places`: what of the file is somewhere else here. */
export async function startNginx(
  example: string,
  places: Readonly<Record<string, string>>,
  { cert, key }: { readonly cert: string; readonly key: string },
): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "sallyport-nginx-"));
  const [tls, plain] = [await freePort(), await freePort()];
  writeFileSync(path.join(folder, "tls.crt"), cert);
  writeFileSync(path.join(folder, "tls.key"), key, { mode: 0o600 });
  let site = readExample(example)
    .replaceAll("/etc/sallyport", folder)
    .replaceAll("login.example.org", HOST)
    .replace("listen 443 ssl", `listen 127.0.0.1:${tls} ssl`)
    .replace("listen 80;", `listen 127.0.0.1:${plain};`);
  for (const [from, to] of Object.entries(places)) {
    if (!site.includes(from)) throw new Error(`${example} does not say ${from}`);
    site = site.replaceAll(from, to);
  }
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  writeFileSync(
    path.join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log warn;
     events { worker_connections 128; }
     http { ${scratch.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}\n${site}\n}`,
  );
  const child = spawn(NGINX ?? "nginx", ["-p", folder, "-c", path.join(folder, "nginx.conf")], {
    stdio: "ignore",
  });
  after(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await fetch(`http://127.0.0.1:${plain}`, { redirect: "manual" }).then(
        () => true,
        () => false,
      )
    )
      return tls;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nginx does not answer: ${readFileSync(path.join(folder, "error.log"), "utf8")}`);
}
