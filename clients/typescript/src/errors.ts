// SPDX-License-Identifier: Apache-2.0

import type { components } from "./openapi.js";

/** The stable names of the kinds of refusal. */
export type ProblemCode = components["schemas"]["Problem"]["code"];

/** The base class of all errors of this package. */
export class FobError extends Error {
  override name = "FobError";
}

/** No fleet could be started: fob is not installed, ended at once, or is another program. */
export class NotStarted extends FobError {
  override name = "NotStarted";
}

/** The fleet does not answer: it has ended, the address is wrong, or another server answers. */
export class Unreachable extends FobError {
  override name = "Unreachable";
}

/**
 * The fleet refused a request. docs/fleet.md of fob lists the codes, with what to do about
 * each.
 */
export class Refused extends FobError {
  override name = "Refused";

  constructor(
    /** The HTTP status. */
    readonly status: number,
    /** The stable name of the kind of problem, such as no_code. */
    readonly code: ProblemCode,
    /** The reason, for a person. */
    readonly detail: string,
  ) {
    super(`${detail} (${code})`);
  }
}

/** There is no such token, port or snapshot. */
export class NotFound extends Refused {
  override name = "NotFound";
}

/** The API key is not the fleet's. */
export class WrongKey extends Refused {
  override name = "WrongKey";
}

/**
 * A wait is over: its timeout in the world's time (code wait_timeout), or its realTimeout by
 * the machine's clock (code real_timeout).
 */
export class TimedOut extends Refused {
  override name = "TimedOut";
}

const classes: Partial<Record<ProblemCode, typeof Refused>> = {
  not_found: NotFound,
  unauthorized: WrongKey,
  wait_timeout: TimedOut,
  real_timeout: TimedOut,
};

/** Returns the error for the answer of another server, or of a proxy. */
export function notOfFleet(why: string, cause?: unknown): FobError {
  return new Unreachable(`the answer is not a fleet's: ${why}: check FOB_URL`, { cause });
}

/** Returns the error for an answer with an error status. */
export function refusal(status: number, body: Buffer): FobError {
  try {
    const p = JSON.parse(body.toString()) as components["schemas"]["Problem"];
    if (typeof p.code === "string") {
      return new (classes[p.code] ?? Refused)(p.status, p.code, p.detail);
    }
  } catch {
    // The answer of another server, or of a proxy.
  }
  return notOfFleet(`its status is ${status}`);
}
