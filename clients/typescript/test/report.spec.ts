// SPDX-License-Identifier: Apache-2.0

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fleet } from "../src/index.js";
import { expect, test } from "../src/playwright.js";
import { environment, path, playwright } from "./playwright.js";

interface Attachment {
  name: string;
  contentType: string;
  body?: string;
  path?: string;
}

interface Outcome {
  status: string;
  errors: string[];
  annotations: { type: string; description?: string }[];
  attachments: Map<string, string>; // the content, by name
}

/** Runs the tests that fail, and returns their outcomes by title. */
function run(variables: Record<string, string> = {}): Map<string, Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "fob-ts-"));
  const file = join(folder, "report.json");
  const args = [...playwright, "-c", path("test/inner/inner.config.ts"), "fails.spec.ts", "--reporter=json", "--output", folder];
  const env = environment({ PLAYWRIGHT_JSON_OUTPUT_FILE: file, ...variables });
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  expect(status, stderr).toBe(1);
  const report = JSON.parse(readFileSync(file, "utf8")) as {
    suites: { specs: { title: string; tests: { annotations: Outcome["annotations"]; results: { status: string; errors: { message: string }[]; attachments: Attachment[] }[] }[] }[] }[];
  };
  const outcomes = new Map<string, Outcome>();
  for (const spec of report.suites.flatMap((s) => s.specs)) {
    const [t] = spec.tests;
    const [result] = t?.results ?? [];
    if (t === undefined || result === undefined) throw new Error(`${spec.title} did not run`);
    const content = (a: Attachment) => (a.body === undefined ? readFileSync(a.path ?? "") : Buffer.from(a.body, "base64"));
    outcomes.set(spec.title, {
      status: result.status,
      errors: result.errors.map((e) => e.message),
      annotations: t.annotations,
      attachments: new Map(result.attachments.map((a) => [a.name, content(a).toString("latin1")])),
    });
  }
  rmSync(folder, { recursive: true });
  return outcomes;
}

const ours = (o: Outcome | undefined) => [...(o?.attachments.keys() ?? [])].filter((name) => name.startsWith("fob-"));

test("a test that fails has the events, the displays and the world seed in its report", () => {
  const outcomes = run();
  const failed = outcomes.get("fails");
  expect(failed?.status).toBe("failed");
  expect(ours(failed)).toEqual(["fob-world-seed.txt", "fob-events.jsonl", "fob-tokens.txt", "fob-display-ZZFB00000001.png"]);
  // The year of age adds less than a minute to the three minutes.
  expect(failed?.attachments.get("fob-tokens.txt")).toMatch(
    /^hardware id \w{16}: the test has removed the token\nZZFB00000001, hardware id \w{16}: LOCKED, clock error 1[89]\d{4} ms \(steps: 3\)\n$/,
  );
  expect(failed?.annotations).toContainEqual(expect.objectContaining({ type: "fob world seed", description: "7" }));
  expect(failed?.attachments.get("fob-world-seed.txt")).toContain("FOB_WORLD_SEED=7");
  expect(failed?.attachments.get("fob-display-ZZFB00000001.png")).toMatch(/^\x89PNG\r\n/);
  const events = (failed?.attachments.get("fob-events.jsonl") ?? "").trim().split("\n").map((l) => JSON.parse(l) as { event: string; value?: number });
  expect(events.map((e) => e.event)).toContain("made");
  expect(events.find((e) => e.event === "age")?.value).toBe(365.25 * 86_400e9); // ns

  expect(ours(outcomes.get("fails softly"))).toContain("fob-display-ZZFB00000001.png");
  expect(outcomes.get("takes too long")?.status).toBe("timedOut");
  expect(ours(outcomes.get("takes too long"))).toContain("fob-display-ZZFB00000001.png");

  const lost = outcomes.get("loses its fleet");
  expect(ours(lost)).toEqual(["fob-world-seed.txt", "fob-error.txt"]);
  expect(lost?.errors.join()).toContain("the fleet is gone");
  expect(lost?.attachments.get("fob-error.txt")).toContain("fob has ended (exit code 0)");

  // What the report cannot have is not an error of the test.
  const unattached = outcomes.get("cannot attach");
  expect([unattached?.status, unattached?.errors.length, ours(unattached)]).toEqual(["failed", 1, []]);
  const silent = outcomes.get("has a fleet that does not answer");
  expect([silent?.status, silent?.errors.length]).toEqual(["failed", 1]);
  expect(silent?.errors[0]).toContain("the reason");
  expect(silent?.attachments.get("fob-error.txt")).toBe("the fleet has not answered within 0.1 s");

  for (const title of ["is expected to fail", "passes", "removes its token"]) {
    expect(ours(outcomes.get(title)), title).toEqual([]);
  }
});

test("a report about a fleet that others use has no tokens of others", async () => {
  await using fob = await Fleet.start({ worldSeed: 8 });
  const { FOB_URL, FOB_API_KEY } = fob.environment();
  const other = await fob.newToken();
  const skewing = (async () => {
    for await (const e of fob.follow({ kinds: ["age"] })) if ("seq" in e) return other.skew("1s");
    return undefined;
  })();
  const failed = run({ FOB_URL, FOB_API_KEY }).get("fails");
  await skewing;
  expect(failed?.attachments.get("fob-world-seed.txt")).toBe(
    "world seed 8; to repeat the run, start the fleet of FOB_URL again with this world seed",
  );
  expect(failed?.attachments.get("fob-events.jsonl")).toContain('"event":"age"');
  expect(failed?.attachments.get("fob-events.jsonl")).not.toContain(other.id);
  expect(ours(failed)).not.toContain(`fob-display-${other.serial}.png`);
  // The tokens of the fixture are gone; the one that a test lost with its fleet is not.
  expect((await fob.tokens()).map((t) => t.id)).toContain(other.id);
});
