import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { linkSession } from "./link-session.ts";
import { type Platform, openPlatform } from "./platform.ts";
import { signIn } from "./sign-in.ts";

let platform: Platform;
let browser: Browser;
let page: Page;
const mistakes: string[] = [];

beforeAll(async () => {
  [platform, browser] = await Promise.all([openPlatform(), openBrowser()]);
  page = await browser.newPage();
  page.on("pageerror", (error) => mistakes.push(error.message));
  page.on("console", (message) => message.type() === "error" && mistakes.push(message.text()));
});

afterAll(async () => {
  await browser?.close();
  await platform?.[Symbol.asyncDispose]();
});

test("a member links an account by one click, writes, sees the ticks turn and gets an answer", async () => {
  await signIn(page, platform);

  await linkSession(page, platform, `Bench ${Date.now().toString(36)}`);

  const ours = page.getByRole("textbox", { name: /^Message to / });
  await ours.fill("Hello from the session");
  await ours.press("Enter");
  const conversation = page.getByRole("log", { name: /^Conversation with / });
  const sent = conversation.locator("> div > div", { hasText: "Hello from the session" });
  const seen: string[] = [];
  const ticks = sent.locator("[data-status]");
  await expect
    .poll(
      async () => {
        const status = (await ticks.getAttribute("data-status").catch(() => null)) ?? "none";
        if (seen.at(-1) !== status) seen.push(status);
        return status;
      },
      { timeout: 60_000, interval: 20 },
    )
    .toMatch(/^(delivered|read)$/);

  const screen = page.getByRole("log", { name: /^Screen of / });
  await screen.getByText("Hello from the session").waitFor();

  const theirs = page.getByRole("textbox", { name: "As the phone" });
  await theirs.fill("Hello back");
  await theirs.press("Enter");
  await conversation.getByText("Hello back").waitFor({ timeout: 60_000 });
  await screen.getByText("Hello back").waitFor();

  const events = page.getByRole("list", { name: "Events, newest first" });
  await expect.poll(() => events.innerText()).toContain("message.received");
  expect(await events.innerText()).toContain("session.paired");
  expect(mistakes).toEqual([]);
});

test("the simulated network's own page opens with the code filled in, through the dashboard's server, and links it", async () => {
  await page.goto(`${platform.url}/whatsapp-test`);
  await page.getByRole("button", { name: "New session" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(`Face ${Date.now().toString(36)}`);
  await page.getByRole("button", { name: "Create and show QR code" }).click();
  const link = page.getByRole("link", { name: /^Scan on the simulated network/ });
  await link.waitFor({ timeout: 60_000 });

  const [face] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
  face.on("pageerror", (error) => mistakes.push(error.message));
  expect(new URL(face.url()).origin).toBe(platform.url);
  await face.getByRole("textbox", { name: /^Scan:/ }).waitFor();
  expect(await face.getByRole("textbox", { name: /^Scan:/ }).inputValue()).toMatch(/^(https?:\/\/\S+#)?2@/);
  await face.getByRole("button", { name: "Link the device" }).click();
  await page.getByRole("heading", { name: "Connected" }).waitFor({ timeout: 60_000 });
  await face.close();
  expect(mistakes).toEqual([]);
});

test("what was linked on the bench is connected in the list, without a reload", async () => {
  await page.getByRole("link", { name: "Sessions" }).click();
  const row = page.getByRole("article").filter({ hasText: "Bench" }).first();
  await row.getByText("Connected").waitFor();
  await row.getByRole("button", { name: "Stop" }).click();
  await expect.poll(() => row.innerText(), { timeout: 60_000 }).toContain("Stopped");
});
