// SPDX-License-Identifier: Apache-2.0
// The start of a wall without tokens: it makes the first ones.
(() => {
  const start = document.getElementById("start");
  if (!start) {
    return;
  }
  const form = document.getElementById("start-form");
  const number = (n) => n.toLocaleString(document.documentElement.lang);
  const most = 1000000;

  async function make(lot) {
    for (const button of start.querySelectorAll("button")) {
      button.disabled = true;
    }
    try {
      await fob.api("POST", "/v1/tokens", { ...lot, ready: true });
      fob.say(fob.text("start made", number(lot.count)), "good");
    } catch (error) {
      fob.say(error.code === "token_limit" ? fob.text("start count limits", number(most)) : error.detail, "bad");
    }
    for (const button of start.querySelectorAll("button")) {
      button.disabled = false;
    }
  }

  start.querySelector("[data-start]").addEventListener("click", (event) => {
    make({ count: Number(event.target.dataset.start) });
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = form.elements.count;
    const count = Number(field.value.replaceAll(",", ""));
    if (!(Number.isInteger(count) && count >= 1 && count <= most)) {
      fob.wrong(field, fob.text("start count limits", number(most)));
      return;
    }
    fob.wrong(field, "");
    make({ count, profile: form.elements.profile.value, crystal: form.elements.crystal.value });
  });

  fob.on("count", ({ all }) => {
    start.hidden = all > 0;
  });
})();
