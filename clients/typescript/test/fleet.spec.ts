// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { Fleet, NotFound, NotStarted, Refused, TimedOut, Unreachable, WrongKey } from "../src/index.js";
import { expect, test } from "../src/playwright.js";

/** Calculates a code with the program oathtool. */
function oathtool(seed: Buffer, at: Date): string {
  const now = `@${Math.floor(at.getTime() / 1000)}`;
  const args = ["--totp=sha1", "-d", "6", "-s", "60s", "--now", now, "-"];
  return execFileSync("oathtool", args, { input: seed.toString("hex") }).toString().trim();
}

test.use({ fobOptions: { allowSeedExport: true, worldSeed: 7 } });

test("codes are those of oathtool, through time", async ({ fob }) => {
  const token = await fob.newToken({ crystal: "perfect" });
  const seed = await token.seed();
  for (const by of ["0s", "1h", "3y"]) {
    await fob.advance(by);
    expect(await token.code()).toBe(oathtool(seed, new Date((await token.state()).token_time)));
  }
});

test("a code is never about to expire", async ({ fob, token }) => {
  const first = await token.reading({ minRemaining: "55s" }); // other tests have moved the clock
  await fob.advance(first.left_ms - 5000);
  expect((await token.reading()).step).toBe(first.step);
  expect((await token.reading()).left_ms).toBeLessThanOrEqual(5001);
  await token.code();
  const next = await token.reading();
  expect(next.step).toBe(first.step + 1);
  expect(next.left_ms).toBeGreaterThan(50_000);
  expect((await token.reading({ minRemaining: next.left_ms - 1 })).step).toBe(next.step);
});

test("a fresh code is another one", async ({ token }) => {
  const steps = [await token.reading({ fresh: true }), await token.reading({ fresh: true })].map((r) => r.step);
  expect(steps[1]).toBe((steps[0] ?? 0) + 1);
});

test("a code can be read without a press", async ({ fob }) => {
  const token = await fob.newToken({ profile: "button-6" });
  const options = { readOnly: true, minRemaining: 0 };
  await expect(token.code(options)).rejects.toMatchObject({ code: "no_code" });
  await token.press();
  expect(await token.code(options)).toBe((await token.reading()).code);
});

test("a clock that runs changes the codes by itself", async () => {
  await using fob = await Fleet.start({ clock: "scaled:3600", at: "2031-11-30T14:59:00Z" });
  const token = await fob.newToken();
  const { step } = await token.reading({ fresh: true });
  expect((await token.reading({ fresh: true })).step).toBeGreaterThan(step);
  expect((await fob.now()).getTime()).toBeGreaterThan(Date.parse("2031-11-30T14:59:00Z"));
});

test("a clock can start now", async () => {
  const before = Date.now();
  await using fob = await Fleet.start({ at: "now" });
  const now = (await fob.now()).getTime();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(await fob.time()).toMatchObject({ mode: "manual" });
});

test("the same world seed makes the same tokens", async () => {
  const codeOf = async (worldSeed: number) => {
    await using fob = await Fleet.start({ worldSeed, allowSeedExport: true });
    return (await (await fob.newToken()).seed()).toString("hex");
  };
  expect(await codeOf(7)).toBe(await codeOf(7));
  expect(await codeOf(7)).not.toBe(await codeOf(8));
});

test("a lot of many tokens is complete", async () => {
  await using fob = await Fleet.start();
  const tokens = await fob.newTokens({ count: 12_000, age_to: "P3Y" });
  expect(new Set(tokens.map((t) => t.id)).size).toBe(12_000);
  expect((await fob.tokens()).length).toBe(12_000);
  expect((await fob.tokens({ limit: 5 })).length).toBe(5);
  expect((await fob.events()).length).toBe(12_000); // more than a page has
  expect((await fob.events({ limit: 3 })).map((e) => e.seq)).toEqual([1, 2, 3]);
});

