// SPDX-License-Identifier: Apache-2.0

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../src/playwright.js";
import { environment, path } from "./playwright.js";

test("the types are those of the API", () => {
  const { status, stderr } = spawnSync(process.execPath, [path("scripts/types.mjs"), "--check"], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
});

test("the lockfile names no registry", () => {
  const { packages } = JSON.parse(readFileSync(path("package-lock.json"), "utf8")) as {
    packages: Record<string, { integrity?: string; resolved?: string }>;
  };
  for (const [name, p] of Object.entries(packages)) {
    expect(p.resolved, name).toBeUndefined();
    if (name !== "") expect(p.integrity, name).toMatch(/^sha512-/);
  }
});

// Every block of the README runs as printed, with the package as it is packed.
test("the README's examples run with the packed package", () => {
  const folder = mkdtempSync(join(tmpdir(), "fob-ts-"));
  const options = { cwd: folder, env: environment({ npm_config_cache: join(folder, "npm") }), encoding: "utf8" } as const;
  const npm = (...args: string[]) => execFileSync("npm", [...args, "--offline", "--no-audit", "--no-fund"], options);

  const [pack] = JSON.parse(npm("pack", path("."), "--json")) as { filename: string; files: { path: string }[] }[];
  const modules = readdirSync(path("src")).map((name) => name.replace(/\.ts$/, ""));
  const files = modules.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  expect(pack?.files.map((f) => f.path).sort()).toEqual(["README.md", ...files, "package.json"].sort());

  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "qa", private: true, type: "module" }));
  npm("install", "--save-dev", join(folder, pack?.filename ?? ""));
  expect(readdirSync(join(folder, "node_modules")).filter((n) => !n.startsWith("."))).toEqual(["@fob"]); // no dependency
  mkdirSync(join(folder, "node_modules/@types"));
  for (const name of ["@playwright", "playwright", "playwright-core", "typescript", "@types/node", "undici-types"]) {
    symlinkSync(path(`node_modules/${name}`), join(folder, "node_modules", name), "dir");
  }

  const blocks = [...readFileSync(path("README.md"), "utf8").matchAll(/^```ts\n([^]*?)^```$/gm)].map((m) => m[1] ?? "");
  expect(blocks.length).toBeGreaterThan(6);
  expect(blocks[0]?.trim().split("\n").length).toBe(5);
  const scripts: string[] = [];
  blocks.forEach((block, i) => {
    const isTest = /^test\(/m.test(block);
    const name = `block${i}.${isTest ? "spec.ts" : "ts"}`;
    writeFileSync(join(folder, name), block);
    if (!isTest) scripts.push(name);
  });
  const bank = readFileSync(path("test/bank.ts"), "utf8");
  const theirs = bank.replaceAll("../src/index.js", "@fob/tokens").replaceAll("../src/playwright.js", "@fob/tokens/playwright");
  writeFileSync(join(folder, "bank.ts"), theirs);
  const executablePath = process.env["FOB_CHROMIUM"] ?? "/usr/bin/chromium";
  const use = { locale: "en-US", launchOptions: { executablePath } };
  const config = { workers: 1, timeout: 300_000, expect: { timeout: 60_000 }, reporter: "line", use };
  writeFileSync(join(folder, "playwright.config.ts"), `export default ${JSON.stringify(config)};\n`);
  const compilerOptions = {
    ...{ target: "ES2022", module: "NodeNext", strict: true, types: ["node"], outDir: "js" },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, lib: ["ES2022", "ESNext.Disposable", "DOM"] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));

  const node = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
    expect(status, stdout + stderr).toBe(0);
    return stdout;
  };
  node(path("node_modules/typescript/bin/tsc"), "-p", ".");
  for (const name of scripts) expect(node(`js/${name.replace(/ts$/, "js")}`)).toMatch(/^ZZFB00000001 \d{6}\n$/);
  rmSync(join(folder, "js"), { recursive: true });
  const tests = blocks.length - scripts.length;
  expect(node(join(folder, "node_modules/@playwright/test/cli.js"), "test")).toContain(`${tests} passed`);
  rmSync(folder, { recursive: true });
});
