import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
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

/** Every rule broken on the page as it is now, with the elements concerned. */
async function brokenRules(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    .analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${page.url()} ${id}: ${target.join(" ")}`));
}

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