test("errors have status, code and detail", async ({ fob }) => {
  const err = await fob.token("ZZFB0000FFFF").catch((e: unknown) => e);
  expect(err).toBeInstanceOf(NotFound);
  expect(err).toMatchObject({ name: "NotFound", status: 404, code: "not_found", detail: expect.stringContaining("ZZFB0000FFFF") });
  const blank = await fob.newToken({ ready: false });
  expect(blank.serial).toBe("");
  await expect(blank.code()).rejects.toMatchObject({ name: "Refused", status: 409, code: "no_code" });
  const token = await fob.newToken();
  const over = await token.wait({ state: "EXPIRED", realTimeout: 10 }).catch((e: unknown) => e);
  expect(over).toBeInstanceOf(TimedOut);
  expect(over).toMatchObject({ status: 408, code: "real_timeout" });
  await expect(token.age("soon")).rejects.toBeInstanceOf(Refused);
  const abort = new AbortController();
  const waiting = token.wait({ state: "EXPIRED", signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("a fleet that runs already is used, and left running", async ({ fob }) => {
  const { FOB_URL: url, FOB_API_KEY: key } = fob.environment();
  const second = await Fleet.connect({ url, key });
  expect(second.started).toBe(false);
  expect(second.worldSeed).toBe("7");
  const token = await second.newToken();
  await second.close();
  expect((await fob.token(token.id)).serial).toBe(token.serial);

  await expect(Fleet.connect({ url, key: "not-the-key-of-the-fleet" })).rejects.toBeInstanceOf(WrongKey);
  await expect(Fleet.connect({ url, key: "" })).rejects.toThrow("set FOB_API_KEY");
  await expect(Fleet.connect({ url: "not a URL", key })).rejects.toBeInstanceOf(Unreachable);
  await expect(Fleet.connect({ url: "http://127.0.0.1:1", key })).rejects.toThrow("capabilities: the fleet at 127.0.0.1:1 does not answer: ");
});

test("a fleet with its own certificate", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fob-ts-"));
  const [cert, secret] = [join(folder, "c.pem"), join(folder, "k.pem")];
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  execFileSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost -addext".split(" "),
    ...[names, "-keyout", secret, "-out", cert],
  ]);
  // start itself knows nothing of the certificate: it only reads the ready line.
  await using fob = await Fleet.start({ args: ["--http-cert", cert, "--http-key", secret] });
  const { FOB_URL: url, FOB_API_KEY: key } = fob.environment();
  expect(url).toMatch(/^https:/);
  await using trusting = await Fleet.connect({ url, key, ca: readFileSync(cert, "utf8") });
  expect((await trusting.newToken()).serial).toBe("ZZFB00000001");
  await expect(fob.time()).rejects.toThrow("self-signed certificate");
  rmSync(folder, { recursive: true });
});

test("the API key is not printed", async () => {
  await using fob = await Fleet.start();
  const { FOB_API_KEY: key } = fob.environment();
  const token = await fob.newToken();
  for (const object of [fob, token]) {
    expect(inspect(object, { depth: 9, showHidden: true }) + JSON.stringify(object)).not.toContain(key);
  }
  await fob.close();
  const err: unknown = await token.code().catch((e: unknown) => e);
  expect(inspect(err, { depth: 9 })).not.toContain(key);
  expect(err).toMatchObject({ name: "Unreachable", message: expect.stringContaining("fob has ended (exit code 0)") });
});

test("a fleet that cannot start says why", async () => {
  await expect(Fleet.start({ command: "/nowhere/fob" })).rejects.toThrow(
    "starting the fleet: there is no program /nowhere/fob: put fob on PATH, or set FOB_COMMAND to its path",
  );
  const err: unknown = await Fleet.start({ worldSeed: "seven" }).catch((e: unknown) => e);
  expect(err).toBeInstanceOf(NotStarted);
  expect(err).toMatchObject({ message: "starting the fleet: --world-seed seven: want a whole number from 1 to 2^64-1" });
});

test("events come as they happen", async () => {
  const fob = await Fleet.start();
  const token = await fob.newToken();
  await token.skew("1s");
  const kinds: string[] = [];
  let closing: Promise<void> | undefined;
  for await (const e of fob.follow({ kinds: ["skew", "age"] })) { // the end of the fleet ends it
    if ("event" in e) kinds.push(e.event);
    if (kinds.length === 1) await token.age("1d");
    else closing = fob.close();
  }
  await closing;
  expect(kinds).toEqual(["skew", "age"]);
});
