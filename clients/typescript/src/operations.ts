// SPDX-License-Identifier: Apache-2.0

import type { operations as Operations } from "./openapi.js";

/** The method and path of each operation of the API. */
export const operations = {
  advance: "POST /v1/time/advance",
  age: "POST /v1/tokens/{token}/age",
  "all-codes": "GET /v1/codes",
  attach: "POST /v1/tokens/{token}/ports",
  battery: "POST /v1/tokens/{token}/battery",
  capabilities: "GET /v1/capabilities",
  "change-token": "PATCH /v1/tokens/{token}",
  "clear-faults": "DELETE /v1/tokens/{token}/faults",
  "clear-line-faults": "DELETE /v1/ports/{port}/faults",
  code: "GET /v1/tokens/{token}/code",
  crystal: "POST /v1/tokens/{token}/crystal",
  detach: "DELETE /v1/ports/{port}",
  display: "GET /v1/tokens/{token}/display",
  drop: "POST /v1/tokens/{token}/drop",
  "drop-snapshot": "DELETE /v1/snapshots/{name}",
  events: "GET /v1/events",
  export: "GET /v1/export",
  forecast: "GET /v1/tokens/{token}/forecast",
  fork: "POST /v1/snapshots/{name}/fork",
  "get-faults": "GET /v1/tokens/{token}/faults",
  "get-line-faults": "GET /v1/ports/{port}/faults",
  "get-port": "GET /v1/ports/{port}",
  "get-snapshot": "GET /v1/snapshots/{name}",
  "get-time": "GET /v1/time",
  "get-token": "GET /v1/tokens/{token}",
  health: "GET /v1/healthz",
  "list-ports": "GET /v1/tokens/{token}/ports",
  "list-snapshots": "GET /v1/snapshots",
  "list-tokens": "GET /v1/tokens",
  "load-snapshot": "PUT /v1/snapshots/{name}",
  "make-link": "POST /v1/links",
  "make-tokens": "POST /v1/tokens",
  oracle: "POST /v1/oracle",
  press: "POST /v1/tokens/{token}/press",
  qr: "GET /v1/tokens/{token}/qr",
  "remove-token": "DELETE /v1/tokens/{token}",
  replay: "POST /v1/ports/{port}/wire/replay",
  replug: "POST /v1/ports/{port}/replug",
  restore: "POST /v1/snapshots/{name}/restore",
  "set-faults": "PUT /v1/tokens/{token}/faults",
  "set-line-faults": "PUT /v1/ports/{port}/faults",
  "set-time": "PUT /v1/time",
  skew: "POST /v1/tokens/{token}/skew",
  "take-snapshot": "POST /v1/snapshots",
  tap: "PUT /v1/ports/{port}/wire",
  temperature: "POST /v1/tokens/{token}/temperature",
  unplug: "POST /v1/ports/{port}/unplug",
  wait: "GET /v1/tokens/{token}/wait",
  wire: "GET /v1/ports/{port}/wire",
} as const satisfies Record<keyof Operations, string>;

/** The name of an operation. */
export type Operation = keyof Operations;

/** The JSON body of an operation's request. */
export type Body<O extends Operation> = Operations[O] extends {
  requestBody?: { content: { "application/json": infer B } };
}
  ? B
  : never;

/** The query of an operation's request. */
export type Query<O extends Operation> = NonNullable<Operations[O]["parameters"]["query"]>;

/** The JSON answer of an operation. */
export type Result<O extends Operation> = Operations[O]["responses"] extends {
  200: { content: { "application/json": infer R } };
}
  ? R
  : never;

/** The variable parts of an operation's request. */
export interface Input<O extends Operation> {
  path?: Operations[O]["parameters"]["path"];
  query?: Query<O>;
  body?: Body<O>;
  /** A body that is not JSON. */
  file?: { type: string; content: Uint8Array };
  /** The type of the answer, JSON by default. */
  accept?: string;
  /** Gives the request up. */
  signal?: AbortSignal;
}
