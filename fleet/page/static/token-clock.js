// SPDX-License-Identifier: Apache-2.0
// The clock and the battery of a token: now, and as they would be at another age and
// temperature.
"use strict";

(() => {
  const root = document.getElementById("token-drift");
  if (!root) {
    return;
  }
  const lang = document.documentElement.lang;
  const path = (rest) => "/v1/tokens/" + root.dataset.token + rest;
  const part = (name) => root.querySelector(`[data-drift="${name}"]`);
  const button = (name) => root.querySelector(`[data-do="${name}"]`);
  const say = (key, ...values) => fob.text("drift " + key, ...values);
  const low = Number(root.dataset.low); // mV
  const empty = Number(root.dataset.empty);
  const months = 144; // of the plots
  const age = document.getElementById("drift-age"); // in months
  const celsius = document.getElementById("drift-celsius");
  const reach = document.getElementById("drift-window"); // of the server, in steps each way
  const lcd = root.querySelector(".drift-lcd");
  const plots = { error: root.querySelector('[data-plot="error"]'), battery: root.querySelector('[data-plot="battery"]') };

  let now = null; // the newest message about the token
  let curve = null; // its forecast for each month
  let then = null; // its forecast for the age of the slider
  let gone = false;
  let chosen = false; // a person has moved the slider of the temperature

  function set(element, text) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }

  // Numbers in words.
  const number = (x, digits = 0) => new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(x);
  const sign = (x) => (x > 0 ? "+" : x < 0 ? "−" : ""); // of a number that is rounded as it is written
  const units = [["y", 31557600], ["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

  // duration writes a number of ms with a sign and at most two units: +1.8 s, −9 min 12 s.
  // Of less than a minute, it writes so many decimals.
  function duration(ms, decimals = Math.abs(ms) < 995 && ms !== 0 ? 2 : 1) {
    const s = Math.abs(ms) / 1000;
    if (s < 59.95) {
      const written = Number(s.toFixed(decimals));
      return (written ? sign(ms) : "") + say("unit s", number(written, decimals));
    }
    const first = units.findIndex(([, size]) => s >= size * 0.99999);
    const [name, size] = units[first];
    const [smaller, small] = units[first + 1];
    let whole = Math.floor(s / size);
    let rest = Math.round((s - whole * size) / small);
    if (rest >= Math.floor(size / small)) {
      whole++;
      rest = 0;
    }
    return sign(ms) + say("unit " + name, number(whole)) + (rest ? say("unit and") + say("unit " + smaller, rest) : "");
  }

  // steps writes an error as a number of time steps.
  function steps(ms) {
    const n = now?.face.step_ms ? ms / now.face.step_ms : 0;
    const size = Math.abs(n);
    return say("steps", sign(Math.round(n * 100)) + number(size, size < 0.995 ? 2 : size < 9.95 ? 1 : 0));
  }

  const volts = (mv) => say("unit V", number(mv / 1000, 2));
  const percent = (share) => say("unit %", number(fob.percent(share)));
  const degrees = (c) => say("unit C", (c < 0 ? "−" : "") + number(Math.abs(c)));

  // ageText writes a number of months: 5 years 3 months.
  function ageText(n) {
    if (n === 0) {
      return say("age now");
    }
    const years = Math.floor(n / 12);
    const rest = n % 12;
    const words = [];
    if (years) {
      words.push(say(years === 1 ? "age year" : "age years", years));
    }
    if (rest) {
      words.push(say(rest === 1 ? "age month" : "age months", rest));
    }
    return words.join(say("age and"));
  }

  function condition(mv) {
    if (mv === 0) {
      return "none";
    }
    return mv <= empty ? "empty" : mv < low ? "low" : "good";
  }

  // The present.
  function showNow() {
    if (now.error_ms === null) {
      set(part("error"), "–");
      set(part("steps"), "");
      set(part("meaning"), say("unset"));
    } else {
      set(part("error"), duration(now.error_ms));
      set(part("steps"), now.face.step_ms ? steps(now.error_ms) : "");
      set(part("meaning"), say("is " + fob.wayOf(now.error_ms)));
    }
    set(part("left"), now.mv === 0 ? "–" : percent(now.battery));
    set(part("volts"), now.mv === 0 ? "" : volts(now.mv));
    set(part("condition"), say("condition " + condition(now.mv)));
    button("remove").disabled = gone || now.mv === 0;
    button("insert").disabled = gone || now.mv !== 0;
  }

  // The settings.
  const at = () => Number(age.value);
  const warmth = () => Number(celsius.value);
  const windowSize = () => Math.min(Math.max(Math.round(Number(reach.value)) || 0, 0), 1000);

  function showSettings() {
    const old = ageText(at());
    const warm = degrees(warmth());
    set(part("age"), old);
    set(part("celsius"), warm);
    age.setAttribute("aria-valuetext", old);
    celsius.setAttribute("aria-valuetext", warm);
    set(button("age"), at() ? say("make old", old, warm) : say("make old none"));
    button("age").disabled = gone || at() === 0;
    set(button("temperature"), say("set celsius", warm));
  }

  // The plots.
  const seconds = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400, 172800, 432000, 864000];
  const sinceNow = { from: 0, to: months / 12, ticks: Array.from({ length: months / 12 + 1 }, (_, i) => i), label: (v) => (v === 0 ? say("axis now") : say("axis year", v)) };

  function marks() {
    const found = [];
    for (const [state, label] of [["EXPIRED", "mark expired"], ["DEAD", "mark empty"]]) {
      const i = curve.points.findIndex((p) => p.state === state);
      if (i > 0) {
        found.push({ at: i / 12, kind: state === "DEAD" ? "bad" : "warn", label: say(label) });
      }
    }
    return found;
  }

  function drawPlots() {
    if (!curve || !now) {
      return;
    }
    const x = sinceNow;
    const errors = curve.points.map((p, i) => [i / 12, p.error_ms === null ? null : p.error_ms / 1000]);
    const window = (windowSize() * now.face.step_ms) / 1000;
    const values = errors.map(([, y]) => y).filter((y) => y !== null);
    let from = Math.min(0, ...values, -window);
    let to = Math.max(0, ...values, window);
    const room = Math.max((to - from) * 0.08, 0.5);
    from -= room;
    to += room;
    fob.plot.draw(plots.error, {
      points: errors, x, cursor: at() / 12, marks: marks(),
      y: { from, to, ticks: fob.plot.ticks(from, to, 6, seconds), label: (v) => (v === 0 ? "0" : duration(v * 1000, 0)) },
      bands: now.face.step_ms ? [{ from: -window, to: window, kind: "accepted" }] : [],
    });
    const cells = curve.points.map((p, i) => [i / 12, p.mv < 1600 ? null : p.mv / 1000]); // below the plot
    fob.plot.draw(plots.battery, {
      points: cells, x, cursor: at() / 12,
      y: { from: 1.6, to: 3.4, ticks: [2, 2.5, 3], label: (v) => say("unit V", number(v, 1)) },
      bands: [{ from: 1.6, to: empty / 1000, kind: "empty" }, { from: empty / 1000, to: low / 1000, kind: "low" }],
      levels: [{ at: low / 1000, kind: "warn", label: say("level low") }, { at: empty / 1000, kind: "bad", label: say("level empty") }],
    });
    const p = curve.points[at()];
    const about = [ageText(at()), degrees(curve.celsius)];
    plots.error.setAttribute("aria-label", p.error_ms === null ? say("plot error none", ...about) : say("plot error is", ...about, duration(p.error_ms), steps(p.error_ms)));
    plots.battery.setAttribute("aria-label", p.mv === 0 ? say("plot battery none", ...about) : say("plot battery is", ...about, percent(p.battery), volts(p.mv)));
  }

  const table = root.querySelector(".drift-table");
  function fillTable() {
    if (!table.open || !curve || !now) {
      return;
    }
    const rows = [];
    for (let i = 0; i <= months; i += 12) {
      const p = curve.points[i];
      const row = document.createElement("tr");
      const cells = [
        ageText(i), p.error_ms === null ? "–" : duration(p.error_ms), p.error_ms === null || !now.face.step_ms ? "–" : steps(p.error_ms),
        percent(p.battery), p.mv === 0 ? "–" : volts(p.mv), say("state " + p.state),
      ];
      cells.forEach((text, column) => {
        const cell = document.createElement(column ? "td" : "th");
        if (!column) {
          cell.scope = "row";
        }
        if (column < cells.length - 1) {
          cell.className = "number";
        }
        cell.textContent = text;
        row.append(cell);
      });
      rows.push(row);
    }
    table.querySelector("tbody").replaceChildren(...rows);
  }

  // The token at the age of the slider. The numbers come from the curve, at once; the
  // display and the answer of the server follow.
  function showThen() {
    if (!curve || !now) {
      return;
    }
    const p = curve.points[at()];
    set(part("then error"), p.error_ms === null ? "–" : duration(p.error_ms));
    set(part("then steps"), p.error_ms === null ? say("unset then") : now.face.step_ms ? steps(p.error_ms) : "");
    set(part("then battery"), p.mv === 0 ? say("condition none") : `${percent(p.battery)}, ${volts(p.mv)}`);
  }

  function verdict() {
    const n = windowSize();
    const off = Math.abs(then.offset);
    const far = then.offset === 0 ? say("step same") : fob.counted(then.offset > 0 ? "drift steps ahead" : "drift steps behind", off);
    if (!then.code) {
      const why = ["BLANK", "WIPED", "DEAD", "EXPIRED"].includes(then.state) ? then.state : then.view.contrast < 0.15 ? "faint" : "other";
      return ["bad", say("no code"), say("no code " + why)];
    }
    if (!then.genuine) {
      return ["bad", say("refuses"), say("wrong code")];
    }
    return off <= n ? ["good", say("accepts"), say("accepts why", far, n)] : ["bad", say("refuses"), say("refuses why", far, n)];
  }

  function showVerdict() {
    if (!then || !now) {
      return;
    }
    const lit = then.view.lit;
    fob.draw(lcd, {
      digits: lit.digits.slice(0, then.view.digits), bars: lit.bars, icons: lit.icons, contrast: then.view.contrast, haze: then.view.haze,
      black: then.view.black, fade: then.view.fade,
    });
    lcd.setAttribute("aria-label", then.code ? say("lcd code", [...then.code].join(" ")) : say("lcd none"));
    const [tone, word, why] = verdict();
    root.querySelector(".drift-then").dataset.tone = tone;
    part("verdict").className = "tag " + tone;
    set(part("verdict"), word);
    set(part("why"), why);
  }

  // Screen readers get the result when the sliders rest.
  let speaking = 0;
  function speak() {
    clearTimeout(speaking);
    speaking = setTimeout(() => set(part("said"), `${part("then error").textContent}. ${part("verdict").textContent}. ${part("why").textContent}`), 700);
  }

  // newest returns a function that does a work again, but one at a time: the requests of a
  // slider that moves do not pile up.
  function newest(work) {
    let wanted = false;
    let busy = false;
    return async () => {
      wanted = true;
      if (busy) {
        return;
      }
      busy = true;
      while (wanted && !gone) {
        wanted = false;
        try {
          await work();
        } catch (p) {
          if (p instanceof Error) {
            throw p;
          }
          if (p.status && !gone) {
            fob.say(p.detail, "bad");
          }
        }
      }
      busy = false;
    };
  }

  const askCurve = newest(async () => {
    curve = await fob.api("GET", path(`/forecast?by=${months / 12}y&celsius=${warmth()}&points=${months + 1}`));
    drawPlots();
    showThen();
    fillTable();
  });

  const askThen = newest(async () => {
    const [old, warm] = [at(), warmth()]; // the sliders may move meanwhile
    then = await fob.api("GET", path(`/forecast?by=P${old}M&celsius=${warm}`));
    root.dataset.then = `${old}/${warm}`;
    showVerdict();
  });

  function changed() {
    showSettings();
    drawPlots();
    showThen();
    askThen();
    speak();
  }

  age.addEventListener("input", changed);
  celsius.addEventListener("input", () => {
    chosen = true;
    askCurve();
    changed();
  });
  reach.addEventListener("input", () => {
    drawPlots();
    showVerdict();
    speak();
  });
  for (const svg of Object.values(plots)) {
    fob.plot.drag(svg, (years) => {
      age.value = Math.round(years * 12);
      changed();
    });
    new ResizeObserver(drawPlots).observe(svg);
  }
  table.addEventListener("toggle", fillTable);

  // The buttons change the token itself.
  const acts = {
    async age() {
      const old = ageText(at());
      await fob.api("POST", path("/age"), { by: `P${at()}M`, celsius: warmth() });
      age.value = 0;
      changed();
      fob.say(say("aged", old), "good");
    },
    async temperature() {
      await fob.api("POST", path("/temperature"), { celsius: warmth() });
      fob.say(say("temperature set", degrees(warmth())), "good");
    },
    remove: () => battery("remove"),
    insert: () => battery("insert"),
    replace: () => battery("replace"),
  };
  async function battery(what) {
    await fob.api("POST", path("/battery"), { do: what });
    fob.say(say("battery " + what), "good");
  }
  root.addEventListener("click", async (event) => {
    const control = event.target.closest("[data-do]");
    if (!control || control.getAttribute("aria-busy")) {
      return;
    }
    control.setAttribute("aria-busy", "true");
    try {
      await acts[control.dataset.do]();
    } catch (p) {
      if (p instanceof Error) {
        throw p;
      }
      fob.say(p.detail, "bad");
    } finally {
      control.removeAttribute("aria-busy");
    }
  });

  // A message about the token makes the forecast old. A clock that races sends many.
  let soon = 0;
  fob.on("token", (v) => {
    const first = now === null;
    now = v;
    showNow();
    if (!chosen && v.celsius !== undefined && Number(celsius.value) !== Math.round(v.celsius)) {
      celsius.value = Math.round(v.celsius);
      showSettings();
    }
    if (first) {
      askCurve();
      askThen();
      return;
    }
    soon ||= setTimeout(() => {
      soon = 0;
      askCurve();
      askThen();
    }, 300);
  });
  fob.on("gone", () => {
    gone = true;
  });
  showSettings();
})();
