// SPDX-License-Identifier: Apache-2.0
// The world's clock: it runs in sight on every page, and a person moves it.
(() => {
  const bar = document.getElementById("clock");
  if (!bar) {
    return;
  }
  const part = (name) => bar.querySelector(`[data-clock="${name}"]`);
  const worldStart = Date.UTC(1970, 0, 1);
  const worldEnd = Date.UTC(2261, 11, 31, 23, 59, 59);
  const least = 0.001;
  const most = 1e9;

  // instant writes a time in milliseconds as 2026-01-01 and 00:00:00.
  function instant(ms) {
    return new Date(ms).toISOString().slice(0, 19).split("T");
  }

  function set(element, text) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }

  function tick() {
    const [date, time] = instant(Math.min(fob.worldNow(), worldEnd));
    set(part("date"), date);
    set(part("time"), time);
  }

  function show(clock) {
    bar.dataset.test = clock.test;
    bar.dataset.running = clock.running;
    set(part("pace"), clock.pace);
    set(part("why"), clock.why);
    for (const button of bar.querySelectorAll("[data-clock-speed]")) {
      button.setAttribute("aria-pressed", String(clock.running && Number(button.dataset.clockSpeed) === clock.rate));
    }
    bar.querySelector(".clock-time").dateTime = clock.now;
    tick();
  }

  // problem shows an error in words of the page.
  function problem(error, otherwise) {
    const known = { no_event: "clock no event", invalid_clock: "clock speed limits", invalid: otherwise };
    const key = known[error.code];
    fob.say(key ? fob.text(key) : error.detail, "bad");
  }

  // Actions happen one after another, in the order of the clicks.
  let last = Promise.resolve();

  function act(method, path, body, otherwise) {
    last = last.then(async () => {
      try {
        await move(method, path, body);
        return true;
      } catch (error) {
        problem(error, otherwise);
        return false;
      }
    });
    return last;
  }

  async function move(method, path, body) {
    const clock = await fob.api(method, path, body);
    const [date, time] = instant(Date.parse(clock.now));
    set(part("said"), fob.text("clock is", date, time));
  }

  // toEvent goes to the next event. If it is far, the person is asked first, because time
  // does not run backwards.
  function toEvent() {
    last = last.then(async () => {
      let next = {};
      try {
        next = await fob.api("GET", "/next-event");
        if (next.far && !await agreed(next)) {
          return;
        }
        await move("POST", "/v1/time/advance", next.at ? { to: next.at } : { until: "event" });
      } catch (error) {
        if (!(next.at && error.code === "invalid")) { // else the clock has passed the event meanwhile
          problem(error);
        }
      }
    });
  }

  function agreed(next) {
    const dialog = document.getElementById("clock-far");
    set(dialog.querySelector("h2"), fob.text("clock far", next.far));
    set(dialog.querySelector("p"), fob.text("clock far when", ...instant(Date.parse(next.at))));
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((done) => {
      dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
    });
  }

  function advance(body, otherwise) {
    return act("POST", "/v1/time/advance", body, otherwise);
  }

  function run() {
    if (fob.clock?.running) {
      return act("PUT", "/v1/time", { paused: true });
    }
    // A manual clock has no speed to go on with.
    return act("PUT", "/v1/time", fob.clock?.mode === "manual" ? { mode: "real", paused: false } : { paused: false });
  }

  function speed(rate) {
    return act("PUT", "/v1/time", rate === 1 ? { mode: "real", paused: false } : { mode: "scaled", rate, paused: false });
  }

  const forms = {
    speed(text) {
      const rate = Number(text.replace(/^[x×*]/, "").replaceAll(",", ""));
      if (!(text !== "" && rate >= least && rate <= most)) {
        return "clock speed limits";
      }
      return speed(rate);
    },
    date(text) {
      const to = Date.parse(text + "Z");
      if (Number.isNaN(to)) {
        return "clock date missing";
      }
      if (to < worldStart || to > worldEnd) {
        return "clock world end";
      }
      if (to < fob.worldNow()) {
        return "clock past";
      }
      return advance({ to: new Date(to).toISOString() }, "clock past");
    },
  };

  bar.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const field = form.elements.value;
    const done = forms[form.dataset.clockForm](field.value.trim());
    if (typeof done === "string") {
      fob.wrong(field, fob.text(done));
      return;
    }
    fob.wrong(field, "");
    if (await done) {
      close(form.closest("details"), true);
    }
  });

  function close(details, focus) {
    details.open = false;
    if (focus) {
      details.querySelector("summary").focus();
    }
  }

  bar.addEventListener("click", (event) => {
    const data = event.target.closest("button")?.dataset;
    if (!data) {
      return;
    }
    if (data.clockDo === "run") {
      run();
    } else if (data.clockSpeed) {
      speed(Number(data.clockSpeed));
    } else if (data.clockBy) {
      advance({ by: data.clockBy }, "clock world end");
    } else if (data.clockUntil === "event") {
      toEvent();
    } else if (data.clockUntil) {
      advance({ until: data.clockUntil });
    }
  });

  const opener = bar.querySelector(".clock-open");
  opener.addEventListener("click", () => {
    opener.setAttribute("aria-expanded", String(opener.getAttribute("aria-expanded") !== "true"));
  });

  // A form opens with the focus in its field, and closes on Escape and on a click beside it.
  for (const details of bar.querySelectorAll("details")) {
    details.addEventListener("toggle", () => {
      if (!details.open) {
        return;
      }
      const field = details.querySelector("input");
      if (field.type === "datetime-local") {
        field.value = instant(fob.worldNow()).join("T");
      }
      field.focus();
    });
    details.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && details.open) {
        event.stopPropagation();
        close(details, true);
      }
    });
    document.addEventListener("pointerdown", (event) => {
      if (details.open && !details.contains(event.target)) {
        close(details, false);
      }
    });
  }

  fob.on("clock", show);
  fob.on("connection", (state) => bar.classList.toggle("old", state !== "live"));
  if (fob.clock) {
    show(fob.clock);
  }
  setInterval(() => {
    if (fob.clock?.running && !bar.classList.contains("old")) {
      tick();
    }
  }, 100);

  // Other parts that stick to the top, and the browser's scrolling, leave room for the bar.
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--clock-height", `${bar.offsetHeight}px`);
  }).observe(bar);
})();
