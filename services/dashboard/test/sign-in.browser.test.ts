import type { Browser } from "playwright-core";
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

test("a wrong password and an unknown address get the same answer", async () => {
  const page = await browser.newPage();
  await page.goto(platform.url);
  const tryWith = async (email: string): Promise<string> => {
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    const answer = page.getByRole("alert");
    await answer.waitFor();
    return answer.innerText();
  };
  const known = await tryWith(platform.email);
  await page.reload();
  expect(await tryWith("nobody@flotilla.test")).toBe(known);
  await page.close();
});

test("after signing in one lands where one wanted to go, and stays signed in over a reload", async () => {
  const page = await browser.newPage();
  await page.goto(`${platform.url}/campaigns`);
  await page.getByLabel("E-mail").fill(platform.email);
  await page.getByLabel("Password", { exact: true }).fill(platform.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Campaigns" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Campaigns" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/sign-in");
  await page.close();
});

test("no page is wider than a phone", async () => {
  const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
  await signIn(page, platform);
  for (const path of ["/", "/sessions", "/inbox", "/messages", "/campaigns", "/campaigns/new", "/whatsapp-test"]) {
    await page.goto(platform.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(`${path} ${tooWide}`).toBe(`${path} 0`);
  }
  await page.close();
});
