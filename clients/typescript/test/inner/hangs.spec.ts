// SPDX-License-Identifier: Apache-2.0

// A test that does not end, for process.spec.ts.

import { test } from "../../src/playwright.js";

test("hangs", async ({ fob }) => {
  test.setTimeout(0);
  console.log(JSON.stringify(fob.environment()));
  await new Promise(() => {});
});
