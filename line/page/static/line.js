// SPDX-License-Identifier: Apache-2.0
// Shows the state of a station, or of all, as it changes. Without a live connection, the
// page shows no state.
"use strict";

const page = document.querySelector("[data-live]");
const silence = 12000; // ms after which a silent connection counts as lost: the server sends a beat every 5 s
const retry = 3000; // ms
const ends = ["ended", "complete", "practice"]; // states of a line that does not run any more

let source;
let heard = 0; // time of the last message
let fresh = true; // the next update is the first of its connection

function show(state) {
  if (page.dataset.state === state) {
    return;
  }
  page.dataset.state = state;
  for (const name of ["lost", ...ends]) {
    const notice = page.querySelector("." + name);
    notice.hidden = state !== name;
    if (state === name) {
      notice.querySelector("time").textContent = new Date().toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    }
  }
}

function connect() {
  source?.close();
  const mine = new EventSource(page.dataset.live);
  source = mine;
  heard = Date.now();
  fresh = true;
  mine.addEventListener("update", (event) => {
    heard = Date.now();
    apply(JSON.parse(event.data));
    show("live");
  });
  mine.addEventListener("beat", () => {
    heard = Date.now();
  });
  mine.addEventListener("end", () => {
    const end = page.querySelector("[data-end]")?.dataset.end;
    show(ends.includes(end) ? end : "ended");
    mine.close();
    setTimeout(connect, retry);
  });
  mine.addEventListener("error", () => {
    if (!ends.includes(page.dataset.state)) {
      show("lost");
    }
    fresh = true;
    if (mine.readyState === EventSource.CLOSED) {
      refused();
    }
  });
}

// refused tries again. If the session has ended, it shows the login.
async function refused() {
  try {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect") {
      location.reload();
      return;
    }
  } catch {
    // The station does not answer.
  }
  setTimeout(connect, retry);
}

// A connection can break without a sign, for example when a tablet sleeps.
function watch() {
  if (source && source.readyState !== EventSource.CLOSED && Date.now() - heard > silence) {
    if (!ends.includes(page.dataset.state)) {
      show("lost");
    }
    connect();
  }
}

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

// morph makes an element like another one, and touches only what differs: animations and
// the focus go on.
function morph(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
    from.replaceWith(to);
    return;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) {
      from.nodeValue = to.nodeValue;
    }
    return;
  }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name)) {
      from.removeAttribute(name);
    }
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) {
      from.setAttribute(name, value);
    }
  }
  const before = [...from.childNodes];
  const after = [...to.childNodes];
  after.forEach((child, i) => (i < before.length ? morph(before[i], child) : from.append(child)));
  before.slice(after.length).forEach((child) => child.remove());
}

function apply(update) {
  const tiles = document.getElementById("tiles");
  if (fresh && tiles) {
    for (const tile of [...tiles.children]) {
      if (!update.parts?.[tile.id]) {
        tile.remove();
      }
    }
  }
  fresh = false;
  for (const [id, html] of Object.entries(update.parts ?? {})) {
    const old = document.getElementById(id);
    const part = parse(html);
    if (old) {
      morph(old, part);
    } else if (tiles) {
      const number = (tile) => Number(tile.id.replace("port-", ""));
      const next = [...tiles.children].find((tile) => number(tile) > number(part));
      tiles.insertBefore(part, next ?? null);
    }
  }
  for (const [id, value] of Object.entries(update.class ?? {})) {
    document.getElementById(id).className = value;
  }
  announce(update.announce ?? []);
}

// Screen readers hear of results. If many come at once, they hear of the newest.
const heardTexts = [];
let speaking = 0;

function announce(list) {
  for (const { sound, text } of list) {
    play(sound);
    heardTexts.push(text);
  }
  if (list.length > 0 && !speaking) {
    speaking = setTimeout(() => {
      document.getElementById("announce").textContent = heardTexts.splice(0).slice(-3).join(" ");
      speaking = 0;
    }, 500);
  }
}

// Tones: frequency in Hz and length in seconds of each.
const tones = {
  pass: [[880, 0.09], [1320, 0.14]],
  fail: [[220, 0.25], [165, 0.4]],
  known: [[520, 0.12], [520, 0.12]],
  wrong: [[140, 0.2], [140, 0.2], [140, 0.2]],
};
const soundButton = page.querySelector("[data-sound]");
let audio;

function soundOn() {
  return localStorage.getItem("fob-line-sound") === "on";
}

function showSound() {
  if (soundButton) {
    soundButton.setAttribute("aria-pressed", String(soundOn()));
    soundButton.textContent = soundOn() ? soundButton.dataset.pressed : soundButton.dataset.released;
  }
}

function play(name) {
  if (!soundOn() || !tones[name]) {
    return;
  }
  audio ??= new AudioContext();
  audio.resume();
  let at = audio.currentTime;
  for (const [frequency, length] of tones[name]) {
    const tone = new OscillatorNode(audio, { frequency, type: "triangle" });
    const volume = new GainNode(audio, { gain: 0.25 });
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length);
    at += length + 0.05;
  }
}

// Labels. A scanner is a keyboard: it types into the field from anywhere on the page.
const form = page.querySelector("#entry form");

async function enter(text) {
  let html = "";
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams({ entry: text }), cache: "no-store" });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    html = await answer.text();
    if (!answer.headers.get("Content-Type")?.startsWith("text/html")) {
      html = "";
    }
    play(answer.ok ? "" : "wrong");
  } catch {
    play("wrong");
  }
  const place = document.getElementById("answer");
  if (html) {
    place.innerHTML = html;
    return;
  }
  place.innerHTML = '<div class="flash bad" role="alert"><p></p></div>';
  place.querySelector("p").textContent = page.dataset.failed;
}

if (form) {
  const field = form.elements.entry;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value;
    field.value = "";
    enter(text);
  });
  document.addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.altKey || event.metaKey;
    if (event.key.length === 1 && event.key !== " " && !control && !event.isComposing && document.activeElement !== field && field.offsetParent) {
      field.focus();
    }
  });
}

page.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.closest(".tile")) {
    enter(button.value);
  } else if (button === soundButton && soundButton) {
    localStorage.setItem("fob-line-sound", soundOn() ? "off" : "on");
    showSound();
    play("pass");
  }
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) { // the browser kept an old page
    show("connecting");
    connect();
  }
});

showSound();
connect();
setInterval(watch, 1000);
