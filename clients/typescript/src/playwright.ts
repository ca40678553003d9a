// SPDX-License-Identifier: Apache-2.0

/**
 * Fixtures for Playwright: a fleet for each worker, a token for each test, and what happened
 * to the tokens in the report of a test that failed.
 */
import { type Expect, expect as baseExpect, type TestInfo, test as base } from "@playwright/test";
import { type Event, Fleet, NotFound, type StartOptions, type Token, type TokenOptions, type TokenState, Unreachable } from "./index.js";
import { limits } from "./limits.js";

/** The options of the fixtures, in use of the configuration or of a test file. */
export interface FobOptions {
  /** The tokens of the fixture token, such as { profile: "button-6" }. */
  tokenOptions: TokenOptions;
}

/** The options of a worker. */
export interface FobWorkerOptions {
  /** How the fleet is started. They have no effect on a fleet that runs already (FOB_URL). */
  fobOptions: StartOptions;
}

/** The fixtures of a test. */
export interface FobFixtures {
  /** The fleet. If the test fails, its report gets the events and the tokens' displays. */
  fob: Fleet;
  /** A token, provisioned and locked unless tokenOptions says otherwise. The end of the test removes it. */
  token: Token;
}

/** The fixtures of a worker. */
export interface FobWorkerFixtures {
  /** The fleet, for beforeAll and for fixtures of a worker. */
  fobFleet: Fleet;
}

/** Playwright's test with tokens. */
export const test = base.extend<FobOptions & FobFixtures, FobWorkerOptions & FobWorkerFixtures>({
  fobOptions: [{}, { option: true, scope: "worker" }],
  tokenOptions: [{}, { option: true }],

  fobFleet: [
    async ({ fobOptions }, use) => {
      const fleet = await Fleet.open(fobOptions);
      try {
        await use(fleet);
      } finally {
        await fleet.close();
      }
    },
    { scope: "worker" },
  ],

  fob: async ({ fobFleet }, use, testInfo) => {
    const before = await fobFleet.seq();
    await use(fobFleet);
    const tokens = temporary.get(testInfo) ?? [];
    if (testInfo.status !== testInfo.expectedStatus) {
      await report(fobFleet, before, testInfo);
      await inTime(tryToRemove(tokens));
    } else {
      for (const token of tokens) await remove(token);
    }
  },

  token: async ({ fob, tokenOptions }, use, testInfo) => {
    const token = await fob.newToken(tokenOptions);
    temporary.set(testInfo, [token]); // fob removes it, because a report shows its display
    await use(token);
  },
});

/** Playwright's expect. */
export const expect: Expect = baseExpect;

/** The tokens that are removed after a test. */
const temporary = new WeakMap<TestInfo, Token[]>();

/** Removes a token, unless the test has done so, or the fleet has ended. */
async function remove(token: Token): Promise<void> {
  try {
    await token.remove();
  } catch (err) {
    if (!(err instanceof NotFound || err instanceof Unreachable)) throw err;
  }
}

/** Removes tokens after a test that failed, whose failure is the one to report. */
async function tryToRemove(tokens: Token[]): Promise<void> {
  for (const token of tokens) await token.remove();
}

const mostEvents = 1000;
const mostDisplays = 10;
const mostTokens = 100;

/** Waits for the work about a failed test, but not for long, and whatever comes of it. */
async function inTime(work: Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`the fleet has not answered within ${limits.report / 1000} s`), limits.report);
  });
  try {
    return await Promise.race([work.then(() => undefined, String), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Attaches what happened in a test that failed. It has no errors of its own. */
async function report(fleet: Fleet, after: number, testInfo: TestInfo): Promise<void> {
  const attach = (name: string, contentType: string, body: string | Buffer) => testInfo.attach(name, { contentType, body });
  const failed = await inTime(attachAll(fleet, after, testInfo, attach));
  // The test has failed for another reason, or for this one.
  if (failed !== undefined) await inTime(attach("fob-error.txt", "text/plain", failed));
}

type Attach = (name: string, contentType: string, body: string | Buffer) => Promise<void>;

/** Attaches the world seed, the events of a test, and its tokens with their displays. */
async function attachAll(fleet: Fleet, after: number, testInfo: TestInfo, attach: Attach): Promise<void> {
  const seed = fleet.worldSeed;
  testInfo.annotations.push({ type: "fob world seed", description: seed });
  const how = fleet.started
    ? `to repeat the run: FOB_WORLD_SEED=${seed} npx playwright test --workers=1`
    : "to repeat the run, start the fleet of FOB_URL again with this world seed";
  await attach("fob-world-seed.txt", "text/plain", `world seed ${seed}; ${how}`);
  const made = new Set(fleet.made.map((token) => token.id));
  // Other tests use a fleet that was not started here.
  const mine = (e: Event) => fleet.started || e.token === undefined || made.has(e.token);
  const events = (await fleet.events({ afterSeq: after })).filter(mine);
  const lines = events.slice(-mostEvents).map((e) => JSON.stringify(e) + "\n");
  await attach("fob-events.jsonl", "application/jsonl", lines.join(""));

  const ids = [...new Set(events.flatMap((e) => e.token ?? []).reverse())]; // the newest first
  const tokens: string[] = [];
  const displays: [string, Buffer][] = [];
  for (const [i, id] of ids.slice(0, mostTokens).entries()) {
    try {
      const token = await fleet.token(id);
      tokens.push(lineOf(await token.state()));
      if (i < mostDisplays) displays.push([token.serial || id, await token.png()]);
    } catch (err) {
      if (!(err instanceof NotFound)) throw err;
      tokens.push(`hardware id ${id}: the test has removed the token`);
    }
  }
  if (ids.length > mostTokens) tokens.push(`and ${ids.length - mostTokens} tokens more`);
  await attach("fob-tokens.txt", "text/plain", tokens.map((line) => line + "\n").join(""));
  for (const [name, png] of displays) await attach(`fob-display-${name}.png`, "image/png", png);
}

/** Describes a token and its clock. */
function lineOf(t: TokenState): string {
  const name = `${t.serial ?? "without a serial number"}, hardware id ${t.hardware_id}: ${t.state}`;
  if (t.error_ms == null || t.step === undefined || t.left_ms === undefined) return `${name}, the clock is not set`;
  // The step ends left_ms after the token's time.
  const step = Math.round((Date.parse(t.token_time) + t.left_ms) / (t.step + 1));
  const steps = t.step - Math.floor(Date.parse(t.true_time) / step);
  return `${name}, clock error ${t.error_ms} ms (steps: ${steps})`;
}
