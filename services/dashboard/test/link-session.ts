import type { Page } from "playwright-core";
import type { Platform } from "./platform.ts";

/** Creates a session on the test bench and links it by one click, as a person does; resolves when it is connected. */
export async function linkSession(page: Page, platform: Platform, name: string): Promise<void> {
  await page.goto(`${platform.url}/whatsapp-test`);
  await page.getByRole("button", { name: "New session" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create and show QR code" }).click();
  await page.getByRole("img", { name: "QR code to scan with the phone" }).waitFor({ timeout: 60_000 });
  await page.getByText(/^Valid for \d+ s$/).waitFor();
  await page.getByRole("button", { name: "Scan with this phone" }).click();
  await page.getByRole("heading", { name: "Connected" }).waitFor({ timeout: 60_000 });
}
