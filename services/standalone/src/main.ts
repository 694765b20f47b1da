import { assertNever } from "@flotilla/shared/domain/assert-never";

import { demo } from "./commands/demo.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { reset } from "./commands/reset.ts";
import { start } from "./commands/start.ts";
import { stop } from "./commands/stop.ts";
import { type Options, parseOptions } from "./options.ts";

/** Runs one command and gives its exit status. */
async function run(options: Options): Promise<number> {
  switch (options.command) {
    case "start":
    case "dev":
      return await start(options, process.env);
    case "demo":
      return await demo(options, process.env);
    case "stop":
      return await stop(options);
    case "reset":
      return await reset(options);
    case "migrate":
      return await migrateCommand(options);
    default:
      return assertNever(options.command);
  }
}

try {
  process.exitCode = await run(parseOptions(process.argv.slice(2), process.env));
} catch (error) {
  // The first line says what is wrong; a stack would only hide it. FLOTILLA_DEBUG shows it all.
  console.error(process.env["FLOTILLA_DEBUG"] ? error : `✖ ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
