// SPDX-License-Identifier: Apache-2.0
// What all pages of the fleet share: live messages from the server, requests to the HTTP
// API, the page's words, and the drawing of an LCD.
"use strict";

const fob = (() => {
  const place = document.getElementById("live");
  const silence = 12000; // ms after which a silent connection counts as lost: the server sends a beat every 5 s
  const retry = 2000; // ms
  const words = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const geometry = JSON.parse(document.getElementById("lcd-geometry")?.textContent || "{}");

  // text returns a text in the page's language. {0}, {1} … stand for values.
  function text(key, ...values) {
    return (words[key] ?? key).replace(/\{(\d)\}/g, (all, i) => values[i] ?? all);
  }

  // say shows a message, which screen readers read out. The tone is "good", "bad" or "".
  let saying = 0;
  function say(message, tone = "") {
    const old = document.getElementById("say");
    if (!old) {
      return;
    }
    clearTimeout(saying);
    const p = document.createElement("p");
    p.textContent = message;
    old.className = message ? "flash " + (tone || "plain") : "";
    old.replaceChildren(p);
    if (tone !== "bad") {
      saying = setTimeout(() => {
        old.className = "";
        old.replaceChildren();
      }, 8000);
    }
  }

  // api sends a request to the HTTP API and returns its answer. On a problem, it throws
  // {status, code, detail}.
  async function api(method, path, body) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        cache: "no-store",
        credentials: "same-origin",
        headers: body === undefined ? {} : { "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw { status: 0, code: "unreachable", detail: text("failed") };
    }
    const kind = answer.headers.get("Content-Type") ?? "";
    const content = /json/.test(kind) ? await answer.json() : await answer.text();
    if (!answer.ok) {
      if (answer.status === 401) {
        location.reload(); // the session has ended: shows the login
      }
      throw { status: answer.status, code: content.code ?? "", detail: content.detail ?? text("failed"), errors: content.errors };
    }
    return content;
  }

  // Live messages.
  const listeners = {};
  function on(kind, listener) {
    (listeners[kind] ??= []).push(listener);
  }
  function tell(kind, value) {
    for (const listener of listeners[kind] ?? []) {
      try {
        listener(value);
      } catch (error) {
        console.error(error);
      }
    }
  }

  let source;
  let heard = 0; // time of the last message
  let run = ""; // of the server whose tokens the page shows

  function show(state) {
    if (place.dataset.state === state) {
      return;
    }
    place.dataset.state = state;
    document.documentElement.dataset.connection = state;
    for (const name of ["lost", "ended"]) {
      const notice = place.querySelector("." + name);
      notice.hidden = state !== name;
      if (state === name) {
        notice.querySelector("time").textContent = new Date().toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23" });
      }
    }
    tell("connection", state);
  }

  function lose() {
    if (place.dataset.state !== "ended") {
      show("lost");
    }
  }

  function connect() {
    source?.close();
    const mine = new EventSource(place.dataset.live);
    source = mine;
    heard = Date.now();
    mine.addEventListener("update", (event) => {
      heard = Date.now();
      const update = JSON.parse(event.data);
      if (run && update.run && update.run !== run) {
        mine.close();
        location.reload(); // the tokens of another process
        return;
      }
      run = update.run || run;
      show("live");
      if (update.clock) {
        setClock(update.clock);
      }
      for (const kind of ["clock", "count", "gone", "faces", "token", "events"]) {
        if (update[kind]) {
          tell(kind, update[kind]);
        }
      }
    });
    mine.addEventListener("beat", () => {
      heard = Date.now();
    });
    mine.addEventListener("end", () => {
      mine.close();
      show("ended");
      setTimeout(refused, retry);
    });
    mine.addEventListener("error", () => {
      lose();
      if (mine.readyState === EventSource.CLOSED) {
        setTimeout(refused, retry);
      }
    });
  }

  // refused tries again. If the session has ended, it shows the login.
  async function refused() {
    try {
      const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || !answer.ok) {
        location.reload();
        return;
      }
    } catch {
      setTimeout(refused, retry); // the process does not answer
      return;
    }
    connect();
  }

  // A connection can break without a sign, for example when a phone sleeps.
  function watch() {
    if (source && source.readyState !== EventSource.CLOSED && Date.now() - heard > silence) {
      lose();
      connect();
    }
  }

  // The world's clock: the newest message, and when it came.
  let came = 0;
  function setClock(clock) {
    fob.clock = clock;
    came = performance.now();
  }

  // worldNow returns the world's time in ms.
  function worldNow() {
    const clock = fob.clock;
    if (!clock) {
      return Date.now();
    }
    return clock.unix_ms + (clock.running ? (performance.now() - came) * clock.rate : 0);
  }

  // leftMS returns how much of a face's time step is left now, by the token's clock.
  function leftMS(face) {
    return Math.max(0, face.left_ms - Math.max(0, worldNow() - face.at));
  }

  // draw draws the LCD of a face into an SVG element, and changes only what differs.
  const svgNS = "http://www.w3.org/2000/svg";
  function draw(svg, face) {
    const shapes = geometry[face.digits.length];
    if (!shapes) {
      return;
    }
    if (svg.fobDigits !== face.digits.length) {
      svg.fobDigits = face.digits.length;
      svg.setAttribute("viewBox", `0 0 ${shapes.width} ${shapes.height}`);
      svg.fobParts = {};
      svg.replaceChildren();
      for (const name of Object.keys(shapes.shapes).sort((a, b) => (b === "glass") - (a === "glass"))) {
        const part = document.createElementNS(svgNS, "path");
        part.setAttribute("d", shapes.shapes[name]);
        part.setAttribute("fill-rule", "evenodd");
        part.setAttribute("fill", name === "glass" ? shapes.colours.glass : shapes.colours.ink);
        svg.append(part);
        svg.fobParts[name] = part;
      }
    }
    const strength = Math.max(face.contrast, face.haze) - face.haze;
    const set = (name, lit) => {
      const share = face.fade?.[name] ?? (lit ? 1 : 0);
      const darkness = face.black ? 1 : face.haze + strength * share;
      const part = svg.fobParts[name];
      if (part && part.fobDarkness !== darkness) {
        part.fobDarkness = darkness;
        part.setAttribute("fill-opacity", darkness.toFixed(3));
      }
    };
    face.digits.forEach((bits, i) => {
      [..."abcdefg"].forEach((segment, bit) => set(`d${i}.${segment}`, (bits >> bit) & 1));
    });
    for (let bar = 0; bar < 6; bar++) {
      set("bar" + bar, (face.bars >> bar) & 1);
    }
    set("tick", face.icons & 1);
    set("batt", face.icons & 2);
    const glass = svg.fobParts.glass;
    if (glass) {
      glass.setAttribute("fill", face.black ? shapes.colours.ink : shapes.colours.glass);
    }
  }

  window.addEventListener("pageshow", (event) => {
    if (event.persisted && place?.dataset.live) { // the browser kept an old page
      show("connecting");
      connect();
    }
  });

  // The connection begins when the other scripts of the page listen.
  document.addEventListener("DOMContentLoaded", () => {
    if (place?.dataset.live) {
      connect();
      setInterval(watch, 1000);
    }
  });

  return { api, say, text, on, draw, worldNow, leftMS, clock: null };
})();
