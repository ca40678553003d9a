// SPDX-License-Identifier: Apache-2.0

import type { Readable } from "node:stream";
import { notOfFleet, Unreachable } from "./errors.js";
import { limits } from "./limits.js";
import type { Query } from "./operations.js";
import type { Transport } from "./transport.js";
import type { Dropped, Event } from "./types.js";

/** The events that are wanted. */
export interface EventOptions {
  /** Only events after this number; 0 by default. */
  afterSeq?: number;
  /** Only events of this token: a serial number or a hardware id. */
  token?: string;
  /** Only events of these kinds. */
  kinds?: string[];
}

const mostOfPage = 10_000;

function query(options: EventOptions): Query<"events"> {
  const q: Query<"events"> = { after_seq: options.afterSeq ?? 0 };
  if (options.token !== undefined) q.token = options.token;
  if (options.kinds !== undefined && options.kinds.length > 0) q.kind = options.kinds;
  return q;
}

/** Reads events, oldest first: all of them, or the first ones up to a limit. */
export async function eventPages(t: Transport, options: EventOptions & { limit?: number }): Promise<Event[]> {
  const found: Event[] = [];
  const most = options.limit ?? Infinity;
  let afterSeq = options.afterSeq ?? 0;
  while (found.length < most) {
    const limit = Math.min(mostOfPage, most - found.length);
    const page = await t.json("events", { query: { ...query({ ...options, afterSeq }), limit } });
    found.push(...page.events);
    afterSeq = page.next;
    if (page.next >= page.seq) break;
  }
  return found;
}

/** Yields the lines of a stream. */
async function* linesOf(stream: Readable): AsyncGenerator<string, void> {
  let rest = "";
  for await (const text of stream.setEncoding("utf8")) {
    rest += text as string;
    if (rest.length > limits.answer) throw notOfFleet("it has a line that does not end");
    if (!(text as string).includes("\n")) continue;
    const lines = rest.split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/**
 * Yields events as they happen, until the fleet ends. If the connection breaks and the fleet
 * is still there, it goes on with the next event.
 */
export async function* follow(
  t: Transport,
  options: EventOptions & { signal?: AbortSignal },
): AsyncGenerator<Event | Dropped, void> {
  let afterSeq = options.afterSeq ?? 0;
  const input = { accept: "text/event-stream", ...(options.signal === undefined ? {} : { signal: options.signal }) };
  for (;;) {
    let heard = false;
    const answer = await t.open("events", { ...input, query: query({ ...options, afterSeq }) });
    let failure: unknown;
    try {
      let type = "";
      for await (const line of linesOf(answer)) {
        if (line.startsWith("event: ")) type = line.slice("event: ".length);
        if (line === "") type = "";
        if (!line.startsWith("data: ")) continue;
        if (type === "end") return;
        const event = JSON.parse(line.slice("data: ".length)) as Event | Dropped;
        afterSeq = "seq" in event ? event.seq : event.oldest - 1;
        heard = true;
        yield event;
      }
    } catch (err) {
      failure = err; // the connection is broken
    } finally {
      answer.destroy();
    }
    options.signal?.throwIfAborted();
    if (!heard) throw new Unreachable("the stream of events has ended: the fleet is gone", { cause: failure });
  }
}
