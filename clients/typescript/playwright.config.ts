// SPDX-License-Identifier: Apache-2.0

import { defineConfig } from "@playwright/test";

/** The number of times that the tests at the bank run, for a search for flaky ones. */
const times = Number(process.env["FOB_REPEAT"] ?? 1);

export default defineConfig({
  testDir: "test",
  testIgnore: "inner/**",
  workers: 2,
  timeout: 300_000, // for a machine that is ten times slower
  expect: { timeout: 60_000 },
  forbidOnly: true,
  fullyParallel: true,
  reporter: "line",
  use: {
    locale: "en-US",
    // Debian's, which needs no download.
    launchOptions: { executablePath: process.env["FOB_CHROMIUM"] ?? "/usr/bin/chromium" },
  },
  projects: [
    { name: "client", testIgnore: ["bank.spec.ts", "inner/**"] },
    { name: "bank", testMatch: "bank.spec.ts", repeatEach: times },
  ],
});
