import type { Page } from "playwright-core";
import type { Platform } from "./platform.ts";

/** Signs in by the form, as a person does, and waits for the Dashboard. */
export async function signIn(page: Page, platform: Platform): Promise<void> {
  await page.goto(`${platform.url}/sign-in`);
  await page.getByLabel("E-mail").fill(platform.email);
  await page.getByLabel("Password", { exact: true }).fill(platform.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Dashboard" }).waitFor();
}
