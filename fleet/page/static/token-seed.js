// SPDX-License-Identifier: Apache-2.0
// The seed of a token as a QR code, where it may be read.
"use strict";

(() => {
  const page = fob.token;
  const button = document.getElementById("token-qr");
  if (!page || !button) {
    return;
  }
  const place = document.getElementById("token-qr-place");

  function hide() {
    place.replaceChildren();
    place.hidden = true;
    button.textContent = page.say("qr show");
    button.setAttribute("aria-expanded", "false");
  }

  // The picture is fetched when a person asks for it: the page itself has no seed.
  button.addEventListener("click", () => page.act(button, async () => {
    if (!place.hidden) {
      hide();
      return;
    }
    const svg = await fob.api("GET", page.path("/qr"));
    const picture = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", page.say("qr label"));
    place.replaceChildren(document.importNode(picture, true), page.make("figcaption", "hint", page.say("qr hint")));
    place.hidden = false;
    button.textContent = page.say("qr hide");
    button.setAttribute("aria-expanded", "true");
  }));
  window.addEventListener("pagehide", hide);

  const form = document.getElementById("token-export");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    page.act(event.submitter, async () => {
      const format = document.getElementById("token-export-format").value;
      const answer = await fetch("/v1/export?" + new URLSearchParams(new FormData(form)), { cache: "no-store" });
      if (!answer.ok) {
        throw await answer.json();
      }
      const link = page.make("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = page.id + "." + format;
      link.click();
      URL.revokeObjectURL(link.href);
      fob.say(page.say("saved"), "good");
    });
  });

  fob.on("token", (v) => {
    const none = v.state === "BLANK" || v.state === "WIPED" || !v.serial;
    document.getElementById("token-seed-none").hidden = !none;
    document.getElementById("token-seed-tools").hidden = none;
    if (none) {
      hide();
    }
  });
  fob.on("gone", hide);
})();
