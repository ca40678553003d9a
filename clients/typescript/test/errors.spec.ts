// SPDX-License-Identifier: Apache-2.0

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { follow } from "../src/events.js";
import { Fleet, FobError, NotStarted, Unreachable, WrongKey } from "../src/index.js";
import { limits } from "../src/limits.js";
import { operations } from "../src/operations.js";
import { expect, test } from "../src/playwright.js";
import { Transport } from "../src/transport.js";
import { path } from "./playwright.js";

const key = "a-key";

/** Runs a function with the URL of a server that is not a fleet. */
async function withServer(answer: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Changes limits for the time of a function. The tests of a worker run one after another. */
async function withLimits(changes: Partial<typeof limits>, run: () => Promise<void>): Promise<void> {
  const before = { ...limits };
  Object.assign(limits, changes);
  try {
    await run();
  } finally {
    Object.assign(limits, before);
  }
}

const errorOf = (work: Promise<unknown>) => work.then(() => undefined, (err: unknown) => err);

const strange = {
  "HTML": ["<html></html>", "it is not JSON"],
  "nothing": ["", "it is not JSON"],
  "null": ["null", "it is not an object"],
  "a list": ["[]", "it is not an object"],
  "an empty object": ["{}", ": [a-z_]+ is not "],
  "lists without content": ['{"items":[{}],"events":[{}]}', " is not "],
} as const;

for (const [name, [text, why]] of Object.entries(strange)) {
  test(`an answer that is ${name} is a FobError of each operation`, async () => {
    await withServer((_, response) => response.end(text), async (url) => {
      const transport = new Transport({ url, key });
      for (const operation of Object.keys(operations) as (keyof typeof operations)[]) {
        // These have no answer, or a file.
        if (/^(detach|drop-snapshot|remove-token|all-codes|export|get-snapshot|qr)$/.test(operation)) continue;
        // No field of faults is always there.
        if (/^get-(line-)?faults$/.test(operation) && text.startsWith("{")) continue;
        const err = await errorOf(transport.json(operation, { path: { token: "t", port: "p", name: "n" } as never }));
        expect(err, operation).toBeInstanceOf(Unreachable);
        expect(err, operation).toMatchObject({ message: expect.stringMatching(`the answer is not a fleet's: .*${why}.*: check FOB_URL`) });
      }
      await expect(Fleet.connect({ url, key })).rejects.toBeInstanceOf(Unreachable);
    });
  });
}

test("an answer that changes later is a FobError", async ({ fob }) => {
  const real = new Map<string, string>();
  real.set("/v1/capabilities", JSON.stringify(await fob.capabilities()));
  const token = JSON.stringify(await (await fob.newToken()).state());
  real.set("/v1/tokens/ok", token);
  await withServer((request, response) => response.end(real.get(request.url ?? "") ?? "<html>"), async (url) => {
    const other = await Fleet.connect({ url, key });
    const t = await other.token("ok");
    for (const work of [t.seed(), t.look(), t.code(), other.codes(), other.newToken(), other.events(), other.follow().next()]) {
      expect(await errorOf(work)).toBeInstanceOf(FobError);
    }
    await other.close();
  });
});

test("an answer without an end is a FobError", async () => {
  const endless: RequestListener = (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  };
  await withLimits({ answer: 8 << 20 }, () =>
    withServer(endless, async (url) => {
      await expect(Fleet.connect({ url, key })).rejects.toThrow("it has more than 8 MiB");
      const transport = new Transport({ url, key });
      expect(await errorOf(follow(transport, {}).next())).toMatchObject({
        name: "Unreachable",
        cause: expect.objectContaining({ message: expect.stringContaining("a line that does not end") }),
      });
    }),
  );
  expect([limits.answer, limits.file]).toEqual([67_108_864, 1_073_741_824]);
});

test("a fleet that never answers is given up", async () => {
  const halves: RequestListener = (request, response) => {
    if (request.method === "GET") response.write("{"); // and nothing more
  };
  await withLimits({ silence: 50, silenceOfChange: 60, held: 70 }, () =>
    withServer(halves, async (url) => {
      const transport = new Transport({ url, key });
      const t = { token: "t" };
      const said = async (work: Promise<unknown>) => ((await errorOf(work)) as Error).message;
      const host = new URL(url).host;
      expect(await said(transport.json("capabilities"))).toBe(`capabilities: the fleet at ${host} does not answer: it has sent nothing for 0.05 s`);
      expect(await said(transport.json("drop", { path: t }))).toMatch("nothing for 0.06 s");
      expect(await said(transport.json("wait", { path: t, query: { real_timeout: "20ms" } }))).toMatch("nothing for 0.07 s");
      expect(await said(transport.json("wait", { path: t, query: { real_timeout: "P1Y" } }))).toMatch("nothing for 0.12 s");
      expect(await said(transport.json("code", { path: t }))).toMatch("nothing for 0.12 s");
    }),
  );
});

test("the API key does not leave the machine by http", async () => {
  for (const host of ["fob.example", "192.0.2.1:8080", "[2001:db8::1]", "127.0.0.1.example", "0.0.0.0", "localhost.example"]) {
    const err = await errorOf(Fleet.connect({ url: `http://${host}`, key }));
    expect(err).toBeInstanceOf(Unreachable);
    expect(err).toMatchObject({ message: expect.stringMatching(/ is not used: .* is not a loopback address, .*: use https$/) });
  }
  for (const host of ["localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1"]) {
    await expect(Fleet.connect({ url: `http://${host}`, key })).rejects.toThrow("does not answer");
  }
});

test("an API key, an instant, a name and a certificate that cannot be sent are FobErrors", async ({ fob, token }) => {
  for (const bad of ["two\nlines", "a key", "鍵", "\0"]) {
    const err = await errorOf(Fleet.connect({ url: fob.url, key: bad }));
    expect(err).toBeInstanceOf(WrongKey);
    expect((err as Error).message).not.toContain(bad);
  }
  expect(await errorOf((async () => fob.advance({ to: new Date("soon") }))())).toBeInstanceOf(FobError);
  expect(await errorOf(fob.token("\ud800"))).toBeInstanceOf(FobError);
  expect(await errorOf(Fleet.connect({ url: "https://127.0.0.1:1", key, ca: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----" }))).toBeInstanceOf(Unreachable);
  expect(token.serial).not.toBe("");
  Object.assign(process.env, { FOB_URL: "https://127.0.0.1:1", FOB_CACERT: "/nowhere/c.pem" });
  try {
    expect(await errorOf(Fleet.open())).toMatchObject({ name: "Unreachable", message: expect.stringContaining("FOB_CACERT") });
  } finally {
    delete process.env["FOB_URL"];
    delete process.env["FOB_CACERT"];
  }
});

/** A program that writes its process id to a file, and then something else than fob. */
const programs = {
  "writes words": "echo hello; exec sleep 1000",
  "writes another object": "echo '{}'; exec sleep 1000",
  "writes null": "echo null; exec sleep 1000",
  "writes a line without an end": "exec tr '\\0' x < /dev/zero",
  "writes a URL that is none": `echo '{"url":"x","api_key":"k","world_seed":"1"}'; exec sleep 1000`,
  "writes the address of another machine": `echo '{"url":"http://192.0.2.1","api_key":"k","world_seed":"1"}'; exec sleep 1000`,
};

for (const [name, script] of Object.entries(programs)) {
  test(`a program that ${name} is refused and ended`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "fob-ts-"));
    const command = join(folder, "other");
    const pidFile = join(folder, "pid");
    writeFileSync(command, `#!/bin/sh\necho $$ > ${pidFile}\n${script}\n`);
    chmodSync(command, 0o755);
    expect(await errorOf(Fleet.start({ command }))).toBeInstanceOf(FobError);
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(pid).toBeGreaterThan(1);
    await expect(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH")).toPass();
    rmSync(folder, { recursive: true });
  });
}

test("a program that is not fob is named", async () => {
  await expect(Fleet.start({ command: "/bin/echo" })).rejects.toThrow(
    "starting the fleet: /bin/echo is not fob: it wrote another first line: set FOB_COMMAND to the path of fob",
  );
  await withLimits({ start: 50 }, async () => {
    const err = await errorOf(Fleet.start({ command: path("test/inner/silent.sh") }));
    expect(err).toBeInstanceOf(NotStarted);
    expect(err).toMatchObject({ message: expect.stringContaining("silent.sh has not started within 0.05 s") });
  });
  expect(await errorOf(Fleet.start({ command: "" }))).toBeInstanceOf(NotStarted);
  expect(await errorOf(Fleet.start({ args: ["\0"] }))).toBeInstanceOf(NotStarted);
});
