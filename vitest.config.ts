import { defineConfig } from "vitest/config";

const globalSetup = ["services/standalone/test/stack/global-setup.ts"];

// Three projects, by what a test needs: nothing, the embedded stack, or the whole platform as processes.
export default defineConfig({
  test: {
    reporters: process.env["CI"] ? ["default", "junit"] : ["default"],
    outputFile: { junit: "node_modules/.cache/vitest/junit.xml" },
    projects: [
      {
        test: {
          name: "unit",
          include: ["{shared,services/*,bench}/src/**/*.test.{ts,tsx}", "test/**/*.unit.test.ts"],
          environment: "node",
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["{shared,services/*}/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/test/system/**", "**/*.browser.test.ts"],
          environment: "node",
          globalSetup,
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "system",
          include: [
            "services/standalone/test/system/**/*.test.ts",
            "test/chaos/*.system.test.ts",
            "services/dashboard/test/**/*.browser.test.ts",
          ],
          environment: "node",
          globalSetup,
          pool: "forks",
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
