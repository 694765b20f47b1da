import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenRules } from "./broken-rules.ts";
import { openBrowser } from "./browser.ts";
import { linkSession } from "./link-session.ts";
import { type Platform, openPlatform } from "./platform.ts";
import { signIn } from "./sign-in.ts";

let platform: Platform;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [platform, browser] = await Promise.all([openPlatform(), openBrowser()]);
  const context = await browser.newContext({ reducedMotion: "reduce" });
  context.setDefaultTimeout(60_000);
  page = await context.newPage();
  await signIn(page, platform);
});

afterAll(async () => {
  await browser?.close();
  await platform?.[Symbol.asyncDispose]();
});

test("an operator watches the shards, drains a worker by keyboard, and lets it take shards again", async () => {
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.getByRole("heading", { level: 1, name: "Fleet" }).waitFor();
  await page.getByRole("status").filter({ hasText: "128 of 128 shards held" }).waitFor({ timeout: 60_000 });
  await page.getByRole("img", { name: /^worker-\w+: 128 shards/ }).waitFor();

  await page.getByRole("button", { name: /^Drain worker-/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("No other worker is ready").waitFor();
  await page.getByRole("button", { name: "Drain", exact: true }).click();
  await page.getByText("Drained", { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByRole("img", { name: /^Without a worker: 128 shards/ }).waitFor();

  await page.getByRole("button", { name: /^Take shards again/ }).click();
  await page.getByRole("img", { name: /^worker-\w+: 128 shards/ }).waitFor({ timeout: 60_000 });
  await page.getByText(/^taken back: it was drained$/).waitFor();
  expect(await brokenRules(page)).toEqual([]);
});

test("why? opens the explanation first and each step after it, and its address opens it again", async () => {
  await linkSession(page, platform, "Why");
  await page.getByRole("textbox", { name: /^Message to / }).fill("Are you there?");
  await page.keyboard.press("Enter");
  await page.locator('[data-status="read"], [data-status="delivered"]').first().waitFor({ timeout: 60_000 });
  await page.getByRole("link", { name: "Messages", exact: true }).click();
  await page
    .getByRole("link", { name: /^why\?/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog", { name: "Why?" });
  await dialog.getByText(/^(It has reached a device of the recipient|The recipient has read it)\.$/).waitFor();
  const steps = dialog.getByRole("list", { name: "What happened to the message" }).getByRole("listitem");
  await expect
    .poll(() => steps.allInnerTexts())
    .toEqual(
      expect.arrayContaining([
        expect.stringContaining("Accepted: the message was stored"),
        expect.stringMatching(/Claimed by worker-\w+ under epoch/),
        // One commit may carry the ack and the first receipt.
        expect.stringMatching(/WhatsApp's server (confirmed it|had it by then)/),
      ]),
    );
  expect(await brokenRules(page)).toEqual([]);
  await page.reload();
  await dialog.getByText(/Claimed by worker-/).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toBe("");
});
