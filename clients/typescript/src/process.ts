// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { FobError, NotStarted } from "./errors.js";
import { limits } from "./limits.js";
import { type Instant, instant } from "./values.js";

/** The options of a fleet that is started. */
export interface StartOptions {
  /** The program fob; by default FOB_COMMAND, or fob on PATH. */
  command?: string;
  /** The world's clock: manual (it stands still, the default), real, or scaled:N. */
  clock?: "manual" | "real" | `scaled:${number}`;
  /**
   * The start of the clock, or "now". By default a manual clock begins at
   * 2026-01-01T00:00:00Z, and another one now.
   */
  at?: Instant | "now";
  /** The seed of everything random; by default FOB_WORLD_SEED, or another one each time. */
  worldSeed?: string | number | bigint;
  /** Lets the test read the tokens' seeds. */
  allowSeedExport?: boolean;
  /** More arguments of fob run. */
  args?: string[];
}

/** The end of what fob wrote to stderr, for messages. */
const mostKept = 16_384;

/** A running fob run. */
export class Process {
  readonly url: string;
  readonly worldSeed: string;
  readonly #key: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #said: () => string;

  /** @internal */
  constructor(child: ChildProcess, exited: Promise<void>, said: () => string, ready: ReadyLine) {
    this.#child = child;
    this.#exited = exited;
    this.#said = said;
    this.url = ready.url;
    this.#key = ready.api_key;
    this.worldSeed = ready.world_seed;
  }

  get key(): string {
    return this.#key;
  }

  /** Returns how the process has ended, undefined if it runs. */
  ended(): string | undefined {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return undefined;
    return `fob has ended (${signalCode ?? `exit code ${exitCode}`}): ${this.#said() || "without a message"}`;
  }

  /** Ends the process at once. */
  kill(): void {
    kill(this.#child);
  }

  /** Ends the process, and waits until it has ended. One that does not end is killed. */
  async close(): Promise<void> {
    this.#child.ref();
    this.#child.stdin?.end();
    const late = setTimeout(() => kill(this.#child), limits.end);
    await this.#exited;
    clearTimeout(late);
    if (this.#child.exitCode !== 0) throw new FobError(`ending the fleet: ${this.ended()}`);
  }
}

interface ReadyLine {
  url: string;
  api_key: string;
  world_seed: string;
}

function argumentsOf(options: StartOptions): string[] {
  const args = ["run", "--json", "--ready", "--count", "0", "--ports", "lazy", "--end-with-stdin"];
  args.push("--clock", options.clock ?? "manual");
  const at = options.at === "now" ? new Date() : options.at;
  if (at !== undefined) args.push("--at", instant(at));
  const seed = options.worldSeed ?? process.env["FOB_WORLD_SEED"];
  if (seed !== undefined && seed !== "") args.push("--world-seed", String(seed));
  if (options.allowSeedExport) args.push("--allow-seed-export");
  return [...args, ...(options.args ?? [])];
}

/** Returns the messages of the errors and warnings that fob writes with --json. */
function messageOf(stderr: string): string {
  const text = (line: string): string => {
    try {
      const { error, warning } = JSON.parse(line) as { error?: string; warning?: string };
      return error ?? warning ?? line;
    } catch {
      return line;
    }
  };
  return stderr.trim().split("\n").map(text).join("; ");
}

/** Reads the first line of fob run --json. */
function readyLine(line: string, command: string): ReadyLine {
  let value: Partial<ReadyLine> | null = null;
  try {
    value = JSON.parse(line) as Partial<ReadyLine> | null;
  } catch {
    // Another program writes other lines.
  }
  const { url, api_key, world_seed } = value ?? {};
  if (typeof url === "string" && URL.canParse(url) && typeof api_key === "string" && typeof world_seed === "string") {
    return { url, api_key, world_seed };
  }
  throw new NotStarted(`starting the fleet: ${command} is not fob: it wrote another first line: set FOB_COMMAND to the path of fob`);
}

/** Ends a program, and those that it has started. */
function kill(child: ChildProcess): void {
  try {
    if (process.platform === "win32" || child.pid === undefined) child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function spawnFob(command: string, options: StartOptions): ChildProcessWithoutNullStreams {
  const args = argumentsOf(options);
  try {
    // fob ends when its stdin is closed: here, or by the system when this process ends. Ctrl-C
    // on the terminal must not end it before the tests have: it gets its own process group.
    return spawn(command, args, { detached: process.platform !== "win32", windowsHide: true });
  } catch (cause) {
    throw new NotStarted(`starting the fleet: ${(cause as Error).message}`, { cause });
  }
}

/** Starts fob run, and waits for its ready line. */
export async function startProcess(options: StartOptions): Promise<Process> {
  const command = options.command ?? (process.env["FOB_COMMAND"] || "fob");
  const child = spawnFob(command, options);
  child.stdin.on("error", () => {}); // it has ended already
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-mostKept);
  });
  const exited = new Promise<void>((resolve) => child.on("close", () => resolve()));
  let late: NodeJS.Timeout | undefined;
  try {
    const line = await new Promise<string>((resolve, reject) => {
      const fail = (why: string, cause?: unknown) => reject(new NotStarted(`starting the fleet: ${why}`, { cause }));
      child.on("error", (cause: NodeJS.ErrnoException) => {
        const missing = `there is no program ${command}: put fob on PATH, or set FOB_COMMAND to its path`;
        fail(cause.code === "ENOENT" ? missing : cause.message, cause);
      });
      child.on("close", () => fail(messageOf(said) || "fob has ended at once"));
      late = setTimeout(() => fail(`${command} has not started within ${limits.start / 1000} s`), limits.start);
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        if (text.includes("\n") || text.length > mostKept) return;
        text += chunk;
        if (text.includes("\n") || text.length > mostKept) resolve(text);
      });
    });
    const ready = readyLine(line, command);
    // A program that does not close the fleet can end all the same.
    child.unref();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as unknown as Socket).unref();
    return new Process(child, exited, () => messageOf(said), ready);
  } catch (err) {
    kill(child);
    throw err;
  } finally {
    clearTimeout(late);
  }
}
