// SPDX-License-Identifier: Apache-2.0

import { notOfFleet } from "./errors.js";
import { eventPages } from "./events.js";
import type { Body, Input, Operation, Query, Result } from "./operations.js";
import { Port } from "./port.js";
import type { Transport } from "./transport.js";
import type { Display, Event, Faults, Forecast, Reading, TokenState, Verdict } from "./types.js";
import { base32, type Period, period } from "./values.js";

/** The options of a code. */
export interface CodeOptions {
  /** How long the code must stay valid. */
  minRemaining?: Period;
  /** Not a code of a step whose code was returned as fresh before. */
  fresh?: boolean;
  /** Leaves the fleet as it is: no button is pressed, no clock advanced. Not with fresh. */
  readOnly?: boolean;
  /** How long the answer may wait, by the machine's clock: two minutes by default. */
  realTimeout?: Period;
  /** Gives up. */
  signal?: AbortSignal;
}

/** The conditions of a wait. All that are given must hold at one time. */
export interface WaitOptions {
  /** A regular expression (RE2) for the text on the display. Flags of a RegExp have no effect. */
  display?: string | RegExp;
  /** A stage of the life cycle, such as EXPIRED. */
  state?: string;
  /** A kind of event. */
  event?: string;
  /** Only events after this one; by default those after the request. */
  afterSeq?: number;
  /** Moves a manual clock to the first instant at which the conditions hold. */
  advance?: boolean;
  /** The longest wait in the world's time; no limit by default. */
  timeout?: Period;
  /** The longest wait by the machine's clock: one minute by default. */
  realTimeout?: Period;
  /** Gives up. */
  signal?: AbortSignal;
}

/** How long a code stays valid at least, if a test does not ask for more or less. */
const minRemaining = "10s";

/** A token of a fleet. */
export class Token {
  /** The hardware id. */
  readonly id: string;
  /** The kind of token, such as always-on-6 or button-8. */
  readonly model: string;
  readonly #transport: Transport;
  #serial: string;

  /** @internal */
  constructor(transport: Transport, state: TokenState) {
    this.#transport = transport;
    this.id = state.hardware_id;
    this.model = state.model;
    this.#serial = state.serial ?? "";
  }

  /** The serial number, "" for a blank token. */
  get serial(): string {
    return this.#serial;
  }

  /**
   * Returns the code on the display, which is never about to expire: it stays valid for
   * minRemaining, 10 s by default. A token with a button is pressed if necessary. If the
   * code of a later step is needed, a manual clock is advanced to that step; otherwise the
   * answer waits.
   *
   * A server accepts each code once: ask for a fresh one if the test sends several.
   */
  async code(options: CodeOptions = {}): Promise<string> {
    return (await this.reading({ minRemaining, ...options })).code;
  }

  /** Returns code({ fresh: true }): a code that it has not returned before. */
  freshCode(options: Omit<CodeOptions, "fresh"> = {}): Promise<string> {
    return this.code({ ...options, fresh: true });
  }

  /** Returns a code with its step, both clocks, and the end of its validity. */
  reading(options: CodeOptions = {}): Promise<Reading> {
    const query: Query<"code"> = given({
      min_remaining: period(options.minRemaining),
      fresh: options.fresh,
      read_only: options.readOnly,
      real_timeout: period(options.realTimeout),
    });
    return this.#transport.json("code", { ...this.#path, query, ...given({ signal: options.signal }) });
  }

  /** Clicks the button, or holds it down for a time of the world. */
  press(options: { hold?: Period } = {}): Promise<TokenState> {
    return this.#change("press", given({ hold: period(options.hold) }));
  }

  /** Returns the readable text on the display, one character for each position. */
  async display(): Promise<string> {
    return (await this.look()).text;
  }

  /** Returns the display segment by segment. */
  look(): Promise<Display> {
    return this.#transport.json("display", this.#path);
  }

  /** Returns a picture of the display as PNG. */
  png(): Promise<Buffer> {
    return this.#display("image/png");
  }

  /** Returns a picture of the display as SVG. */
  async svg(): Promise<string> {
    return (await this.#display("image/svg+xml")).toString();
  }

  /**
   * Returns everything about the token at one instant: its state, such as LOCKED, both
   * clocks, battery, crystal and faults.
   */
  state(): Promise<TokenState> {
    return this.#change("get-token");
  }

  /**
   * Waits until the conditions hold. The fleet holds the answer; nothing is polled.
   * TimedOut is thrown if the wait is over.
   */
  async wait(options: WaitOptions): Promise<TokenState> {
    const { display } = options;
    const query: Query<"wait"> = given({
      display: display instanceof RegExp ? display.source : display,
      state: options.state,
      event: options.event,
      after_seq: options.afterSeq,
      advance: options.advance,
      timeout: period(options.timeout),
      real_timeout: period(options.realTimeout),
    });
    return this.#saw(
      await this.#transport.json("wait", { ...this.#path, query, ...given({ signal: options.signal }) }),
    );
  }

  /**
   * Makes the token older, at a temperature (25 °C by default). The world's clock stands
   * still: use it for a server whose clock the test cannot set.
   */
  age(by: Period, options: { celsius?: number } = {}): Promise<TokenState> {
    return this.#change("age", { by: period(by), ...options });
  }

