// SPDX-License-Identifier: Apache-2.0
// The page of one token: its front with the button, its code, and its facts. The other
// scripts of the page use what this one returns.
"use strict";

fob.token = (() => {
  const root = document.getElementById("token");
  if (!root) {
    return null;
  }
  const $ = (id) => document.getElementById(id);
  const id = root.dataset.id;
  const say = (key, ...values) => fob.text("token " + key, ...values);
  let now = null; // the newest message about the token
  let gone = false;

  const path = (rest) => "/v1/tokens/" + id + rest;

  // make returns a new element.
  function make(name, className, content) {
    const e = document.createElement(name);
    if (className) {
      e.className = className;
    }
    if (content !== undefined) {
      e.textContent = content;
    }
    return e;
  }

  // problem returns the text of a problem in the page's language, if it is known.
  function problem(p) {
    const key = "problem " + p.code;
    const known = say(key);
    return known === "token " + key ? p.detail || fob.text("failed") : known;
  }

  // act does something for a control, and shows a problem. A control that is busy does
  // nothing, and keeps the focus.
  async function act(control, work) {
    if (control?.getAttribute("aria-busy")) {
      return undefined;
    }
    control?.setAttribute("aria-busy", "true");
    try {
      return await work();
    } catch (p) {
      if (p instanceof Error) {
        throw p;
      }
      if (!gone) {
        fob.say(problem(p), "bad");
      }
      return undefined;
    } finally {
      control?.removeAttribute("aria-busy");
    }
  }

  // ask asks for a confirmation in a dialog, and reports whether the person agrees.
  function ask(title, text, yes) {
    const dialog = $("token-ask-dialog");
    dialog.querySelector("h2").textContent = title;
    dialog.querySelector("p").textContent = text;
    dialog.querySelector("[value=yes]").textContent = yes;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((done) => {
      const closed = new AbortController();
      dialog.addEventListener("close", () => {
        if (dialog.open) { // the event of the question before, which was answered just now
          return;
        }
        closed.abort();
        done(dialog.returnValue === "yes");
      }, { signal: closed.signal });
    });
  }

  // copy puts a text into the clipboard. A page on a plain connection has the older way
  // only. The person or the browser may refuse both.
  async function copy(text, shown, done) {
    let copied = false;
    if (navigator.clipboard) {
      copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    } else {
      const box = make("textarea", "visually-hidden", text);
      document.body.append(box);
      box.select();
      try {
        copied = document.execCommand("copy");
      } catch {
        copied = false;
      }
      box.remove();
    }
    if (copied) {
      fob.say(done, "good");
      return;
    }
    getSelection().selectAllChildren(shown);
    fob.say(say("copy refused"), "bad");
  }

  // duration writes a number of milliseconds with its two largest units.
  function duration(ms) {
    const s = Math.abs(ms) / 1000;
    const units = [["y", 31557600], ["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
    const first = units.findIndex(([, size]) => s >= size);
    if (first < 0 || first === 4) {
      return say("unit s", s < 10 ? (Math.round(s * 1000) / 1000).toString() : s.toFixed(0));
    }
    const [name, size] = units[first];
    const whole = Math.floor(s / size);
    const rest = Math.floor((s - whole * size) / units[first + 1][1]);
    return say("unit " + name, whole) + (rest ? say("unit and") + say("unit " + units[first + 1][0], rest) : "");
  }

  // stamp writes a time in UTC, because the world's clock has no place.
  const stamp = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ") + " UTC";

  // The state's word, and its tone.
  const tones = { BLANK: "quiet", PROVISIONED: "info", LOCKED: "good", EXPIRED: "warn", DEAD: "bad", WIPED: "quiet" };
  const stateWord = (state) => say("state " + state);

  // The code.
  const lcd = root.querySelector(".fob-lcd");
  const codeOf = (face) => (face.on && /^\d{6,8}$/.test(face.text) ? face.text : "");
  let code = "";

  function why(face) {
    if (["BLANK", "WIPED", "DEAD"].includes(face.state)) {
      return say("why " + face.state);
    }
    if (face.text.trim()) {
      return face.on ? say("why shows", face.text.trim()) : say("why faint");
    }
    if (face.black) {
      return say("why black");
    }
    if (face.state === "EXPIRED") {
      return say("why EXPIRED");
    }
    return say(face.button ? "why off" : "why dark");
  }

  let spoken = 0; // when a code was read out
  function showCode(face) {
    const old = code;
    code = codeOf(face);
    const half = code.length / 2;
    $("token-code").dataset.has = code ? "yes" : "no";
    $("token-digits").textContent = code ? code.slice(0, half) + " " + code.slice(half) : "– – –";
    $("token-why").textContent = code ? "" : why(face);
    $("token-copy").disabled = !code || gone;
    $("token-ring").hidden = !code || !face.step_ms;
    if (code === old) {
      return;
    }
    // Screen readers get each code, but not every one of a clock that races.
    if (!code) {
      $("token-spoken").textContent = old ? why(face) : "";
    } else if (performance.now() - spoken > 5000 || !spoken) {
      spoken = performance.now();
      $("token-spoken").textContent = fob.counted("token speak", Math.ceil(fob.leftMS(face) / 1000), [...code].join(" "));
    }
  }

  // The countdown and the token's time run on the page, and stand with the world's clock.
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const ring = root.querySelector(".ring-left");
  function tick() {
    if (!now) {
      return;
    }
    const face = now.face;
    if (!$("token-ring").hidden) {
      const left = fob.leftMS(face);
      const seconds = Math.ceil(left / 1000);
      const share = (still.matches ? seconds * 1000 : left) / face.step_ms;
      ring.style.strokeDashoffset = (100 - 100 * Math.min(1, share)).toFixed(2);
      set($("token-seconds"), String(seconds));
      $("token-ring").classList.toggle("late", seconds <= 5);
    }
    if (now.error_ms !== null) {
      set(fact("time"), stamp(Math.min(Math.max(fob.worldNow() + now.error_ms, -62135596800000), 253402300799000)));
    }
  }
  function set(element, text) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
  function loop() {
    tick();
    requestAnimationFrame(loop); // stops while the page is in the background
  }
  requestAnimationFrame(loop);

  const fact = (name) => root.querySelector(`[data-fact="${name}"]`);

  function show(v) {
    now = v;
    const face = v.face;
    fob.draw(lcd, face);
    lcd.fobParts?.glass?.setAttribute("fill-opacity", face.black ? "1" : "0"); // the picture has its own
    showCode(face);
    $("token-state").textContent = stateWord(v.state);
    $("token-state").className = "tag " + (tones[v.state] ?? "quiet");
    root.dataset.state = v.state;
    set(fact("state"), stateWord(v.state));
    set(fact("serial"), v.serial || say("no serial"));
    set(fact("expiry"), v.expiry || say("no expiry"));
    set(fact("battery"), say("battery value", fob.percent(v.battery), v.mv));
    set(fact("presses"), String(v.presses));
    if (v.error_ms === null) {
      set(fact("error"), say("clock unset"));
      set(fact("time"), say("clock unset"));
    } else {
      set(fact("error"), say("error " + fob.wayOf(v.error_ms), duration(v.error_ms)));
    }
    const advice = ["BLANK", "WIPED", "DEAD", "EXPIRED"].includes(v.state) ? say("advice " + v.state) : "";
    $("token-advice").hidden = !advice;
    set($("token-advice"), advice);
    if (root.dataset.serial !== (v.serial ?? "")) {
      location.reload(); // the back has another label
    }
    tick();
  }

  // leave shows that the token is gone, and ends what a person could do to it.
  function leave() {
    gone = true;
    release();
    const notice = $("token-gone");
    notice.hidden = false;
    root.dataset.gone = "yes";
    for (const control of root.querySelectorAll(".token-live :is(button, input, select)")) {
      control.disabled = true;
    }
    for (const dialog of root.querySelectorAll("dialog[open]")) {
      dialog.close();
    }
    notice.focus();
  }

  // The button. A short press is a click. A longer one holds the button down until it
  // ends: at the latest after a time of the world, if the page cannot say so any more.
  const button = $("token-press");
  const drawn = root.querySelector(".fob-button");
  const clickTime = 350; // ms
  const longest = 60; // s by the world's clock: the firmware takes 32 s for a stuck button
  let pressed = null; // the timer of a press that may become a hold, or "held"

  function holdTime() {
    const rate = fob.clock?.running ? Math.max(1, fob.clock.rate) : 1;
    return Math.min(3600, Math.ceil(longest * rate)) + "s";
  }

  function down() {
    if (pressed !== null || gone) {
      return;
    }
    root.dataset.down = "yes";
    button.dataset.down = "yes";
    pressed = setTimeout(() => {
      pressed = "held";
      sent = act(null, () => fob.api("POST", path("/press"), { hold: holdTime() }));
    }, clickTime);
  }

  // up ends a press. A press that was broken off before it became a hold is none.
  let sent = Promise.resolve(); // the request of the hold, which must arrive before its end
  function up(click) {
    if (pressed === null) {
      return;
    }
    const was = pressed;
    pressed = null;
    delete root.dataset.down;
    delete button.dataset.down;
    if (was !== "held") {
      clearTimeout(was);
      if (click) {
        act(null, () => fob.api("POST", path("/press")));
      }
      return;
    }
    owed = true;
    sent = sent.then(() => owed && letGo());
  }
  const release = () => up(false);

  // letGo ends a hold. The request outlives the page.
  let owed = false; // the hold has ended on the page, but not yet at the token
  function letGo() {
    owed = false;
    return fetch(path("/press"), {
      method: "POST", keepalive: true, headers: { "Content-Type": "application/json" }, body: '{"hold":"0s"}',
    }).catch(() => {}); // the hold ends by itself
  }

  // A tab that closes cannot wait for the answer to the hold.
  function abandon() {
    release();
    if (owed) {
      letGo();
    }
  }

  if (button) {
    for (const place of [button, drawn].filter(Boolean)) {
      place.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !event.isPrimary) {
          return;
        }
        if (event.target.hasPointerCapture?.(event.pointerId)) {
          event.target.releasePointerCapture(event.pointerId); // a finger that leaves ends the press too
        }
        down();
      });
      place.addEventListener("pointerup", () => up(true));
      place.addEventListener("pointerleave", release);
      place.addEventListener("pointercancel", release);
      place.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch
    }
    button.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault(); // no click
        if (!event.repeat) {
          down();
        }
      }
    });
    button.addEventListener("keyup", (event) => {
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        up(true);
      }
    });
    button.addEventListener("click", (event) => {
      if (event.detail === 0 && pressed === null) { // of a screen reader
        act(null, () => fob.api("POST", path("/press")));
      }
    });
    button.addEventListener("blur", release);
    window.addEventListener("blur", release);
    window.addEventListener("pagehide", abandon);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        abandon();
      }
    });
  }

  $("token-copy").addEventListener("click", () => copy(code, $("token-digits"), say("copied")));

  $("token-flip").addEventListener("click", () => {
    const back = $("token-back");
    back.hidden = !back.hidden;
    $("token-front").hidden = !back.hidden;
    $("token-flip").textContent = say(back.hidden ? "show back" : "show front");
    set($("token-hero-title"), say(back.hidden ? "front" : "back"));
  });

  $("token-remove-dialog").addEventListener("close", (event) => {
    if (event.target.returnValue === "yes") {
      act($("token-remove"), () => fob.api("DELETE", path("")));
    }
    event.target.returnValue = "";
  });

  fob.on("token", show);
  fob.on("gone", leave);
  fob.on("connection", (state) => {
    if (state !== "live") {
      release();
    }
  });

  return { id, path, make, act, ask, copy, duration, stamp, stateWord, problem, say, isGone: () => gone, get now() { return now; } };
})();
