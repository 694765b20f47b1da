import { defineConfig } from "vitest/config";

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
        },
      },
    ],
  },
});
