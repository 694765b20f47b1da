import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { linkSession } from "./link-session.ts";
import { type Platform, openPlatform } from "./platform.ts";
import { signIn } from "./sign-in.ts";

let platform: Platform;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [platform, browser] = await Promise.all([openPlatform(), openBrowser()]);
  page = await browser.newPage();
});

afterAll(async () => {
  await browser?.close();
  await platform?.[Symbol.asyncDispose]();
});

test("a campaign is made, filled from a pasted list, started, and watched to its end without a reload", async () => {
  const name = `Campaign ${Date.now().toString(36)}`;
  await signIn(page, platform);
  await linkSession(page, platform, name);

  await page.getByRole("link", { name: "Campaigns" }).click();
  await page.getByRole("link", { name: "New campaign" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Text", { exact: true }).fill("Hello {{first_name}}");
  await page.getByText("The list needs a column called").waitFor();
  await page.getByRole("combobox", { name: "Sent by" }).or(page.getByLabel("Sent by")).first().click();
  await page.getByRole("option", { name: new RegExp(`^${name} `) }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Save draft and add recipients" }).click();

  await page.getByRole("heading", { level: 1, name }).waitFor();
  await page.getByText("Pasted list").click();
  const list = ["to,first_name", "5511955551001,Ana", "5511955551002,Rui", "not a number,Eva"].join("\n");
  await page.getByLabel("Numbers", { exact: true }).fill(list);
  await page.getByRole("button", { name: "Add 3 recipients" }).click();
  await page.getByText("2 of 3 lines accepted, 1 invalid").waitFor();
  const refused = page.getByRole("row").filter({ hasText: "not a number" });
  await expect.poll(() => refused.innerText()).toMatch(/^1\s+4\s/);

  await page.getByRole("button", { name: "Start sending" }).click();
  await page.getByText("Completed", { exact: true }).waitFor({ timeout: 60_000 });
  const bar = page.getByRole("progressbar", { name: `Progress of ${name}` });
  await expect.poll(() => bar.getAttribute("aria-valuetext"), { timeout: 60_000 }).toBe("2 of 2, 100 %");
});
