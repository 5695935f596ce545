// Runs inside the sandbox, which has no network: PORT=SOCKET pairs, then "--" and a command.
// Listens on each port of the loopback address, carries every connection to the unix socket, and only then
// starts the command, whose exit code becomes its own.
"use strict";
const net = require("net");
const os = require("os");
const { spawn } = require("child_process");

const split = process.argv.indexOf("--");
const routes = process.argv.slice(2, split).map((pair) => pair.split("="));
const [program, ...args] = process.argv.slice(split + 1);

const listen = ([port, path]) =>
  new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true }, (inner) => {
      const outer = net.connect({ path, allowHalfOpen: true });
      inner.on("error", () => outer.destroy());
      outer.on("error", () => inner.destroy());
      inner.pipe(outer).pipe(inner);
    });
    server.on("error", reject);
    server.listen(Number(port), "127.0.0.1", resolve);
  });

const fail = (error) => {
  process.stderr.write(`sandbox: ${error.message}\n`);
  process.exit(error.code === "ENOENT" ? 127 : 126);
};

Promise.all(routes.map(listen)).then(() => {
  const child = spawn(program, args, { stdio: "inherit" });
  child.on("error", fail);
  child.on("exit", (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal]));
}, fail);
