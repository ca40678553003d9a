// SPDX-License-Identifier: Apache-2.0

import type { Page } from "@playwright/test";
import { expect, type Person, test } from "./bank.js";

const press = (page: Page, name: string) => page.getByRole("main").getByRole("button", { name, exact: true }).click();

async function logIn(page: Page, person: Person): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("User ID").fill(person.user);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await press(page, "Log in");
}

/** Registers the token as its user does. */
async function register(page: Page, serial: string, code: string): Promise<void> {
  await page.goto("/token/activate");
  await page.getByLabel("Serial number").fill(serial);
  await page.getByLabel("One-time password").fill(code);
  await press(page, "Register");
  await expect(page.getByText(`Token ${serial} is registered.`)).toBeVisible();
}

/** Fills a transfer in, up to the page that asks for the code. */
async function fillIn(page: Page): Promise<void> {
  await page.goto("/operations/transfer");
  for (const [field, value] of Object.entries(transfer)) await page.locator(`[name="${field}"]`).fill(value);
  await press(page, "Continue");
}

const transfer = { payee: "Sample Trading", bank: "Example Bank", branch: "Main Branch", account: "1234567", amount: "50000" };

async function confirm(page: Page, code: string): Promise<void> {
  await page.getByLabel("One-time password").fill(code);
  await press(page, "Confirm");
}

test("log in and transfer with the token's code", async ({ page, person, token }) => {
  await logIn(page, person);
  await register(page, token.serial, await token.freshCode());
  await fillIn(page);
  await confirm(page, await token.freshCode());
  await expect(page.getByText("Your transaction has been accepted.")).toBeVisible();
  await expect(page.getByText("50,000")).toBeVisible();
});

test("a code is accepted once", async ({ page, person, token }) => {
  await logIn(page, person);
  const code = await token.freshCode();
  await register(page, token.serial, code);
  await fillIn(page);
  await confirm(page, code);
  await expect(page.getByText("The one-time password was not accepted.")).toBeVisible();
  await confirm(page, await token.freshCode());
  await expect(page.getByText("Your transaction has been accepted.")).toBeVisible();
});

test("a code that is five minutes old is refused", async ({ page, person, fob, token }) => {
  await logIn(page, person);
  await register(page, token.serial, await token.freshCode());
  const code = await token.freshCode();
  await fob.advance("5m");
  await fillIn(page);
  await confirm(page, code);
  await expect(page.getByText("The one-time password was not accepted.")).toBeVisible();
});

test("a clock that is four minutes fast is corrected", async ({ page, person, token }) => {
  await logIn(page, person);
  await register(page, token.serial, await token.freshCode());
  await token.skew("4m");
  await fillIn(page);
  await confirm(page, await token.freshCode());
  await expect(page.getByText("Enter the next one-time password that your token shows.")).toBeVisible();
  await confirm(page, await token.freshCode());
  await expect(page.getByText("Your token's clock has been corrected.")).toBeVisible();
  await confirm(page, await token.freshCode());
  await expect(page.getByText("Your transaction has been accepted.")).toBeVisible();
});
