// SPDX-License-Identifier: Apache-2.0

// A program that starts a fleet and does not close it, for process.spec.ts.

import { Fleet } from "../../dist/index.js";

const fob = await Fleet.start();
console.log(JSON.stringify(fob.environment()));
if (process.argv.includes("wait")) await new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1));
