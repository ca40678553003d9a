// SPDX-License-Identifier: Apache-2.0
// The event log of a token: newest first, live, with a filter.
"use strict";

(() => {
  const page = fob.token;
  if (!page) {
    return;
  }
  const list = document.getElementById("token-log");
  const kind = document.getElementById("token-event-kind");
  const find = document.getElementById("token-event-find");
  const kinds = {
    button: ["press", "hold", "release", "display-on", "display-off"],
    clock: ["clock-set", "clock-lost", "skew", "age", "crystal", "temperature"],
    hardware: ["battery", "power-lost", "power-on", "restart", "drop", "fault", "fault-armed", "flash"],
    line: ["host-on", "host-off", "bytes-in", "bytes-out"],
    life: ["made", "state", "restored", "removed"],
  };
  const most = 500; // events that are kept
  let events = []; // newest first
  let newest = 0; // number

  // sentence says what happened.
  function sentence(e) {
    const { say, duration } = page;
    const value = e.value ?? 0;
    switch (e.event) {
      case "hold": // 0 lets the button go
        return value > 0 ? say("event hold", duration(value / 1e6)) : say("event let go");
      case "age":
        return say("event age", duration(value / 1e6));
      case "clock-set":
      case "skew":
        return say("event " + e.event + (value < 0 ? " back" : " on"), duration(value));
      case "temperature":
        return say("event temperature", value / 1000);
      case "crystal":
        return say("event crystal", value / 1000);
      case "state":
        return say("event state", page.stateWord(e.state));
      default:
        return fob.counted("token event " + e.event, value);
    }
  }

  function matches(e) {
    const words = find.value.trim().toLowerCase();
    return (!kind.value || kinds[kind.value].includes(e.event)) && (!words || (e.text + " " + e.event + " " + e.at).toLowerCase().includes(words));
  }

  function item(e) {
    const li = page.make("li", "token-event");
    li.dataset.event = e.event;
    li.dataset.kind = Object.keys(kinds).find((k) => kinds[k].includes(e.event)) ?? "life";
    const time = page.make("time", "", e.at);
    time.dateTime = e.true_time;
    const number = page.make("small", "detail", "#" + e.seq);
    li.append(time, page.make("span", "", e.text), number);
    return li;
  }

  function count() {
    const shown = list.children.length;
    document.getElementById("token-event-count").textContent =
      shown === events.length ? page.say("events count", shown) : page.say("events filtered", shown, events.length);
  }

  function showAll() {
    list.replaceChildren(...events.filter(matches).map(item));
    count();
  }

  fob.on("events", (lines) => {
    const fresh = lines.filter((e) => e.seq > newest);
    for (const e of fresh) {
      newest = e.seq;
      e.at = page.stamp(Date.parse(e.true_time));
      e.text = sentence(e);
      events.unshift(e);
      if (matches(e)) {
        list.prepend(item(e));
      }
    }
    if (events.length > most) {
      events = events.slice(0, most);
      const oldest = events[most - 1].seq;
      while (list.lastChild && Number(list.lastChild.querySelector(".detail").textContent.slice(1)) < oldest) {
        list.lastChild.remove();
      }
    }
    count();
  });

  kind.addEventListener("change", showAll);
  find.addEventListener("input", showAll);
})();
