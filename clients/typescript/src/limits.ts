// SPDX-License-Identifier: Apache-2.0

/** Limits, in milliseconds and bytes. Tests of this package make them shorter. */
export const limits = {
  /** How long fob may take to start. */
  start: 120_000,
  /** How long fob may take to end. Then it is killed. */
  end: 120_000,
  /** How long a fleet may send nothing, beyond the time for which it holds an answer. */
  silence: 120_000,
  /** The same, if a request changes the fleet: it may have many tokens, or years to pass. */
  silenceOfChange: 600_000,
  /** The longest time for which a fleet holds an answer. */
  held: 24 * 3_600_000,
  /** How long the report about a failed test may take. */
  report: 30_000,
  /** The size of an answer, and of a line in a stream. */
  answer: 64 << 20,
  /** The size of an answer that is a file of the whole fleet. */
  file: 1 << 30,
};