  /** Returns what age would change, without changing the token. */
  forecast(by: Period, options: { celsius?: number; points?: number } = {}): Promise<Forecast> {
    return this.#transport.json("forecast", { ...this.#path, query: { by: period(by), ...options } });
  }

  /** Moves the token's clock, forwards or backwards. */
  skew(by: Period): Promise<TokenState> {
    return this.#change("skew", { by: period(by) });
  }

  /** Changes the temperature around the token. */
  temperature(celsius: number): Promise<TokenState> {
    return this.#change("temperature", { celsius });
  }

  /** Changes the error of the crystal at 25 °C. */
  crystal(ppm: number): Promise<TokenState> {
    return this.#change("crystal", { ppm });
  }

  /** Changes temperature and crystal at once. */
  change(changes: { celsius?: number; ppm?: number }): Promise<TokenState> {
    return this.#change("change-token", changes);
  }

  /** Removes, inserts or replaces the battery. */
  battery(action: "remove" | "insert" | "replace"): Promise<TokenState> {
    return this.#change("battery", { do: action });
  }

  /** Lets the token fall, which changes its crystal. */
  drop(): Promise<TokenState> {
    return this.#change("drop");
  }

  /** Returns the faults of the token. */
  faults(): Promise<Faults> {
    return this.#transport.json("get-faults", this.#path);
  }

  /** Replaces all faults of the token. */
  setFaults(faults: Faults): Promise<TokenState> {
    return this.#change("set-faults", faults);
  }

  /** Mends the token. */
  clearFaults(): Promise<TokenState> {
    return this.#change("clear-faults");
  }

  /**
   * Finds the time step of a code. would_pass of the verdict is true if a server with
   * correct time and a window of that many steps each way would find the code.
   */
  oracle(code: string, options: { window?: number; search?: number } = {}): Promise<Verdict> {
    return this.#transport.json("oracle", { body: { token: this.id, code, ...options } });
  }

  /** Returns what happened to the token, oldest first. Events have no seeds and no codes. */
  events(options: { afterSeq?: number; kinds?: string[]; limit?: number } = {}): Promise<Event[]> {
    return eventPages(this.#transport, { ...options, token: this.id });
  }

  /** Gives the token a serial port. port is its number, for tcp and rfc2217. */
  async attach(kind: "pty" | "tcp" | "rfc2217" = "pty", options: { port?: number } = {}): Promise<Port> {
    const body = { as: kind, ...options };
    return new Port(this.#transport, await this.#transport.json("attach", { ...this.#path, body }));
  }

  /** Returns the serial ports of the token. */
  async ports(): Promise<Port[]> {
    const { items } = await this.#transport.json("list-ports", this.#path);
    return items.map((state) => new Port(this.#transport, state));
  }

  /** Pulls the cables of all ports out. */
  async unplug(): Promise<void> {
    for (const port of await this.ports()) if (port.addr !== undefined) await port.unplug();
  }

  /** Plugs the cables of all ports in again. */
  async replug(): Promise<void> {
    for (const port of await this.ports()) if (port.addr === undefined) await port.replug();
  }

  /** Removes all ports of the token. */
  async detach(): Promise<void> {
    for (const port of await this.ports()) await port.detach();
  }

  /**
   * Returns the seed as a QR code for an authenticator app, as SVG. The fleet must allow the
   * export of seeds, as for otpauth and seed.
   */
  async qr(): Promise<string> {
    return (await this.#transport.bytes("qr", { ...this.#path, accept: "image/svg+xml" })).toString();
  }

  /** Returns the seed as an otpauth URI, for the server under test. */
  async otpauth(): Promise<string> {
    const query = { token: this.id, format: "otpauth" };
    return (await this.#transport.bytes("export", { query, accept: "*/*" })).toString().trim();
  }

  /** Returns the seed. */
  async seed(): Promise<Buffer> {
    const uri = await this.otpauth();
    if (!URL.canParse(uri)) throw notOfFleet("it is not an otpauth URI");
    return base32(new URL(uri).searchParams.get("secret") ?? "");
  }

  /** Removes the token from the fleet. */
  async remove(): Promise<void> {
    await this.#transport.json("remove-token", this.#path);
  }

  get #path(): { path: { token: string } } {
    return { path: { token: this.id } };
  }

  #display(accept: string): Promise<Buffer> {
    return this.#transport.bytes("display", { ...this.#path, accept });
  }

  async #change<O extends Changes>(operation: O, body?: Body<O>): Promise<TokenState> {
    const input = { ...this.#path, ...(body === undefined ? {} : { body }) } as Input<Changes>;
    return this.#saw(await this.#transport.json<Changes>(operation, input));
  }

  #saw(state: TokenState): TokenState {
    this.#serial = state.serial ?? "";
    return state;
  }
}

/** The operations that return the state of a token. */
type Changes = {
  [O in Operation]: Result<O> extends TokenState ? (TokenState extends Result<O> ? O : never) : never;
}[Operation];

/** The fields of an object without those that are undefined. */
type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
