// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { Fleet } from "../src/index.js";
import { operations } from "../src/operations.js";
import { expect, test } from "../src/playwright.js";

interface OpenAPI {
  paths: Record<string, Record<string, { operationId: string }>>;
}

const api = JSON.parse(readFileSync(new URL("../../../fleet/control/openapi.json", import.meta.url), "utf8")) as OpenAPI;

test("the table has every operation of the API", () => {
  const described = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => [operationId, `${method.toUpperCase()} ${path}`]),
  );
  expect(described.length).toBeGreaterThan(40);
  expect(operations).toEqual(Object.fromEntries(described));
});

// The methods are called on a real fleet, which checks each request.
test("every operation has a method that works", async () => {
  const fob = await Fleet.start({ allowSeedExport: true, worldSeed: 7 });
  const sent = new Set<string>();
  fob.onOperation((operation) => sent.add(operation));

  // The fleet.
  await fob.health();
  expect((await fob.capabilities()).world_seed).toBe("7");
  expect((await fob.link()).url).toContain(fob.url);
  const token = await fob.newToken({ profile: "button-6", expiry: "2030-12-31" });
  expect((await fob.token(token.serial)).id).toBe(token.id);
  expect((await fob.find(token.serial.slice(4))).map((t) => t.id)).toEqual([token.id]);
  expect((await fob.export("pskc")).toString()).toContain(token.serial);

  // Time.
  await fob.setTime({ mode: "scaled", rate: 2, paused: true });
  await fob.resume();
  expect(await fob.pause()).toMatchObject({ mode: "scaled", rate: 2, paused: true });
  expect(await fob.speed(3)).toMatchObject({ rate: 3 });
  await fob.setTime({ mode: "manual", paused: false });
  await fob.advance({ to: new Date("2026-02-01T00:00:00Z") });
  expect((await fob.advance(1500)).now).toBe("2026-02-01T00:00:01.5Z");
  expect((await fob.now()).toISOString()).toBe("2026-02-01T00:00:01.500Z");
  await fob.advance({ until: "next_step" });

  // Codes and displays.
  await token.press();
  await token.press({ hold: "1s" });
  await fob.advance("1m"); // the button is up again, and the display off
  const code = await token.freshCode();
  expect((await token.display()).trim()).toBe(code);
  expect((await fob.codes()).map((c) => [c.serial, c.code])).toEqual([[token.serial, code]]);
  expect((await token.look()).readable).toBe(true);
  expect((await token.png()).subarray(1, 4).toString()).toBe("PNG");
  expect(await token.svg()).toContain("<svg");
  expect(await token.qr()).toContain("<svg");
  expect(await token.otpauth()).toMatch(/^otpauth:\/\/totp\//);
  expect(await token.oracle(code)).toMatchObject({ found: true, token_offset: 0 });
  expect(await fob.oracle(token.id, code, { window: 1, search: 10 })).toMatchObject({ found: true, would_pass: true });

  // Age, faults and waits.
  expect((await token.forecast("1y", { points: 2 })).points.length).toBe(2);
  expect((await token.age("1y", { celsius: 40 })).expiry).toBe("2029-12-31");
  expect((await token.temperature(-10)).celsius).toBe(-10);
  expect((await token.change({ celsius: 25 })).celsius).toBe(25);
  await token.crystal(2.5);
  await token.drop();
  const before = (await token.state()).seq;
  expect((await token.skew("-95s")).seq).toBeGreaterThan(before);
  expect((await token.wait({ event: "skew", afterSeq: before })).serial).toBe(token.serial);
  expect((await token.wait({ display: /^ *$/, advance: true, timeout: "1d" })).display.trim()).toBe("");
  await token.setFaults({ dead: ["d0.g"] });
  expect((await token.faults()).dead).toEqual(["d0.g"]);
  expect((await token.clearFaults()).faults).toEqual([]);
  expect((await token.events({ kinds: ["skew"] })).map((e) => e.value)).toEqual([-95_000]);
  await token.battery("remove");
  expect((await token.battery("insert")).clock_set).toBe(false);

  // Snapshots.
  const other = await fob.newToken();
  await fob.snapshot("before", { tokens: [other.id] });
  expect((await fob.snapshots({ token: other.id })).map((s) => s.name)).toEqual(["before"]);
  const file = await fob.saveSnapshot("before");
  await fob.dropSnapshot("before");
  expect(await fob.loadSnapshot("again", file)).toMatchObject({ name: "again", tokens: 1 });
  expect((await fob.restore("again"))[0]?.id).toBe(other.id);
  const [fork] = await fob.fork("again");
  expect(fork?.serial).toBe(other.serial);
  expect(fork?.id).not.toBe(other.id);

  // Ports.
  const port = await other.attach("tcp");
  expect((await other.ports()).map((p) => p.addr)).toEqual([port.addr]);
  await port.setFaults({ in: { drop: 0.5 } });
  expect((await port.faults()).in).toMatchObject({ drop: 0.5 });
  expect((await port.clearFaults()).in).toEqual({});
  await port.record();
  expect((await port.record(false)).recorded).toBe(true);
  expect(await port.wire()).toEqual([]);
  expect((await port.messages({ last: 5 })).items).toEqual([]);
  expect((await port.pcapng()).readUInt32LE(0)).toBe(0x0a0d0d0a); // the type of a section header block
  expect((await port.replay([{ at: "2026-01-01T00:00:00Z", from: "host", hex: "0a" }])).items[0]?.hex).toBe("0a");
  await other.unplug();
  expect((await port.state()).addr).toBeUndefined();
  expect(port.addr).toBeUndefined();
  await other.replug();
  expect((await port.unplug()).addr).toBeUndefined();
  expect((await port.replug()).addr).toBe(port.addr);
  await other.detach();
  await expect(port.detach()).rejects.toMatchObject({ status: 404, code: "not_found" });

  await token.remove();
  expect((await fob.tokens({ state: "locked" })).map((t) => t.id)).toEqual([other.id, fork?.id]);
  expect((await fob.events({ kinds: ["made"] })).length).toBe(3);
  await fob.close();

  const all = Object.values(api.paths).flatMap((methods) => Object.values(methods).map((o) => o.operationId));
  expect([...sent].sort()).toEqual(all.sort());
});
