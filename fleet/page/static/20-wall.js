// SPDX-License-Identifier: Apache-2.0
// The wall: the faces of all tokens that the page selects. It draws only faces that are in
// view, and changes only what differs.
"use strict";

fob.wall = (() => {
  const root = document.getElementById("wall");
  if (!root) {
    return null;
  }
  const place = document.getElementById("wall-faces");
  const geometry = JSON.parse(document.getElementById("lcd-geometry").textContent);
  const fronts = JSON.parse(document.getElementById("wall-fronts").textContent);
  const sectionTemplate = document.getElementById("wall-section").content.firstElementChild;
  const faceTemplate = document.getElementById("wall-face").content.firstElementChild;
  const language = document.documentElement.lang;
  const number = (n) => n.toLocaleString(language);
  const { counted } = fob;

  const faces = new Map(); // by tag: {face, row, drawn}
  const inView = new Set(); // of these
  const unconfirmed = new Set(); // tags that a new connection has not sent yet
  let count = { all: 0, shown: 0, more: false };
  const changed = []; // called after each change of the faces

  const nameOf = (face) => face.serial || face.id;
  const pathOf = (face) => "/tokens/" + encodeURIComponent(face.id);
  const kindOf = (face) => face.digits.length + (face.button ? "-button" : "");
  const boxOf = (face) => geometry[face.digits.length][face.button ? "front_button" : "front"].split(" ");

  // The fobs have the same scale: the widest kind on the page fills its place.
  let widest = 0;
  function setScale(row, face) {
    const [, , width, height] = boxOf(face).map(Number);
    const { style } = row.querySelector(".fob");
    style.setProperty("--width", width);
    style.setProperty("--height", height);
    style.backgroundImage = `url(${fronts["front-" + kindOf(face)]})`;
    if (width > widest) {
      widest = width;
      root.style.setProperty("--widest", width);
    }
  }

  // sectionOf returns the section of a face's lot, or the only one.
  function sectionOf(face) {
    const key = fob.wall.grouped() ? "lot " + face.lot : "all";
    const old = [...place.children].find((section) => section.dataset.key === key);
    if (old) {
      return old;
    }
    const section = sectionTemplate.cloneNode(true);
    section.dataset.key = key;
    section.dataset.lot = face.lot;
    section.querySelector("h2").hidden = key === "all";
    section.querySelector("[role=grid]").setAttribute("aria-label", key === "all" ? fob.text("wall tokens") : fob.text("wall lot", face.lot));
    // Tokens of a lot follow one another: the sections are in the order of their first token.
    const next = [...place.children].find((other) => other.querySelector(".face").fob.face.tag > face.tag);
    place.insertBefore(section, next ?? null);
    return section;
  }

  // put inserts a row in the order of the tags.
  function put(item) {
    const grid = sectionOf(item.face).querySelector("[role=grid]");
    let before = null;
    for (let last = grid.lastElementChild; last && last.fob.face.tag > item.face.tag; last = last.previousElementSibling) {
      before = last;
    }
    grid.insertBefore(item.row, before);
  }

  function add(face) {
    const row = faceTemplate.cloneNode(true);
    const item = { face, row, drawn: null };
    row.fob = item;
    row.id = "face-" + face.tag;
    if (face.button) {
      const button = document.createElement("button");
      button.type = "button";
      button.tabIndex = -1;
      button.className = "press";
      row.querySelector(".fob").append(button);
    }
    const svg = row.querySelector(".fob svg");
    svg.setAttribute("viewBox", boxOf(face).join(" "));
    setScale(row, face);
    faces.set(face.tag, item);
    put(item);
    write(item);
    watcher.observe(row);
    return item;
  }

  function remove(tag) {
    const item = faces.get(tag);
    if (!item) {
      return;
    }
    watcher.unobserve(item.row);
    inView.delete(item);
    faces.delete(tag);
    unconfirmed.delete(tag);
    fob.wall.leaving?.(item);
    const section = item.row.closest(".lot");
    item.row.remove();
    if (!section.querySelector(".face")) {
      section.remove();
    }
  }

  const stateName = (face) => fob.text("state " + face.state);
  const faultName = (kind) => fob.text("fault " + kind);

  // badgesOf returns what deserves attention.
  function badgesOf(face) {
    const list = face.faults.map(faultName);
    if (face.battery <= 0.1) {
      list.push(fob.text("wall charge", fob.percent(face.battery)));
    }
    if (face.error_ms !== null && Math.abs(face.error_ms) >= 60000) {
      list.push(fob.text("wall off", (face.error_ms > 0 ? "+" : "−") + span(Math.abs(face.error_ms))));
    }
    return list;
  }

  // span writes a period with its largest unit.
  function span(ms) {
    for (const [unit, length] of [["day", 86400000], ["hour", 3600000], ["minute", 60000]]) {
      if (ms >= length) {
        return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(Math.floor(ms / length));
      }
    }
    return new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 0 }).format(Math.floor(ms / 1000));
  }

  // spoken returns a display as screen readers read it, digit by digit.
  const spoken = (face) => (face.on ? [...face.text.trim()].join(" ") || fob.text("wall symbols") : fob.text("wall off display"));

  // write writes the texts of a face. The drawing waits until the face is in view.
  function write(item) {
    const { face, row } = item;
    const link = row.querySelector(".serial");
    if (link.textContent !== nameOf(face)) {
      link.textContent = nameOf(face);
      link.href = pathOf(face);
      const button = row.querySelector(".press");
      if (button) {
        button.setAttribute("aria-label", fob.text("wall press one", nameOf(face)));
      }
      row.querySelector(".model").textContent = face.model;
    }
    const state = row.querySelector(".state");
    if (state.dataset.state !== face.state) {
      state.dataset.state = face.state;
      state.textContent = stateName(face);
      state.title = fob.text("state about " + face.state);
    }
    const badges = badgesOf(face);
    const text = badges.join("\n");
    if (row.dataset.badges !== text) {
      row.dataset.badges = text;
      row.querySelector(".badges").replaceChildren(...badges.map((badge) => {
        const tag = document.createElement("span");
        tag.className = "tag warn";
        tag.textContent = badge;
        return tag;
      }));
    }
    row.setAttribute("aria-label", [nameOf(face), face.model, stateName(face), spoken(face), ...badges].join(", "));
  }

  // Drawing.
  const waiting = new Set();
  function drawSoon(item) {
    if (waiting.size === 0) {
      requestAnimationFrame(() => {
        for (const one of waiting) {
          if (inView.has(one) && one.drawn !== one.face) {
            one.drawn = one.face;
            fob.draw(one.row.querySelector(".fob svg"), one.face, true);
          }
        }
        waiting.clear();
        sweep();
      });
    }
    waiting.add(item);
  }
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        inView.add(target.fob);
        drawSoon(target.fob);
      } else {
        inView.delete(target.fob);
      }
    }
  }, { rootMargin: "300px 0px" });

  // Countdowns. A bar changes only if its length differs by a pixel, and no bar has a layer
  // of its own: this costs less than an animation of each. It stands still with the clock.
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const trackPixels = 200;
  let sweeping = 0;
  function sweep() {
    clearTimeout(sweeping);
    let soonest = Infinity; // when the next bar changes, in world ms
    for (const item of inView) {
      const { face } = item;
      const counting = face.on && face.step_ms > 0;
      const left = counting ? fob.leftMS(face) : 0;
      const steps = still.matches ? face.step_ms / 1000 : trackPixels;
      const shown = counting ? Math.ceil(left / face.step_ms * steps) : -1;
      if (counting && left > 0) {
        soonest = Math.min(soonest, face.step_ms / steps);
      }
      if (item.shown === shown && item.still === still.matches) {
        continue;
      }
      item.shown = shown;
      item.still = still.matches;
      const track = item.row.querySelector(".track");
      track.classList.toggle("off", shown < 0);
      if (still.matches) {
        track.lastElementChild.textContent = shown < 0 ? "" : fob.text("wall left", number(shown));
      } else {
        track.firstElementChild.style.transform = `scaleX(${Math.max(shown, 0) / trackPixels})`;
      }
    }
    if (fob.clock?.running && soonest < Infinity && !document.hidden) {
      const wait = soonest / fob.clock.rate / 2; // two tokens never change together for long
      sweeping = setTimeout(() => requestAnimationFrame(sweep), Math.max(wait - 8, 8));
    }
  }
  still.addEventListener("change", sweep);
  document.addEventListener("visibilitychange", sweep);
  fob.on("clock", sweep);

  // fewOf returns how many tokens are in a line if they are few.
  function fewOf(n) {
    if (n > 12) {
      return "";
    }
    return n < 4 || n === 5 || n === 6 ? "3" : "4";
  }

  // tidy follows the faces of an update.
  function tidy() {
    for (const section of place.children) {
      const n = section.querySelectorAll(".face").length;
      const heading = section.querySelector("h2");
      if (!heading.hidden) {
        const text = fob.text("wall lot", section.dataset.lot) + " ";
        const small = document.createElement("small");
        small.textContent = counted("wall count", n);
        if (heading.textContent !== text + small.textContent) {
          heading.replaceChildren(text, small);
        }
      }
    }
    const shown = fob.text(count.more || count.shown < count.all ? "wall shown" : "wall count", number(count.shown), number(count.all));
    const place2 = document.getElementById("wall-count");
    const text = count.all === 1 && count.shown === 1 ? fob.text("wall count one", "1") : shown;
    if (place2.textContent !== text) {
      place2.textContent = text;
    }
    root.hidden = count.all === 0;
    root.dataset.few = fewOf(count.shown);
    document.getElementById("wall-none").hidden = count.shown > 0 || count.all === 0;
    if (place.querySelector(".face") && !place.querySelector('.face[tabindex="0"]')) {
      place.querySelector(".face").tabIndex = 0;
    }
    for (const listener of changed) {
      listener();
    }
  }

  function confirmAll() {
    if (unconfirmed.size > 0 && faces.size - unconfirmed.size >= count.shown) {
      [...unconfirmed].forEach(remove);
    }
  }

  fob.on("connection", (state) => {
    if (state === "live") {
      fob.wall.doubt();
    }
    sweep();
  });
  fob.on("count", (value) => {
    count = value;
    confirmAll();
    tidy();
  });
  fob.on("gone", (tags) => {
    tags.forEach(remove);
    tidy();
  });
  fob.on("faces", (list) => {
    let grown = false;
    for (const face of list) {
      const item = faces.get(face.tag);
      unconfirmed.delete(face.tag);
      if (item) {
        item.face = face;
        write(item);
      } else {
        grown = true;
        add(face);
      }
      if (inView.has(faces.get(face.tag))) {
        drawSoon(faces.get(face.tag));
      }
    }
    const before = faces.size;
    confirmAll();
    if (grown || faces.size !== before) {
      tidy();
    }
  });

  return {
    root, place, faces, counted, number, nameOf, pathOf, put, tidy,
    count: () => count,
    onChange: (listener) => changed.push(listener),
    grouped: () => document.querySelector("#wall-filter [name=group]").checked,

    // doubt waits for the faces of a new connection. Those that it does not send go.
    doubt() {
      for (const tag of faces.keys()) {
        unconfirmed.add(tag);
      }
    },

    // regroup arranges the faces again, and keeps their rows.
    regroup() {
      const focused = document.activeElement;
      const items = [...faces.values()].sort((a, b) => a.face.tag - b.face.tag);
      const old = [...place.children];
      old.forEach((section) => { section.dataset.key = "old"; });
      for (const section of old) {
        section.remove();
      }
      items.forEach(put);
      focused?.focus?.({ preventScroll: true });
      tidy();
    },
  };
})();
