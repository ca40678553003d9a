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

/** The bank's answer to a code. */
export type Answer = "accepted" | "refused" | "next code";

/** fob's reference bank, with the clock of a fleet, and a client of its HTTP API. */
export class Bank {
  readonly #imported = new Set<string>();
  #people = 0;

  private constructor(
    readonly url: string,
    readonly fleet: Fleet,
    readonly keys: { clerk: string; check: string },
    readonly close: () => Promise<void>,
  ) {}

  static async start(fleet: Fleet): Promise<Bank> {
    const fob = process.env["FOB_COMMAND"] || "fob";
    const folder = mkdtempSync(join(tmpdir(), "fob-bank-"));
    const path = (name: string) => join(folder, name);
    const where = ["--db", path("bank.db"), "--key-file", path("bank.key"), "--test-mode"];
    const run = (...args: string[]) => execFileSync(fob, ["validator", ...args, ...where], { stdio: "pipe" });
    writeFileSync(path("clerk.pw"), randomBytes(12).toString("hex"), { mode: 0o600 });
    const clerk = ["--first-clerk", "tanaka", "--password-file", path("clerk.pw"), "--api-key-out", path("clerk.key")];
    run("init", "--at", (await fleet.now()).toISOString(), ...clerk);
    run("key", "add", "--role", "check", "--name", "tests", "--out", path("check.key"));
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
    const key = (name: string) => readFileSync(path(name), "utf8").trim();
    const bank = new Bank(http, fleet, { clerk: key("clerk.key"), check: key("check.key") }, async () => {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true });
    });
    await bank.#post("/v1/contracts", { id: "c1", name: "Example", address: "Tokyo", email: "it@example.com" });
    return bank;
  }

  /** Adds a user of the bank's contract, and imports a token for it. */
  async addPerson(token: Token): Promise<Person> {
    if (!this.#imported.has(token.id)) {
      await this.#post("/v1/imports?contract=c1", await this.fleet.export("pskc", { token: token.id }));
      this.#imported.add(token.id);
    }
    const role = this.#people === 0 ? "master" : "user";
    const user = `u${++this.#people}`;
    const password = randomBytes(12).toString("hex");
    await this.#post("/v1/users", { id: user, contract: "c1", role, name: "Alice", password });
    return { user, password };
  }

  /** Adds a person, who registers the token with its code. */
  async register(token: Token): Promise<Person> {
    const person = await this.addPerson(token);
    const { secret } = await this.#post<{ secret: string }>("/v1/sessions", person, "");
    await this.#post(`/v1/tokens/${token.serial}/activation`, { code: await token.freshCode() }, secret);
    return person;
  }

  /** Returns the bank's answer to a code of a token, or of a person. */
  async check(who: Token | Person, code: string): Promise<Answer> {
    const name = "user" in who ? { user: who.user } : { serial: who.serial };
    return (await this.#post<{ answer: Answer }>("/v1/check", { ...name, code }, this.keys.check)).answer;
  }

  /** Lets a clerk unlock a token that was locked out. */
  async unlock(token: Token): Promise<void> {
    await this.#post(`/v1/tokens/${token.serial}/suspension/lift`);
  }

  async #post<R>(path: string, body: object = {}, key = this.keys.clerk): Promise<R> {
    const isFile = body instanceof Uint8Array;
    const answer = await fetch(this.url + path, {
      method: "POST",
      headers: {
        "Content-Type": isFile ? "application/octet-stream" : "application/json",
        ...(key === "" ? {} : { Authorization: `Bearer ${key}` }),
      },
      body: isFile ? new Uint8Array(body) : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as R;
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
  person: async ({ bank, token }, use) => use(await bank.addPerson(token)),
});

export { expect } from "../src/playwright.js";
