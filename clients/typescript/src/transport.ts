// SPDX-License-Identifier: Apache-2.0

import * as http from "node:http";
import * as https from "node:https";
import { isIPv4 } from "node:net";
import { answers } from "./answers.js";
import { notOfFleet, refusal, Unreachable, WrongKey } from "./errors.js";
import { limits } from "./limits.js";
import { type Input, type Operation, operations, type Result } from "./operations.js";
import { lacks } from "./shape.js";
import { parseJSON } from "./values.js";

// fetch gives up when an answer takes five minutes, and cannot trust a certificate of its
// own. A wait may take longer, and a fleet on another machine has such a certificate.

/** The address of a fleet. */
export interface Address {
  url: string;
  /** The API key. */
  key: string;
  /** PEM text of the certificate authorities to trust; the system's by default. */
  ca?: string | undefined;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
}

/** The time for which the fleet may hold the answer to a request, in milliseconds. */
function heldFor<O extends Operation>(operation: O, input: Input<O>): number {
  if (operation !== "code" && operation !== "wait") return 0;
  const { real_timeout: text = operation === "code" ? "2m" : "1m" } = (input.query ?? {}) as { real_timeout?: string };
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return limits.held; // only the fleet can read it
  return Math.min(Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as "ms"], limits.held);
}

/** Calls end with the reason if the fleet sends nothing for too long. */
function silence<O extends Operation>(operation: O, input: Input<O>, end: (why: Error) => void): NodeJS.Timeout {
  const isRead = operations[operation].startsWith("GET ");
  const most = heldFor(operation, input) + (isRead ? limits.silence : limits.silenceOfChange);
  return setTimeout(() => end(new Error(`it has sent nothing for ${most / 1000} s`)), most);
}

/** Sends requests to a fleet. The API key is not shown when an object is printed. */
export class Transport {
  readonly url: string;
  readonly #base: URL;
  readonly #key: string;
  readonly #agent: http.Agent;
  /** The reason for which the fleet has ended, if it is known. */
  ended: () => string | undefined = () => undefined;
  /** Is called with the name of each operation. */
  sent: (operation: Operation) => void = () => {};

  constructor(address: Address) {
    if (!/^https?:\/\/[^/]/i.test(address.url) || !URL.canParse(address.url)) {
      // The text may have a password.
      throw new Unreachable("the URL of the fleet is not valid: want one like http://127.0.0.1:8080");
    }
    this.#base = new URL(address.url);
    if (this.#base.protocol === "http:" && !isLoopback(this.#base.hostname)) {
      const why = `${this.#base.hostname} is not a loopback address, and http does not hide the API key`;
      throw new Unreachable(`the fleet at ${this.#base.host} is not used: ${why}: use https`);
    }
    if (!/^[\x21-\x7e]+$/.test(address.key)) {
      throw new WrongKey(401, "unauthorized", "the API key has a space, a line break or another such character");
    }
    this.url = address.url;
    this.#key = address.key;
    // The fleet closes a connection that is idle for two minutes; the client does it first.
    const options = { keepAlive: true, timeout: 60_000 };
    this.#agent =
      this.#base.protocol === "https:"
        ? new https.Agent({ ...options, ...(address.ca === undefined ? {} : { ca: address.ca }) })
        : new http.Agent(options);
  }

  /** Returns the variables by which another program finds the fleet. */
  environment(): { FOB_URL: string; FOB_API_KEY: string } {
    return { FOB_URL: this.url, FOB_API_KEY: this.#key };
  }

  /** Sends a request whose answer is JSON. */
  async json<O extends Operation>(operation: O, input: Input<O> = {}): Promise<Result<O>> {
    const body = await this.bytes(operation, input);
    const shape = answers[operation];
    if (shape === undefined) return undefined as Result<O>;
    const value = parseJSON(body.toString());
    const missing = lacks(value, shape);
    if (missing !== undefined) throw notOfFleet(`${operation}: ${missing}`);
    return value as Result<O>;
  }

  /** Sends a request, and returns the body of the answer, which has a size up to most. */
  async bytes<O extends Operation>(operation: O, input: Input<O> = {}, most = limits.answer): Promise<Buffer> {
    return this.#body(operation, input, await this.open(operation, input), most);
  }

  /** Sends a request whose answer is read as it comes. */
  async open<O extends Operation>(operation: O, input: Input<O>): Promise<http.IncomingMessage> {
    const answer = await this.#send(operation, input);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw refusal(status, await this.#body(operation, input, answer, limits.answer));
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy();
  }

  #send<O extends Operation>(operation: O, input: Input<O>): Promise<http.IncomingMessage> {
    const [method, template] = operations[operation].split(" ") as [string, string];
    const parts: Record<string, string> = input.path ?? {};
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(Buffer.from(parts[name] ?? "").toString()));
    const url = new URL(this.#base);
    url.pathname = url.pathname.replace(/\/$/, "") + path;
    for (const [name, value] of Object.entries(input.query ?? {})) {
      if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    }
    const headers: http.OutgoingHttpHeaders = {
      Accept: input.accept ?? "application/json",
      Authorization: `Bearer ${this.#key}`,
    };
    const body = input.file?.content ?? (input.body === undefined ? undefined : Buffer.from(JSON.stringify(input.body)));
    if (body !== undefined) {
      headers["Content-Type"] = input.file?.type ?? "application/json";
      headers["Content-Length"] = body.length;
    }
    this.sent(operation);
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => reject(this.#broken(operation, input, cause));
      const { request } = url.protocol === "https:" ? https : http;
      const options: http.RequestOptions = { method, headers, agent: this.#agent };
      if (input.signal) options.signal = input.signal;
      try {
        const r = request(url, options, resolve);
        const timer = silence(operation, input, (why) => r.destroy(why));
        r.on("response", () => clearTimeout(timer)).on("close", () => clearTimeout(timer));
        r.on("error", fail);
        r.end(body);
      } catch (cause) {
        fail(cause as Error); // such as a file of FOB_CACERT without a certificate
      }
    });
  }

  async #body<O extends Operation>(operation: O, input: Input<O>, answer: http.IncomingMessage, most: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = silence(operation, input, (why) => answer.destroy(why));
    try {
      for await (const chunk of answer) {
        timer.refresh();
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > most) break; // this closes the connection
      }
    } catch (cause) {
      throw this.#broken(operation, input, cause as Error);
    } finally {
      clearTimeout(timer);
    }
    if (size > most) throw notOfFleet(`it has more than ${most >> 20} MiB`);
    return Buffer.concat(chunks);
  }

  /** Returns the error of a connection that failed. */
  #broken<O extends Operation>(operation: O, input: Input<O>, cause: Error): Error {
    if (input.signal?.aborted) return input.signal.reason as Error;
    const why = this.ended() ?? cause.message;
    return new Unreachable(`${operation}: the fleet at ${this.#base.host} does not answer: ${why}`, { cause });
  }
}
