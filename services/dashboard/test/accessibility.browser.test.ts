import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenRules } from "./broken-rules.ts";
import { openBrowser } from "./browser.ts";
import { type Platform, openPlatform } from "./platform.ts";
import { signIn } from "./sign-in.ts";

let platform: Platform;
let browser: Browser;

beforeAll(async () => {
  [platform, browser] = await Promise.all([openPlatform(), openBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await platform?.[Symbol.asyncDispose]();
});

test.each(["light", "dark"] as const)("pages keep WCAG 2.2 AA as far as axe can tell, in %s", async (colorScheme) => {
  const context: BrowserContext = await browser.newContext({ colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${platform.url}/sign-in`);
  await page.getByLabel("E-mail").waitFor();
  const broken = await brokenRules(page);
  await signIn(page, platform);
  for (const path of [
    "/",
    "/sessions",
    "/sessions?new",
    "/inbox",
    "/messages",
    "/campaigns",
    "/campaigns/new",
    "/fleet",
    "/whatsapp-test",
  ]) {
    await page.goto(platform.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
    broken.push(...(await brokenRules(page)));
  }
  await context.close();
  expect(broken).toEqual([]);
});
