// SPDX-License-Identifier: Apache-2.0
// The snapshots that contain a token: take, restore, fork, drop.
"use strict";

(() => {
  const page = fob.token;
  if (!page) {
    return;
  }
  const { say, act } = page;
  const list = document.getElementById("token-snap-list");
  const name = document.getElementById("token-snap-name");
  const snapPath = (snapshot, rest = "") => "/v1/snapshots/" + encodeURIComponent(snapshot) + rest;

  async function load() {
    const answer = await act(null, () => fob.api("GET", "/v1/snapshots?token=" + page.id));
    if (!answer) {
      return;
    }
    list.replaceChildren(...answer.items.map((snapshot) => {
      const item = document.getElementById("token-snap-item").content.cloneNode(true).firstElementChild;
      item.dataset.name = snapshot.name;
      item.dataset.tokens = snapshot.tokens;
      item.querySelector("b").textContent = snapshot.name;
      item.querySelector("small").textContent = page.stamp(Date.parse(snapshot.at)) +
        (snapshot.tokens > 1 ? " · " + say("snap tokens", snapshot.tokens) : "");
      for (const button of item.querySelectorAll("button")) {
        button.setAttribute("aria-label", say("of snapshot", button.textContent, snapshot.name));
      }
      return item;
    }));
    document.getElementById("token-snap-none").hidden = answer.items.length > 0;
  }

  const deeds = {
    restore: async (item, button) => {
      const { name: snapshot, tokens } = item.dataset;
      const text = tokens > 1 ? say("restore many text", tokens) : say("restore text");
      if (await page.ask(say("restore ask", snapshot), text, say("restore yes"))) {
        await act(button, async () => {
          await fob.api("POST", snapPath(snapshot, "/restore"));
          fob.say(say("restored", snapshot), "good");
        });
      }
    },
    fork: async (item, button) => {
      const { name: snapshot, tokens } = item.dataset;
      if (tokens > 1 && !await page.ask(say("fork ask", snapshot), say("fork many text", tokens), say("fork yes"))) {
        return;
      }
      await act(button, async () => {
        const answer = await fob.api("POST", snapPath(snapshot, "/fork"));
        const id = answer.items[0].hardware_id;
        const place = document.getElementById("token-forked");
        place.hidden = false;
        const link = place.querySelector("a");
        link.href = "/tokens/" + id;
        link.textContent = say("fork open", id);
        fob.say(say("forked", snapshot), "good");
        link.focus();
      });
    },
    drop: async (item, button) => {
      const snapshot = item.dataset.name;
      if (await page.ask(say("drop ask", snapshot), say("drop text"), say("drop yes"))) {
        await act(button, async () => {
          await fob.api("DELETE", snapPath(snapshot));
          fob.say(say("dropped", snapshot), "good");
          await load();
          name.focus();
        });
      }
    },
  };

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) {
      deeds[button.dataset.act](button.closest("li"), button);
    }
  });

  document.getElementById("token-snap").addEventListener("submit", (event) => {
    event.preventDefault();
    act(event.submitter, async () => {
      // A name that exists is asked about: it may be another person's.
      const all = await fob.api("GET", "/v1/snapshots");
      if (all.items.some((s) => s.name === name.value) &&
          !await page.ask(say("replace ask", name.value), say("replace text"), say("replace yes"))) {
        return;
      }
      const snapshot = await fob.api("POST", "/v1/snapshots", { name: name.value, tokens: [page.id] });
      fob.say(say("taken", snapshot.name), "good");
      name.value = "";
      await load();
    });
  });

  fob.on("connection", (state) => {
    if (state === "live" && !page.isGone()) {
      load();
    }
  });
  window.addEventListener("focus", () => {
    if (!page.isGone()) {
      load();
    }
  });
})();
