// SPDX-License-Identifier: Apache-2.0

import type { Body, Input, Operation, Result } from "./operations.js";
import type { Transport } from "./transport.js";
import type { LineFaults, Messages, PortState, Replayed, WireLine } from "./types.js";
import { jsonLines } from "./values.js";

/** A serial port of a token. */
export class Port {
  /** The name of the port in the fleet. */
  readonly id: string;
  readonly #transport: Transport;
  #addr: string | undefined;

  /** @internal */
  constructor(transport: Transport, state: PortState) {
    this.#transport = transport;
    this.id = state.id;
    this.#addr = state.addr;
  }

  /**
   * The address for fob device --port. A port that is unplugged has none, and a
   * pseudo-terminal has another one when it is plugged in again.
   */
  get addr(): string | undefined {
    return this.#addr;
  }

  /** Returns the port's address and faults. */
  state(): Promise<PortState> {
    return this.#change("get-port");
  }

  /** Pulls the cable out. */
  unplug(): Promise<PortState> {
    return this.#change("unplug");
  }

  /** Plugs the cable in again. port is another port number, for tcp and rfc2217. */
  replug(options: { port?: number } = {}): Promise<PortState> {
    return this.#change("replug", options);
  }

  /** Removes the port. */
  async detach(): Promise<void> {
    await this.#transport.json("detach", this.#path);
    this.#addr = undefined;
  }

  /** Returns the faults of the line. */
  faults(): Promise<LineFaults> {
    return this.#transport.json("get-line-faults", this.#path);
  }

  /** Replaces all faults of the line, in the directions to the token and to the host. */
  setFaults(faults: LineFaults): Promise<PortState> {
    return this.#change("set-line-faults", faults);
  }

  /** Mends the line. */
  clearFaults(): Promise<PortState> {
    return this.#change("clear-line-faults");
  }

  /** Begins a new recording of the wire, or ends it. */
  record(on = true): Promise<PortState> {
    return this.#change("tap", { on });
  }

  /** Returns the recorded bytes. */
  async wire(): Promise<WireLine[]> {
    return jsonLines(await this.#wire("jsonl"));
  }

  /** Returns the recorded bytes as messages that people can read, without secrets. */
  async messages(options: { last?: number } = {}): Promise<Messages> {
    return this.#transport.json("wire", this.#recording("messages", options.last));
  }

  /** Returns the recording as a file for Wireshark. */
  pcapng(): Promise<Buffer> {
    return this.#wire("pcapng");
  }

  /** Sends the host's half of a recording to the token. */
  replay(recording: WireLine[]): Promise<Replayed> {
    const lines = recording.map((line) => JSON.stringify(line) + "\n");
    const file = { type: "application/x-ndjson", content: Buffer.from(lines.join("")) };
    return this.#transport.json("replay", { ...this.#path, file });
  }

  get #path(): { path: { port: string } } {
    return { path: { port: this.id } };
  }

  #wire(format: "jsonl" | "pcapng"): Promise<Buffer> {
    return this.#transport.bytes("wire", this.#recording(format));
  }

  #recording(format: "jsonl" | "pcapng" | "messages", last?: number): Input<"wire"> {
    const query = { format, ...(last === undefined ? {} : { last }) };
    return { ...this.#path, query, accept: "*/*" };
  }

  async #change<O extends Changes>(operation: O, body?: Body<O>): Promise<PortState> {
    const input = { ...this.#path, ...(body === undefined ? {} : { body }) } as Input<Changes>;
    const state: PortState = await this.#transport.json<Changes>(operation, input);
    this.#addr = state.addr;
    return state;
  }
}

/** The operations that return the state of a port. */
type Changes = {
  [O in Operation]: Result<O> extends PortState ? (PortState extends Result<O> ? O : never) : never;
}[Operation];
