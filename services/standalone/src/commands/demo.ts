import type { Options } from "../options.ts";

export async function demo(_options: Options, _environment: NodeJS.ProcessEnv): Promise<number> {
  throw new Error("not yet");
}
