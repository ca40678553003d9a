// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { FobError, Unreachable, WrongKey } from "./errors.js";
import { type EventOptions, eventPages, follow } from "./events.js";
import { limits } from "./limits.js";
import type { Body } from "./operations.js";
import { type Process, type StartOptions, startProcess } from "./process.js";
import { Token } from "./token.js";
import { type Address, Transport } from "./transport.js";
import type * as types from "./types.js";
import { type Instant, instant, jsonLines, type Period, period } from "./values.js";

/** The description of a new token. */
export type TokenOptions = Omit<types.Lot, "count" | "expiry_to" | "age_to">;

/** Reads the certificates in a file. */
function certificates(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Unreachable(`reading the certificates in FOB_CACERT: ${(cause as Error).message}`, { cause });
  }
}

/** A fleet of tokens, and the world in which they are. */
export class Fleet {
  /** The seed of everything random: the same seed and the same calls give the same tokens. */
  readonly worldSeed: string;
  readonly #transport: Transport;
  readonly #process: Process | undefined;
  readonly #made: Token[] = [];

  private constructor(transport: Transport, worldSeed: string, process?: Process) {
    this.#transport = transport;
    this.worldSeed = worldSeed;
    this.#process = process;
  }

  /**
   * Returns the fleet that FOB_URL, FOB_API_KEY and FOB_CACERT name, as inside fob with, or
   * starts one.
   */
  static async open(options: StartOptions = {}): Promise<Fleet> {
    const { FOB_URL: url, FOB_API_KEY: key, FOB_CACERT: file } = process.env;
    if (!url) return Fleet.start(options);
    return Fleet.connect({ url, key: key ?? "", ca: file ? certificates(file) : undefined });
  }

  /**
   * Starts fob run with an empty fleet, whose clock stands still until the test moves it.
   * It ends with close, and with this process, even if that is killed.
   */
  static async start(options: StartOptions = {}): Promise<Fleet> {
    const started = await startProcess(options);
    let transport: Transport;
    try {
      transport = new Transport(started);
    } catch (err) {
      started.kill();
      throw err;
    }
    transport.ended = () => started.ended();
    return new Fleet(transport, started.worldSeed, started);
  }

  /** Uses a fleet that runs already. Close then leaves it running. */
  static async connect(address: Address): Promise<Fleet> {
    if (address.key === "") throw new WrongKey(401, "unauthorized", "no API key is given: set FOB_API_KEY");
    const transport = new Transport(address);
    const { world_seed } = await transport.json("capabilities");
    return new Fleet(transport, world_seed);
  }

  /** The address of the HTTP API. */
  get url(): string {
    return this.#transport.url;
  }

  /** Whether this object has started the fleet, and so no other test uses it. */
  get started(): boolean {
    return this.#process !== undefined;
  }

