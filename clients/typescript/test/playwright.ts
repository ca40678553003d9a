// SPDX-License-Identifier: Apache-2.0

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Returns the path of a file of this package. */
export function path(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}

/** The arguments with which Node runs Playwright. */
export const playwright = [createRequire(import.meta.url).resolve("@playwright/test/cli"), "test"];

/** The environment of a test run inside of a test, with other variables. */
export function environment(variables: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(TEST_|PLAYWRIGHT_|PW_|FOB_WORLD_SEED$|FOB_URL$)/.test(name));
  return { ...Object.fromEntries(kept), ...variables };
}
