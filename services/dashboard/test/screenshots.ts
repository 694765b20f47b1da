import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { type Platform, openDemoPlatform } from "./platform.ts";
import { signIn } from "./sign-in.ts";

/**
 * Takes pictures of every page, in both colour schemes, at desk and phone width; README.md shows some. Against the platform that FLOTILLA_URL,
 * FLOTILLA_EMAIL and FLOTILLA_PASSWORD name, else against a demo started for it. `--out` names the folder, `docs/screenshots` by default.
 */
const { values } = parseArgs({
  options: { out: { type: "string", default: fileURLToPath(new URL("../../../docs/screenshots", import.meta.url)) } },
});
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;

async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${values.out}/${name}.png` });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  console.log(`${name}${overflow > 0 ? `: ${overflow} px too wide` : ""}`);
}

async function tour(browser: Browser, platform: Platform, scheme: "light" | "dark", size: keyof typeof sizes) {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme: scheme, deviceScaleFactor: 2 });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && console.log("console:", message.text()));
  page.on("pageerror", (error) => console.log("page:", error.message));
  const suffix = `${size}-${scheme}`;
  const visit = async (path: string, heading: string, name: string): Promise<void> => {
    await page.goto(platform.url + path);
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
    await shoot(page, `${name}-${suffix}`);
  };
  await page.goto(`${platform.url}/sign-in`);
  await page.getByLabel("E-mail").waitFor();
  await shoot(page, `sign-in-${suffix}`);
  await signIn(page, platform);
  await visit("/", "Dashboard", "dashboard");
  await visit("/sessions", "Sessions", "sessions");
  await visit("/inbox", "Inbox", "inbox");
  await page.getByRole("region", { name: "Chats" }).getByRole("link").first().click();
  await page.getByRole("log").waitFor();
  await shoot(page, `conversation-${suffix}`);
  await visit("/messages", "Messages", "messages");
  await page
    .getByRole("link", { name: /^why\?/ })
    .first()
    .click();
  await page.getByRole("list", { name: "What happened to the message" }).waitFor();
  await shoot(page, `why-${suffix}`);
  await visit("/fleet", "Fleet", "fleet");
  await visit("/campaigns/new", "New campaign", "new-campaign");
  await visit("/campaigns", "Campaigns", "campaigns");
  await page.locator("article a").first().click();
  await page.getByRole("heading", { name: "Progress" }).waitFor();
  await shoot(page, `campaign-${suffix}`);

  await page.goto(`${platform.url}/sessions?new`);
  await page.getByLabel("Name", { exact: true }).fill(`Shop ${scheme} ${size}`);
  await shoot(page, `create-session-${suffix}`);
  await page.getByRole("button", { name: "Create and show QR code" }).click();
  await page.getByRole("img", { name: "QR code to scan with the phone" }).waitFor();
  await page.locator(".mantine-Modal-content").waitFor({ state: "detached" });
  await shoot(page, `pairing-${suffix}`);
  const id = new URL(page.url()).pathname.split("/").at(-1);
  await page.goto(`${platform.url}/whatsapp-test?session=${id}`);
  await page.getByRole("button", { name: "Scan with this phone" }).waitFor();
  await shoot(page, `test-bench-scan-${suffix}`);
  await page.getByRole("button", { name: "Scan with this phone" }).click();
  await page.getByRole("textbox", { name: /^Message to / }).fill("Your order 8812 is ready. When can you come?");
  await page.keyboard.press("Enter");
  await page.getByRole("log", { name: /^Screen of / }).waitFor();
  await page.getByRole("textbox", { name: "As the phone" }).fill("Tomorrow at six, thank you!");
  await page.keyboard.press("Enter");
  await page
    .getByRole("log", { name: /^Conversation with / })
    .getByText("Tomorrow at six")
    .waitFor();
  await page.locator('[data-status="read"]').first().waitFor();
  await shoot(page, `test-bench-${suffix}`);
  await context.close();
}

await mkdir(values.out, { recursive: true });
await using platform = await openDemoPlatform();
const browser = await openBrowser();
try {
  for (const scheme of ["light", "dark"] as const) {
    for (const size of ["desktop", "phone"] as const) await tour(browser, platform, scheme, size);
  }
} finally {
  await browser.close();
}
