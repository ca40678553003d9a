// SPDX-License-Identifier: Apache-2.0
// Optional improvements for browsers with scripts. All pages work without them.
"use strict";

// A second press of a button must not send a form twice. The bank would refuse the code
// of the second form, and the user would see the refusal instead of the receipt.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.defaultPrevented) {
    return;
  }
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
});

// If the user returns from the next page, the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) {
    window.print();
  }
});

document.documentElement.classList.add("has-script");
