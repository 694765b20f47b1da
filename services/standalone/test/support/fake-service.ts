import { createServer } from "node:http";

// Stands in for a service of which only the process matters: it listens, logs as pino does, and ends on SIGTERM.
const { PORT } = process.env;
const log = (msg: string) =>
  console.log(JSON.stringify({ level: 30, time: Date.now(), pid: process.pid, hostname: "here", msg, port: PORT }));
const server = createServer((_request, response) => response.end(JSON.stringify({ public_key: "of nobody" })));
server.listen(Number(PORT), "127.0.0.1", () => log("Listening"));
process.once("SIGTERM", () => {
  log("Ending");
  process.exit(0);
});
