// SPDX-License-Identifier: Apache-2.0
// The faults of a token's display, flash and power, and of the lines of its ports.
"use strict";

(() => {
  const root = document.getElementById("token-faults");
  if (!root) {
    return;
  }
  const path = (rest) => "/v1/tokens/" + root.dataset.token + rest;
  const part = (name) => root.querySelector(`[data-fault="${name}"]`);
  const say = (key, ...values) => fob.text("break " + key, ...values);
  const lcd = root.querySelector(".fault-lcd");
  const shapes = JSON.parse(document.getElementById("lcd-geometry").textContent)[root.dataset.digits];
  const ns = "http://www.w3.org/2000/svg";
  const parts = {}; // of the display, by their names
  let faults = { dead: [], ghost: [] };
  const details = root.querySelector("details");
  let gone = false;

  // A problem is shown, and the switches go back to how things are.
  let busy = 0;
  async function attempt(work) {
    busy++;
    root.dataset.busy = "yes";
    try {
      return await work();
    } catch (p) {
      if (p instanceof Error) {
        throw p;
      }
      if (!gone) {
        fob.say(p.detail, "bad");
        refresh().catch(() => {}); // the connection is shown as lost
      }
      return undefined;
    } finally {
      if (--busy === 0) {
        delete root.dataset.busy;
      }
    }
  }

  // The display. Its segments are buttons; one of them is in the order of the Tab key.
  function build() {
    lcd.setAttribute("viewBox", `0 0 ${shapes.width} ${shapes.height}`);
    const glass = document.createElementNS(ns, "path");
    glass.setAttribute("d", shapes.shapes.glass);
    glass.setAttribute("fill", shapes.colours.glass);
    lcd.append(glass);
    const names = Object.keys(shapes.shapes).filter((name) => name !== "glass");
    names.sort((a, b) => order(a) - order(b));
    for (const name of names) {
      const group = document.createElementNS(ns, "g");
      group.setAttribute("class", "fault-part");
      group.setAttribute("role", "button");
      group.setAttribute("tabindex", "-1");
      group.dataset.name = name;
      for (const kind of ["hit", "seg"]) {
        const shape = document.createElementNS(ns, "path");
        shape.setAttribute("class", kind);
        shape.setAttribute("d", shapes.shapes[name]);
        shape.setAttribute("fill", shapes.colours.ink);
        shape.setAttribute("fill-rule", "evenodd");
        group.append(shape);
      }
      parts[name] = group;
      lcd.append(group);
    }
    parts["d0.a"].setAttribute("tabindex", "0");
  }

  // order is the place of a segment when a screen reader reads the display.
  function order(name) {
    if (name[0] === "d") {
      return Number(name[1]) * 10 + "abcdefg".indexOf(name[3]);
    }
    return name.startsWith("bar") ? 100 + Number(name[3]) : 200;
  }

  const stateOf = (name) => (faults.ghost?.includes(name) ? "ghost" : faults.dead?.includes(name) ? "dead" : "works");

  function label(name) {
    const state = say(stateOf(name));
    if (name[0] === "d") {
      return say("digit", Number(name[1]) + 1, name[3], state);
    }
    return name.startsWith("bar") ? say("bar", Number(name[3]) + 1, state) : say(name, state);
  }

  function show() {
    for (const [name, group] of Object.entries(parts)) {
      const state = stateOf(name);
      group.setAttribute("class", "fault-part " + state);
      group.setAttribute("aria-label", label(name));
    }
    const dead = faults.dead?.length ?? 0;
    const ghost = faults.ghost?.length ?? 0;
    const text = dead + ghost ? say("count", dead, ghost) : say("none");
    if (part("segments").textContent !== text) {
      part("segments").textContent = text;
    }
    root.querySelector('[data-fault-do="mend"]').disabled = gone || dead + ghost === 0;
    root.querySelector("#fault-flash").checked = Boolean(faults.flash_fail);
    root.querySelector("#fault-power").checked = Boolean(faults.power_cut_at);
    if (faults.power_cut_at && document.activeElement !== number) {
      number.value = faults.power_cut_at;
    }
  }

  // put sends the newest faults, one request at a time.
  let asked = 0; // number of the newest question for the faults; older answers are ignored
  let sending = null;
  let unsent = false;
  function put() {
    show();
    unsent = true;
    sending ??= attempt(async () => {
      while (unsent && !gone) {
        unsent = false;
        await fob.api("PUT", path("/faults"), faults);
        asked++; // an answer on its way may be from before
      }
    }).finally(() => {
      sending = null;
      unsent = false;
    });
    return sending;
  }

  const next = { works: "dead", dead: "ghost", ghost: "works" };
  function change(name) {
    const to = next[stateOf(name)];
    const without = (list) => (list ?? []).filter((n) => n !== name);
    faults = { ...faults, dead: without(faults.dead), ghost: without(faults.ghost) };
    if (to !== "works") {
      faults[to].push(name);
    }
    put();
  }

  lcd.addEventListener("click", (event) => {
    const group = event.target.closest(".fault-part");
    if (group && !gone) {
      choose(group);
      change(group.dataset.name);
    }
  });

  // choose puts the focus on a segment.
  function choose(group) {
    lcd.querySelector('[tabindex="0"]').setAttribute("tabindex", "-1");
    group.setAttribute("tabindex", "0");
    group.focus();
  }

  // nearest returns the next segment in a direction.
  function nearest(from, dx, dy) {
    const middle = (group) => {
      const box = group.lastChild.getBBox();
      return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const [x, y] = middle(from);
    let best = null;
    let least = Infinity;
    for (const group of Object.values(parts)) {
      const [gx, gy] = middle(group);
      const along = (gx - x) * dx + (gy - y) * dy;
      const across = Math.abs((gx - x) * dy) + Math.abs((gy - y) * dx);
      const far = along + 3 * across; // the same segment of the next digit is nearer than another one of this digit
      if (along > 4 && far < least) {
        least = far;
        best = group;
      }
    }
    return best;
  }

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  lcd.addEventListener("keydown", (event) => {
    const group = event.target.closest(".fault-part");
    if (!group || gone) {
      return;
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      change(group.dataset.name);
    } else if (arrows[event.key]) {
      event.preventDefault();
      const to = nearest(group, ...arrows[event.key]);
      if (to) {
        choose(to);
      }
    }
  });

  // Flash and power.
  const number = root.querySelector("#fault-power-number");
  const most = 4294967295;

  function cutAt() {
    const n = Number(number.value);
    const good = Number.isInteger(n) && n >= 1 && n <= most;
    number.toggleAttribute("aria-invalid", !good);
    if (!good) {
      fob.say(say("power number", most), "bad");
    }
    return good ? n : 0;
  }

  root.querySelector("#fault-flash").addEventListener("change", (event) => {
    faults = { ...faults, flash_fail: event.target.checked };
    put();
  });
  root.querySelector("#fault-power").addEventListener("change", (event) => {
    const n = event.target.checked ? cutAt() : 0;
    if (event.target.checked && !n) {
      show(); // nothing is sent: the switch goes back, and the message stays
      return;
    }
    faults = { ...faults, power_cut_at: n };
    put();
  });
  number.addEventListener("change", () => {
    const n = cutAt();
    if (n && faults.power_cut_at) {
      faults = { ...faults, power_cut_at: n };
      put();
    }
  });

  // The lines of the ports. A switch sets a usual value of its fault.
  const rate = 0.05;
  const lines = {
    flip: { both: { flip: rate } }, drop: { both: { drop: rate } }, double: { both: { double: rate } }, insert: { both: { insert: rate } },
    stall: { out: { stall_at: 11, stall: "PT2S" } }, unplug: { out: { unplug_after: 100 } }, baud: { both: { baud: 300 } },
  };
  const select = root.querySelector("#fault-port");
  let ports = [];
  const port = () => ports.find((p) => p.id === select.value);

  function showPorts() {
    const shown = select.value;
    if ([...select.options].map((o) => o.value).join() !== ports.map((p) => p.id).join()) {
      select.replaceChildren(...ports.map((p) => new Option(p.id, p.id, false, p.id === shown)));
    }
    part("line").hidden = ports.length === 0;
    part("no line").hidden = ports.length > 0;
    select.closest(".field").hidden = ports.length < 2;
    const p = port();
    for (const control of root.querySelectorAll("[data-fault-line]")) {
      const { both, out } = lines[control.dataset.faultLine];
      const keys = Object.keys(both ?? out);
      control.checked = Boolean(p) && keys.some((key) => p.out[key] || (both && p.in[key]));
    }
  }

  // tell shows a port in the section of the ports.
  const tell = (changed) => document.dispatchEvent(new CustomEvent("fob-port", { detail: changed }));

  let askedPorts = 0; // as asked
  async function refreshPorts() {
    const mine = ++askedPorts;
    const list = await fob.api("GET", path("/ports"));
    if (mine === askedPorts) {
      ports = list.items;
      showPorts();
    }
  }

  root.addEventListener("change", (event) => {
    const control = event.target;
    if (control === select) {
      showPorts();
    }
    const kind = lines[control.dataset?.faultLine];
    const p = port();
    if (!kind || !p) {
      return;
    }
    for (const way of kind.both ? ["in", "out"] : ["out"]) {
      for (const [key, value] of Object.entries(kind.both ?? kind.out)) {
        if (control.checked) {
          p[way][key] = value;
        } else {
          delete p[way][key];
        }
      }
    }
    askedPorts++; // an answer on its way is from before
    attempt(async () => {
      tell(await fob.api("PUT", `/v1/ports/${encodeURIComponent(p.id)}/faults`, { in: p.in, out: p.out }));
      await refreshPorts();
    });
  });

  // The section of the ports changes them too.
  let soon = 0;
  document.addEventListener("fob-ports", () => {
    clearTimeout(soon);
    soon = setTimeout(() => attempt(refreshPorts), 50);
  });

  root.querySelector('[data-fault-do="mend"]').addEventListener("click", () => {
    faults = { ...faults, dead: [], ghost: [] };
    put();
  });
  root.querySelector('[data-fault-do="clear"]').addEventListener("click", () =>
    attempt(async () => {
      await fob.api("DELETE", path("/faults"));
      for (const p of ports) {
        tell(await fob.api("DELETE", `/v1/ports/${encodeURIComponent(p.id)}/faults`));
      }
      await refresh();
      fob.say(say("mended"), "good");
    }));

  // The section is closed at first if the token has no faults.
  const broken = () => faults.dead?.length || faults.ghost?.length || faults.flash_fail || faults.power_cut_at ||
    [...root.querySelectorAll("[data-fault-line]")].some((control) => control.checked);

  // refresh shows the faults that the token has, unless they are just being changed.
  async function refresh() {
    if (gone) {
      return;
    }
    const mine = ++asked;
    const now = await fob.api("GET", path("/faults"));
    if (!sending && mine === asked) {
      faults = now;
      show();
    }
    await refreshPorts();
  }

  const kinds = ["fault-armed", "fault", "restored", "host-on", "host-off"];
  fob.on("events", (events) => {
    if (events.some((e) => kinds.includes(e.event))) {
      attempt(refresh);
    }
    if (first === false && events.some((e) => e.event === "fault")) {
      fob.say(say("struck"), "");
    }
  });
  let first = true;
  fob.on("token", () => {
    if (first) {
      first = false;
      attempt(async () => {
        await refresh();
        if (broken()) {
          details.open = true;
        }
      });
    }
  });
  fob.on("gone", () => {
    gone = true;
  });
  build();
  show();
})();
