// SPDX-License-Identifier: Apache-2.0
// Numbers in words, the same on all pages.
"use strict";

(() => {
  // counted returns a text about a number of things, the first value of the text. English
  // has another text for one thing.
  fob.counted = (key, n, ...more) => {
    const one = key + " one";
    return fob.text(n === 1 && fob.text(one) !== one ? one : key, n.toLocaleString(document.documentElement.lang), ...more);
  };

  // percent returns the whole percents of a share. A battery of 99.9 % is not full.
  fob.percent = (share) => Math.floor(share * 100 + 1e-9); // 0.29 * 100 is less than 29

  // wayOf returns the direction of a clock error in ms, as a part of a key.
  fob.wayOf = (ms) => (Math.abs(ms) < 5 ? "exact" : ms > 0 ? "ahead" : "behind");
})();
