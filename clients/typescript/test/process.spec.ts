// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from "node:child_process";
import { Fleet } from "../src/index.js";
import { expect, test } from "../src/playwright.js";
import { environment, path, playwright } from "./playwright.js";

interface Running {
  child: ChildProcess;
  exited: Promise<unknown>;
  fleet: Fleet;
}

/** Starts a program, and connects to the fleet whose variables it prints. */
async function run(args: string[]): Promise<Running> {
  const child = spawn(process.execPath, args, {
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const exited = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
  const line = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /^\{.*\}$/m.exec(said);
      if (found) resolve(found[0]);
    });
    child.on("close", () => reject(new Error(`the program has ended: ${said}`)));
  });
  const { FOB_URL: url, FOB_API_KEY: key } = JSON.parse(line) as Record<string, string>;
  return { child, exited, fleet: await Fleet.connect({ url: url ?? "", key: key ?? "" }) };
}

/**
 * Follows the events of a fleet. What it returns is done when the fleet ends in the way in
 * which it ends after SIGTERM.
 */
async function follow({ fleet }: Running): Promise<{ ended: Promise<void> }> {
  const events = fleet.follow();
  await fleet.newToken();
  await events.next(); // the fleet has answered
  const ended = async () => {
    for await (const _ of events) continue;
  };
  return { ended: ended() };
}

test("a fleet ends with a program that is killed", async () => {
  const running = await run([path("test/inner/starts.mjs"), "wait"]);
  const { ended } = await follow(running);
  running.child.kill("SIGKILL");
  expect(await running.exited).toBe("SIGKILL");
  await ended;
});

test("a program that does not close its fleet ends, and the fleet with it", async () => {
  const child = spawn(process.execPath, [path("test/inner/starts.mjs")], { env: environment(), stdio: "ignore" });
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
});

for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
  test(`a fleet ends with a test run that gets ${signal}`, async () => {
    const running = await run([...playwright, "-c", path("test/inner/inner.config.ts"), "hangs.spec.ts"]);
    const { ended } = await follow(running);
    // Like Ctrl-C on a terminal, SIGINT goes to all processes of the run.
    const { pid } = running.child;
    if (pid === undefined) throw new Error("the run has no process");
    process.kill(signal === "SIGINT" ? -pid : pid, signal);
    await running.exited;
    await ended;
  });
}
