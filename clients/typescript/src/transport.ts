// SPDX-License-Identifier: Apache-2.0

import * as http from "node:http";
import * as https from "node:https";
import { refusal, Unreachable } from "./errors.js";
import { type Input, type Operation, operations, type Result } from "./operations.js";

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
    return (body.length === 0 ? undefined : JSON.parse(body.toString())) as Result<O>;
  }

  /** Sends a request, and returns the body of the answer. */
  async bytes<O extends Operation>(operation: O, input: Input<O> = {}): Promise<Buffer> {
    return this.#body(operation, input, await this.open(operation, input));
  }

  /** Sends a request whose answer is read as it comes. */
  async open<O extends Operation>(operation: O, input: Input<O>): Promise<http.IncomingMessage> {
    const answer = await this.#send(operation, input);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw refusal(status, await this.#body(operation, input, answer));
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy();
  }

  #send<O extends Operation>(operation: O, input: Input<O>): Promise<http.IncomingMessage> {
    const [method, template] = operations[operation].split(" ") as [string, string];
    const parts: Record<string, string> = input.path ?? {};
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ""));
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
      const { request } = url.protocol === "https:" ? https : http;
      const options: http.RequestOptions = { method, headers, agent: this.#agent };
      if (input.signal) options.signal = input.signal;
      const r = request(url, options, resolve);
      r.on("error", (cause) => reject(this.#broken(operation, input, cause)));
      r.end(body);
    });
  }

  async #body<O extends Operation>(operation: O, input: Input<O>, answer: http.IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of answer) chunks.push(chunk as Buffer);
    } catch (cause) {
      throw this.#broken(operation, input, cause as Error);
    }
    return Buffer.concat(chunks);
  }

  /** Returns the error of a connection that failed. */
  #broken<O extends Operation>(operation: O, input: Input<O>, cause: Error): Error {
    if (input.signal?.aborted) return input.signal.reason as Error;
    const why = this.ended() ?? cause.message;
    return new Unreachable(`${operation}: the fleet at ${this.#base.host} does not answer: ${why}`, { cause });
  }
}