  /** Returns the variables by which a program, such as fob validator, finds the fleet. */
  environment(): { FOB_URL: string; FOB_API_KEY: string; FOB_WORLD_SEED: string } {
    return { ...this.#transport.environment(), FOB_WORLD_SEED: this.worldSeed };
  }

  /** Calls a function with the name of each operation that is sent, for a log. */
  onOperation(listener: (operation: string) => void): void {
    this.#transport.sent = listener;
  }

  /** Ends a fleet that was started, and closes the connections. */
  async close(): Promise<void> {
    try {
      await this.#process?.close(); // streams of events get the rest
    } finally {
      this.#transport.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // Tokens

  /** Makes a token, provisioned and locked unless ready is false. */
  async newToken(options: TokenOptions = {}): Promise<Token> {
    const [token] = await this.newTokens({ ...options, count: 1 });
    if (token === undefined) throw new FobError("making a token: the answer has none");
    return token;
  }

  /** Makes a lot of tokens. Between expiry and expiry_to, and age and age_to, they differ. */
  async newTokens(lot: types.Lot): Promise<Token[]> {
    const { items, next } = await this.#transport.json("make-tokens", { body: { ready: true, ...lot } });
    const count = lot.count ?? 1;
    if (next !== undefined && items[0] !== undefined) {
      items.push(...(await this.#pages({ lot: items[0].lot, after: next })));
    }
    return this.#new(items.slice(0, count));
  }

  /** The tokens that were made with this object, also those that were removed since. */
  get made(): readonly Token[] {
    return this.#made;
  }

  /** Returns the token with a serial number or a hardware id. */
  async token(name: string): Promise<Token> {
    return this.#token(await this.#transport.json("get-token", { path: { token: name } }));
  }

  /** Returns all tokens that fit the filter. With limit, it returns one page of them. */
  async tokens(filter: types.Filter = {}): Promise<Token[]> {
    return this.#tokens(await this.#pages(filter));
  }

  /** Returns the tokens whose serial number contains a text. */
  find(text: string): Promise<Token[]> {
    return this.tokens({ find: text });
  }

  /** Returns the codes that all tokens show now. No button is pressed. */
  async codes(): Promise<types.CodeLine[]> {
    return jsonLines(await this.#transport.bytes("all-codes", { accept: "*/*" }));
  }

  // The world's clock

  /** Returns the world's clock. */
  time(): Promise<types.Clock> {
    return this.#transport.json("get-time");
  }

  /** Returns the world's time. */
  async now(): Promise<Date> {
    return new Date((await this.time()).now);
  }

  /**
   * Moves the world's clock by a period, to an instant, or until the next time step or the
   * next event. Everything that lies in between happens.
   */
  advance(how: Period | { by: Period } | { to: Instant } | { until: "next_step" | "event" }): Promise<types.Clock> {
    let body: Body<"advance">;
    if (typeof how !== "object") body = { by: period(how) };
    else if ("by" in how) body = { by: period(how.by) };
    else if ("to" in how) body = { to: instant(how.to) };
    else body = how;
    return this.#transport.json("advance", { body });
  }

  /** Changes the world's clock. The time does not jump when the mode changes. */
  setTime(clock: { mode?: types.Clock["mode"]; now?: Instant; paused?: boolean; rate?: number }): Promise<types.Clock> {
    const { now, ...rest } = clock;
    return this.#transport.json("set-time", { body: now === undefined ? rest : { ...rest, now: instant(now) } });
  }

  /** Stops a real or scaled clock. */
  pause(): Promise<types.Clock> {
    return this.setTime({ paused: true });
  }

  /** Lets a paused clock run again. */
  resume(): Promise<types.Clock> {
    return this.setTime({ paused: false });
  }

  /** Makes the clock run rate times as fast as the machine's. */
  speed(rate: number): Promise<types.Clock> {
    return this.setTime({ mode: "scaled", rate });
  }

  // Codes, events and seeds

  /** Finds the time step of a code of a token, named by serial number or hardware id. */
  oracle(token: string, code: string, options: { window?: number; search?: number } = {}): Promise<types.Verdict> {
    return this.#transport.json("oracle", { body: { token, code, ...options } });
  }

  /** Returns the events after a number, oldest first. They have no seeds and no codes. */
  events(options: EventOptions & { limit?: number } = {}): Promise<types.Event[]> {
    return eventPages(this.#transport, options);
  }

  /** Yields events as they happen, until the fleet ends. */
  follow(options: EventOptions & { signal?: AbortSignal } = {}): AsyncGenerator<types.Event | types.Dropped, void> {
    return follow(this.#transport, options);
  }

  /** Returns the number of the newest event. */
  async seq(): Promise<number> {
    return (await this.time()).seq;
  }

  /**
   * Returns a seed file of all tokens or of one, for the server under test. The fleet must
   * allow the export of seeds.
   */
  export(format = "pskc", options: { token?: string } = {}): Promise<Buffer> {
    return this.#transport.bytes("export", { query: { format, ...options }, accept: "*/*" }, limits.file);
  }

  // Snapshots

  /** Keeps the state of tokens under a name: of all, or of those named. */
  snapshot(name: string, options: { tokens?: string[] } = {}): Promise<types.Snapshot> {
    return this.#transport.json("take-snapshot", { body: { name, ...options } });
  }

  /** Returns the snapshots: all, or those that contain a token. */
  async snapshots(options: { token?: string } = {}): Promise<types.Snapshot[]> {
    return (await this.#transport.json("list-snapshots", { query: options })).items;
  }

  /** Gives the tokens of a snapshot the state that they had. The clock does not go back. */
  async restore(name: string): Promise<Token[]> {
    return this.#tokens((await this.#transport.json("restore", { path: { name } })).items);
  }

  /** Makes new tokens with the content of those in a snapshot. */
  async fork(name: string): Promise<Token[]> {
    return this.#new((await this.#transport.json("fork", { path: { name } })).items);
  }

  /** Removes a snapshot. */
  async dropSnapshot(name: string): Promise<void> {
    await this.#transport.json("drop-snapshot", { path: { name } });
  }

  /** Returns a snapshot as a file. The fleet must allow the export of seeds. */
  saveSnapshot(name: string): Promise<Buffer> {
    return this.#transport.bytes("get-snapshot", { path: { name }, accept: "*/*" }, limits.file);
  }

  /** Makes a snapshot of a file. */
  loadSnapshot(name: string, content: Uint8Array): Promise<types.Snapshot> {
    const file = { type: "application/octet-stream", content };
    return this.#transport.json("load-snapshot", { path: { name }, file });
  }

  // The fleet

  /** Returns what the fleet can do, its version and its world seed. */
  capabilities(): Promise<types.Capabilities> {
    return this.#transport.json("capabilities");
  }

  /** Throws an error if the fleet does not answer. */
  async health(): Promise<void> {
    await this.#transport.json("health");
  }

  /** Returns a link that opens the fleet's page in a browser, once within an hour. */
  link(): Promise<types.Link> {
    return this.#transport.json("make-link");
  }

  async #pages(filter: types.Filter): Promise<types.TokenState[]> {
    const found: types.TokenState[] = [];
    let query = { limit: 10_000, ...filter };
    for (;;) {
      const { items, next } = await this.#transport.json("list-tokens", { query });
      found.push(...items);
      if (next === undefined || filter.limit !== undefined) return found;
      query = { ...query, after: next };
    }
  }

  #token(state: types.TokenState): Token {
    return new Token(this.#transport, state);
  }

  #new(states: types.TokenState[]): Token[] {
    const tokens = this.#tokens(states);
    for (const token of tokens) this.#made.push(token);
    return tokens;
  }

  #tokens(states: types.TokenState[]): Token[] {
    return states.map((state) => this.#token(state));
  }
}
