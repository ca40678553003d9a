// SPDX-License-Identifier: Apache-2.0

/**
 * Hardware tokens with one-time passwords for your tests.
 *
 * Fleet.open returns a fleet of virtual tokens. The fixtures for Playwright are in
 * "@fob/tokens/playwright".
 */
export * from "./errors.js";
export type { EventOptions } from "./events.js";
export { Fleet, type TokenOptions } from "./fleet.js";
export { Port } from "./port.js";
export type { StartOptions } from "./process.js";
export { type CodeOptions, Token, type WaitOptions } from "./token.js";
export type { Address } from "./transport.js";
export type * from "./types.js";
export type { Instant, Period } from "./values.js";
