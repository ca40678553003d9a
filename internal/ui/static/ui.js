// SPDX-License-Identifier: Apache-2.0
// Optional improvements for browsers with scripts. All pages work without them.
"use strict";

// A second press of a button must not send a form twice. The server would refuse the
// second form, and the user would see the refusal instead of the result of the first.
document.addEventListener("submit", (event) => {
  const method = event.submitter?.getAttribute("formmethod") || event.target.method;
  if (method !== "post" || event.defaultPrevented) {
    return;
  }
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
});

window.addEventListener("pageshow", (event) => {
  // If the user returns from the next page, the form may be sent again.
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
  }
  if (event.persisted) {
    setTheme(readTheme());
  }
});

// The colour scheme that the user has chosen: "dark", "light", or "" for the system's.
// The server reads the same cookie, and so a page has its colours from the beginning.
function readTheme() {
  return (document.cookie.match(/(?:^|; )fob-theme=(dark|light)(?:;|$)/) || ["", ""])[1];
}

function setTheme(theme) {
  if (theme) {
    document.documentElement.dataset.theme = theme;
  } else {
    delete document.documentElement.dataset.theme;
  }
}

function switchTheme() {
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (document.documentElement.dataset.theme || system) === "dark" ? "light" : "dark";
  // The choice of the system's scheme is not remembered. The page follows the system
  // again.
  const theme = next === system ? "" : next;
  document.cookie = `fob-theme=${theme}; path=/; samesite=strict; max-age=${theme ? 365 * 24 * 3600 : 0}` +
    (location.protocol === "https:" ? "; secure" : "");
  setTheme(theme);
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at("[data-print]")) {
    window.print();
  } else if (at("[data-theme-switch]")) {
    switchTheme();
  } else if (at("[data-dialog]")) {
    document.getElementById(at("[data-dialog]").dataset.dialog).showModal();
  }
});
