/** The options that say which server and who asks, the same for every command. Loads nothing, so that help is quick. */
import type { Command } from "commander";

export const withConnection = (command: Command): Command =>
  command
    .optionsGroup("Which server, and who asks:")
    .option("--host <host>", "the server; https unless it is on this machine")
    .option("--config-file <file>", "JSON with host, client_id and client_secret or client_key (mode 600)")
    .option("--client-id <id>", "a client of the server with scopes of the admin API")
    .option("--client-secret-file <file>", "the client's secret; - is standard input")
    .option("--client-key <file>", "the client's private key, PEM or JWK, instead of a secret")
    .option("--client-secret <secret>", "accepted as the original does; others can see it, so prefer a file")
    .option("--access-token <token>", "a file with a token, or - for standard input, or the token itself")
    .option("--ca <file>", "PEM of an authority to trust besides those of the system")
    .optionsGroup("Options:");
