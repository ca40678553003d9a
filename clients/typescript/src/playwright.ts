// SPDX-License-Identifier: Apache-2.0

/**
 * Fixtures for Playwright: a fleet for each worker, a token for each test, and what happened
 * to the tokens in the report of a test that failed.
 */
import { type Expect, expect as baseExpect, type TestInfo, test as base } from "@playwright/test";
import { type Event, Fleet, NotFound, type StartOptions, type Token, type TokenOptions, Unreachable } from "./index.js";

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
    if (testInfo.status !== testInfo.expectedStatus) await report(fobFleet, before, testInfo);
    for (const token of temporary.get(testInfo) ?? []) await remove(token);
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

const mostEvents = 1000;
const mostDisplays = 10;

/** Attaches the world seed, the events of a test and the displays of its tokens. */
async function report(fleet: Fleet, after: number, testInfo: TestInfo): Promise<void> {
  const seed = fleet.worldSeed;
  testInfo.annotations.push({ type: "fob world seed", description: seed });
  await testInfo.attach("fob-world-seed.txt", {
    contentType: "text/plain",
    body: `world seed ${seed}; to repeat the run: FOB_WORLD_SEED=${seed} npx playwright test --workers=1`,
  });
  try {
    const made = new Set(fleet.made.map((token) => token.id));
    // Other tests use a fleet that was not started here.
    const mine = (e: Event) => fleet.started || e.token === undefined || made.has(e.token);
    const events = (await fleet.events({ afterSeq: after })).filter(mine);
    await testInfo.attach("fob-events.jsonl", {
      contentType: "application/jsonl",
      body: events.slice(-mostEvents).map((e) => JSON.stringify(e) + "\n").join(""),
    });
    const ids = new Set(events.flatMap((e) => e.token ?? []).reverse()); // the newest first
    for (const id of [...ids].slice(0, mostDisplays)) await attachDisplay(fleet, id, testInfo);
  } catch (err) {
    // The test has failed for another reason, or for this one.
    await testInfo.attach("fob-error.txt", { contentType: "text/plain", body: String(err) });
  }
}

/** Attaches a picture of the display of a token, unless the test has removed it. */
async function attachDisplay(fleet: Fleet, id: string, testInfo: TestInfo): Promise<void> {
  try {
    const token = await fleet.token(id);
    const body = await token.png();
    await testInfo.attach(`fob-display-${token.serial || id}.png`, { contentType: "image/png", body });
  } catch (err) {
    if (!(err instanceof NotFound)) throw err;
  }
}
