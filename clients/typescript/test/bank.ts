// SPDX-License-Identifier: Apache-2.0

import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fleet, Token } from "../src/index.js";
import { test as base } from "../src/playwright.js";

/** A person with a login at the bank. */
export interface Person {
  user: string;
  password: string;
}

/** fob's reference bank, with the clock of a fleet. */
export class Bank {
  #people = 0;

  private constructor(
    readonly url: string,
    readonly key: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(fleet: Fleet): Promise<Bank> {
    const fob = process.env["FOB_COMMAND"] ?? "fob";
    const folder = mkdtempSync(join(tmpdir(), "fob-bank-"));
    const path = (name: string) => join(folder, name);
    const where = ["--db", path("bank.db"), "--key-file", path("bank.key"), "--test-mode"];
    writeFileSync(path("clerk.pw"), randomBytes(12).toString("hex"), { mode: 0o600 });
    const at = (await fleet.now()).toISOString();
    const clerk = ["--first-clerk", "tanaka", "--password-file", path("clerk.pw"), "--api-key-out", path("clerk.key")];
    execFileSync(fob, ["validator", "init", ...where, "--at", at, ...clerk]);
    const child = spawn(fob, ["validator", "serve", ...where, "--clock", "fleet", "--listen", "127.0.0.1:0", "--json"], {
      env: { ...process.env, ...fleet.environment() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    const exited = new Promise<void>((resolve) => child.on("close", () => resolve()));
    const line = await new Promise<string>((resolve, reject) => {
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("\n")) resolve(said);
      });
      child.on("close", () => reject(new Error(`the bank has ended: ${log}`)));
    });
    const { http } = JSON.parse(line) as { http: string };
    return new Bank(http, readFileSync(path("clerk.key"), "utf8").trim(), async () => {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true });
    });
  }

  /** Adds a contract with a user, and issues a token to it. */
  async addPerson(fleet: Fleet, token: Token): Promise<Person> {
    const id = `c${++this.#people}`;
    const person = { user: `u${this.#people}`, password: randomBytes(12).toString("hex") };
    await this.#post("/v1/contracts", JSON.stringify({ id, name: "Example", address: "Tokyo", email: "it@example.com" }));
    const user = { id: person.user, contract: id, role: "master", name: "Alice", password: person.password };
    await this.#post("/v1/users", JSON.stringify(user));
    const file = await fleet.export("pskc", { token: token.id });
    await this.#post(`/v1/imports?contract=${id}`, file, "application/octet-stream");
    return person;
  }

  async #post(path: string, body: string | Buffer, type = "application/json"): Promise<void> {
    const answer = await fetch(this.url + path, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.key}`, "Content-Type": type },
      body: typeof body === "string" ? body : new Uint8Array(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
}

/** The fixtures of a test at the bank. */
export const test = base.extend<{ person: Person }, { bank: Bank }>({
  fobOptions: [{ allowSeedExport: true }, { scope: "worker" }],
  bank: [
    async ({ fobFleet }, use) => {
      const bank = await Bank.start(fobFleet);
      await use(bank);
      await bank.close();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ bank }, use) => use(bank.url),
  person: async ({ bank, fob, token }, use) => use(await bank.addPerson(fob, token)),
});

export { expect } from "../src/playwright.js";
