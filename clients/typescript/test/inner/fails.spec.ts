// SPDX-License-Identifier: Apache-2.0

// Tests that fail on purpose, for report.spec.ts.

import { limits } from "../../src/limits.js";
import { expect, test } from "../../src/playwright.js";

test.use({ fobOptions: { worldSeed: 7 } });

test("fails", async ({ fob, token }) => {
  await token.age("1y");
  await token.skew("3m");
  const removed = await fob.newToken();
  await removed.remove();
  expect(token.serial).toBe("another");
});

test("fails softly", async ({ token }) => {
  expect.soft(token.serial).toBe("another");
});

test("takes too long", async ({ fob, token }) => {
  test.setTimeout(3000);
  await fob.setTime({ mode: "real" });
  await token.wait({ state: "EXPIRED" });
});

test("loses its fleet", async ({ fob, token }) => {
  expect(token.serial).toBe("ZZFB00000001");
  await fob.close();
  throw new Error("the fleet is gone");
});

test("cannot attach", async ({ token }, testInfo) => {
  testInfo.attach = () => Promise.reject(new TypeError("no space"));
  expect(token.serial).toBe("another");
});

test("has a fleet that does not answer", async ({ fob, token }) => {
  limits.report = 100;
  fob.events = () => new Promise(() => {});
  token.remove = () => Promise.reject(new TypeError("not removed"));
  throw new Error("the reason");
});

test("is expected to fail", async ({ token }) => {
  test.fail();
  expect(token.serial).toBe("another");
});

test("passes", async ({ token }) => {
  await token.press();
});

test("removes its token", async ({ fob, token }) => {
  await token.remove();
  expect(await fob.find(token.serial)).toEqual([]);
});
