// SPDX-License-Identifier: Apache-2.0

import type { components, operations } from "./openapi.js";

type Schemas = components["schemas"];

/** What a fleet can do, and the names that it understands. */
export type Capabilities = Schemas["Capabilities"];
/** The world's clock. */
export type Clock = Schemas["ClockView"];
/** A code with its step, both clocks, and the end of its validity. */
export type Reading = Schemas["CodeView"];
/** The display, segment by segment. */
export type Display = Schemas["DisplayView"];
/** An event of the log. */
export type Event = Schemas["EventLine"];
/** The faults of a token. */
export type Faults = Schemas["Faults"];
/** What a token would show if it were older. */
export type Forecast = Schemas["ForecastView"];
/** The faults of a line in one direction. */
export type Line = Schemas["Line"];
/** The faults of a line. */
export type LineFaults = Schemas["LineFaults"];
/** A description of new tokens. */
export type Lot = Schemas["Lot"];
/** Recorded bytes as messages that people can read, without secrets. */
export type Messages = Schemas["Messages"];
/** A link that opens the page in a browser, once. */
export type Link = Schemas["Link"];
/** A port of a token. */
export type PortState = Schemas["PortView"];
/** The result of a replay. */
export type Replayed = Schemas["Replayed"];
/** A snapshot of tokens. */
export type Snapshot = Schemas["SnapshotView"];
/** Everything about a token at one instant. */
export type TokenState = Schemas["TokenView"];
/** The step of a code, and whether a server would accept it. */
export type Verdict = Schemas["OracleView"];
/** Recorded bytes. */
export type WireLine = Schemas["WireLine"];

/** The tokens that a list has. */
export type Filter = NonNullable<operations["list-tokens"]["parameters"]["query"]>;

/** The code that a token shows now. */
export interface CodeLine {
  serial: string;
  code: string;
  [field: string]: unknown;
}

/** Events that were dropped from the log before they could be read. */
export interface Dropped {
  /** The number of events that are missing. */
  dropped: number;
  /** The number of the oldest event that is left. */
  oldest: number;
}
