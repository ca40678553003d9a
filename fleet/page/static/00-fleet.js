// SPDX-License-Identifier: Apache-2.0
// What all pages of the fleet share: live messages from the server, requests to the HTTP
// API, the page's words, and the drawing of an LCD.
"use strict";

const fob = (() => {
  const place = document.getElementById("live");
  const silence = 12000; // ms after which a silent connection counts as lost: the server sends a beat every 5 s
  const retry = 2000; // ms
  const patience = 3000; // ms for which a hidden page stays connected
  const words = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const geometry = JSON.parse(document.getElementById("lcd-geometry")?.textContent || "{}");

  // text returns a text in the page's language. {0}, {1} … stand for values.
  function text(key, ...values) {
    return (words[key] ?? key).replace(/\{(\d)\}/g, (all, i) => values[i] ?? all);
  }

  // say shows a message, which screen readers read out. The tone is "good", "bad" or "".
  // A bad one stays until the next, until an action succeeds, or until a click on it.
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
      saying = setTimeout(unsay, 5000);
    }
  }
  function unsay() {
    const old = document.getElementById("say");
    old.className = "";
    old.replaceChildren();
  }
  document.getElementById("say")?.addEventListener("click", unsay);

  // wrong shows a problem at its field, and moves the focus there. With "", it
  // takes that away.
  function wrong(field, message) {
    const id = field.id + "-problem";
    const ids = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((other) => other && other !== id);
    document.getElementById(id)?.remove();
    if (message) {
      const p = document.createElement("p");
      p.id = id;
      p.className = "problem";
      p.textContent = message;
      (field.closest("label") ?? field).after(p);
      unsay();
      ids.push(id);
      field.setAttribute("aria-invalid", "true");
      field.focus();
    } else {
      field.removeAttribute("aria-invalid");
    }
    if (ids.length) {
      field.setAttribute("aria-describedby", ids.join(" "));
    } else {
      field.removeAttribute("aria-describedby");
    }
    field.closest(".field")?.classList.toggle("wrong", message !== "");
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
    if (method !== "GET" && document.getElementById("say")?.classList.contains("bad")) {
      unsay(); // an old problem
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
  let again = 0; // timer of the next attempt
  let leaving = 0; // timer of a hidden page
  let asleep = false; // the page is hidden and not connected

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
        notice.querySelector("time").textContent = new Date().toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
      }
    }
    tell("connection", state);
  }

  function lose() {
    if (place.dataset.state !== "ended") {
      show("lost");
    }
  }

  // connect begins the live messages, or goes on with those of another path.
  function connect(path) {
    place.dataset.live = path ?? place.dataset.live;
    clearTimeout(again);
    source?.close();
    if (asleep) {
      return;
    }
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
      again = setTimeout(tryAgain, retry);
    });
    mine.addEventListener("error", () => {
      lose();
      if (mine.readyState === EventSource.CLOSED) {
        again = setTimeout(tryAgain, retry, true);
      }
    });
  }

  // tryAgain connects again. If the session has ended, it shows the login. If the server
  // has refused the live messages and its page now has others, it shows that page: it
  // explains why, for example that the lot of the filter does not exist any more.
  async function tryAgain(refused = false) {
    try {
      const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || !answer.ok) {
        location.reload();
        return;
      }
      if (refused) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (page.getElementById("live")?.dataset.live !== place.dataset.live) {
          location.reload();
          return;
        }
      }
    } catch {
      if (!asleep) {
        again = setTimeout(tryAgain, retry, refused); // the process does not answer
      }
      return;
    }
    connect();
  }

  // A browser has six connections for all pages of an address. Each page that is connected
  // keeps one, and a hidden page gives its own back.
  function visibility() {
    clearTimeout(leaving);
    if (document.hidden) {
      leaving = setTimeout(sleep, patience);
    } else if (asleep) {
      asleep = false;
      connect();
    }
  }

  function sleep() {
    asleep = true;
    clearTimeout(again);
    source?.close();
    if (place.dataset.state === "live") {
      show("asleep");
    }
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

  // draw draws the LCD of a face into an SVG element. All segments that are equally dark are
  // one path, and only what differs from the last drawing changes. If the LCD lies on the
  // picture of a fob, that has the glass, unless it is black.
  const svgNS = "http://www.w3.org/2000/svg";
  function draw(svg, face, onFob = false) {
    const lcd = geometry[face.digits.length];
    if (!lcd) {
      return;
    }
    const { ink, glass } = lcd.colours;
    const paths = []; // {fill, darkness, outline}
    if (!onFob || face.black) {
      paths.push({ fill: face.black ? ink : glass, darkness: 1, outline: lcd.shapes.glass });
    }
    const strength = Math.max(face.contrast, face.haze) - face.haze;
    const add = (name, lit) => {
      const darkness = face.haze + strength * (face.fade?.[name] ?? (lit ? 1 : 0));
      const like = paths.find((path) => path.darkness === darkness && path.fill === ink);
      if (like) {
        like.outline += lcd.shapes[name];
      } else {
        paths.push({ fill: ink, darkness, outline: lcd.shapes[name] });
      }
    };
    if (!face.black) {
      face.digits.forEach((bits, i) => [..."abcdefg"].forEach((name, bit) => add(`d${i}.${name}`, bits >> bit & 1)));
      for (let bar = 0; bar < 6; bar++) {
        add("bar" + bar, face.bars >> bar & 1);
      }
      add("tick", face.icons & 1);
      add("batt", face.icons & 2);
    }
    if (!svg.hasAttribute("viewBox")) {
      svg.setAttribute("viewBox", `0 0 ${lcd.width} ${lcd.height}`);
    }
    paths.forEach(({ fill, darkness, outline }, i) => {
      let path = svg.children[i];
      if (!path) {
        path = document.createElementNS(svgNS, "path");
        path.setAttribute("fill-rule", "evenodd");
        svg.append(path);
      }
      for (const [name, value] of [["fill", fill], ["fill-opacity", darkness.toFixed(3)], ["d", outline]]) {
        if (path.getAttribute(name) !== value) {
          path.setAttribute(name, value);
        }
      }
    });
    while (svg.children.length > paths.length) {
      svg.lastChild.remove();
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
      document.addEventListener("visibilitychange", visibility);
      visibility();
    }
  });

  return { api, say, wrong, text, on, connect, draw, worldNow, leftMS, clock: null };
})();
