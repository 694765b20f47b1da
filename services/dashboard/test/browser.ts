import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

const systemBrowsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Opens a headless Chromium: the one CHROMIUM_PATH names, the system's, or the one inside an npm package. The packaged
 * one needs libnss3 and friends; where they are missing it is given the copies that the same package carries.
 */
export async function openBrowser(): Promise<Browser> {
  const own = process.env["CHROMIUM_PATH"] ?? systemBrowsers.find((path) => existsSync(path));
  if (own !== undefined) return playwright.launch({ executablePath: own, headless: true, args: ["--no-sandbox"] });
  // The package unpacks its libraries only where it believes to run on Lambda; this is how it is told.
  process.env["AWS_EXECUTION_ENV"] ??= "AWS_Lambda_nodejs22.x";
  const executablePath = await chromium.executablePath();
  const libraries = join(dirname(executablePath), "al2023", "lib");
  const path = [process.env["LD_LIBRARY_PATH"], libraries].filter(Boolean).join(":");
  return playwright.launch({
    executablePath,
    headless: true,
    args: chromium.args.filter((argument) => !argument.startsWith("--single-process")),
    env: { ...(process.env as Record<string, string>), LD_LIBRARY_PATH: path },
  });
}
