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

/** The documents at the root, which have the same test. */
const readmes = ["README.md", "README.ja.md"];

/** Pages of the cookbook about programs that are not tests. */
const withoutTests = ["README.md", "container.md", "load.md"];

/** Returns the documents with blocks for TypeScript, as paths in the checkout. */
function documents(): string[] {
  const pages = readdirSync(path("../../docs/cookbook")).filter((name) => name.endsWith(".md") && !withoutTests.includes(name));
  expect(pages.length).toBeGreaterThan(8);
  return ["clients/typescript/README.md", ...readmes, ...pages.map((name) => `docs/cookbook/${name}`)];
}

/** Returns the blocks for TypeScript of a document. */
function blocksOf(document: string): string[] {
  const text = readFileSync(path(`../../${document}`), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map((m) => m[1] ?? "");
  expect(blocks.length, `the blocks of ${document} for TypeScript`).toBeGreaterThan(0);
  return blocks;
}

const linesOf = (block: string | undefined) => (block ?? "").trim().split("\n").length;

// Every block of the documents runs as printed, with the package as it is packed, in a
// project as npm init makes it: its files are CommonJS.
test("the documents' examples run with the packed package", () => {
  const folder = mkdtempSync(join(tmpdir(), "fob-ts-"));
  mkdirSync(join(folder, "bin"));
  symlinkSync(process.env["FOB_COMMAND"] ?? "", join(folder, "bin/fob"));
  const env = environment({ npm_config_cache: join(folder, "npm"), PATH: `${join(folder, "bin")}:${process.env["PATH"]}` });
  delete env["FOB_COMMAND"];
  const options = { cwd: folder, env, encoding: "utf8" } as const;
  const npm = (...args: string[]) => execFileSync("npm", [...args, "--offline", "--no-audit", "--no-fund"], options);

  const [pack] = JSON.parse(npm("pack", path("."), "--json")) as { filename: string; files: { path: string }[] }[];
  const modules = readdirSync(path("src")).map((name) => name.replace(/\.ts$/, ""));
  const files = modules.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  expect(pack?.files.map((f) => f.path).sort()).toEqual(["README.md", "dist/package.json", ...files, "package.json"].sort());

  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "qa", private: true }));
  npm("install", "--save-dev", join(folder, pack?.filename ?? ""));
  expect(readdirSync(join(folder, "node_modules")).filter((n) => !n.startsWith("."))).toEqual(["@fob"]); // no dependency
  mkdirSync(join(folder, "node_modules/@types"));
  for (const name of ["@playwright", "playwright", "playwright-core", "typescript", "@types/node", "undici-types"]) {
    symlinkSync(path(`node_modules/${name}`), join(folder, "node_modules", name), "dir");
  }

  expect(linesOf(blocksOf("clients/typescript/README.md")[0])).toBe(5);
  for (const name of readmes) for (const block of blocksOf(name)) expect(linesOf(block), name).toBeLessThanOrEqual(5);
  const scripts: string[] = [];
  let tests = 0;
  for (const document of documents()) {
    // The name of a file is in the message about its failure.
    const prefix = join(folder, document.replaceAll("/", "-"));
    blocksOf(document).forEach((block, i) => {
      const found = block.match(/^test\(/gm)?.length ?? 0;
      tests += found;
      const name = `${prefix}-${i + 1}.${found > 0 ? "spec.ts" : "mts"}`; // a script has await outside of a function
      writeFileSync(name, block);
      if (found === 0) scripts.push(name);
    });
  }
  const bank = readFileSync(path("test/bank.ts"), "utf8");
  const theirs = bank.replaceAll("../src/index.js", "@fob/tokens").replaceAll("../src/playwright.js", "@fob/tokens/playwright");
  writeFileSync(join(folder, "bank.ts"), theirs);
  const readme = readFileSync(path("README.md"), "utf8").replace(/\s+/g, " ");
  for (const [name, source] of Object.entries({ "@fob/tokens": "../src/index.js", "@fob/tokens/playwright": "../src/playwright.js" })) {
    expect(bank).toContain(`from "${source}"`);
    expect(readme).toContain(`\`"${source}"\` by \`"${name}"\``);
  }
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
  const tsc = path("node_modules/typescript/bin/tsc");
  node(tsc, "-p", ".");
  // Projects without these rules for modules find the types as well.
  const rules = ["--module", "CommonJS", "--moduleResolution", "Node10", "--target", "ES2022", "--skipLibCheck"];
  node(tsc, ...rules, "--noEmit", "--types", "node", "bank.ts", "README.md-1.spec.ts");
  for (const name of scripts) {
    expect(node(name.replace(folder, join(folder, "js")).replace(/mts$/, "mjs"))).toMatch(/^ZZFB00000001 \d{6}\n$/);
  }
  rmSync(join(folder, "js"), { recursive: true });
  // This package's README is for JavaScript as well. Node 20 has no await using.
  const plain = scripts.filter((name) => name.includes("clients-typescript-README"));
  expect(plain.length).toBeGreaterThan(0);
  for (const name of plain) {
    const copy = name.replace(/mts$/, "mjs");
    writeFileSync(copy, readFileSync(name));
    expect(node(copy)).toMatch(/^ZZFB00000001 \d{6}\n$/);
    rmSync(copy);
  }
  expect(node(join(folder, "node_modules/@playwright/test/cli.js"), "test")).toContain(`${tests} passed`);
  rmSync(folder, { recursive: true });
});
