// SPDX-License-Identifier: Apache-2.0

import { FobError, notOfFleet } from "./errors.js";

/** A length of time: milliseconds, or a text such as "P2Y6M", "PT90S", "1h30m" or "5y". */
export type Period = number | string;

/** An instant: a Date, or a text as in RFC 3339. */
export type Instant = Date | string;

/** Writes a length of time for the API. */
export function period(p: Period): string;
export function period(p: Period | undefined): string | undefined;
export function period(p: Period | undefined): string | undefined {
  return typeof p === "number" ? `${p}ms` : p;
}

/** Writes an instant for the API. */
export function instant(i: Instant): string;
export function instant(i: Instant | undefined): string | undefined;
export function instant(i: Instant | undefined): string | undefined {
  if (!(i instanceof Date)) return i;
  if (Number.isNaN(i.getTime())) throw new FobError("an instant is not valid: the Date has no time");
  return i.toISOString();
}

/** Reads JSON. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notOfFleet("it is not JSON", cause);
  }
}

/** Reads lines of JSON. */
export function jsonLines<T>(body: Buffer): T[] {
  return body
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => parseJSON(line) as T);
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Decodes Base32 (RFC 4648) without padding. Other characters are an error. */
export function base32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const c of text.replace(/=+$/, "")) {
    if (!alphabet.includes(c)) throw notOfFleet("its seed is not Base32");
    bits = ((bits << 5) | alphabet.indexOf(c)) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 0xff);
    }
  }
  return Buffer.from(bytes);
}
