// SPDX-License-Identifier: Apache-2.0
// The wall's filter, the selection of tokens, and the keys.
"use strict";

(() => {
  const wall = fob.wall;
  if (!wall) {
    return;
  }
  const { root, place, faces } = wall;
  const form = document.getElementById("wall-filter");
  const bar = document.getElementById("wall-bar");

  // The filter is in the address: a link shows the same, and the browser goes back.
  const filters = ["find", "state", "fault", "lot"]; // as for GET /v1/tokens
  function query() {
    const q = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value.trim()) {
        q.set(name, value.trim());
      }
    }
    return q;
  }
  function live(q) {
    const p = new URLSearchParams(q);
    p.delete("group");
    p.set("page", "wall");
    return "/live?" + p;
  }
  let shown = live(new URLSearchParams(location.search));
  function show(q) {
    document.querySelector(".language [name=back]").value = location.pathname + location.search;
    const next = live(q);
    if (next !== shown) {
      shown = next;
      clear();
      wall.doubt();
      fob.connect(next);
    }
    const grouped = root.dataset.group === "lot";
    if (grouped !== wall.grouped()) {
      root.dataset.group = grouped ? "" : "lot";
      wall.regroup();
    }
    pages();
  }
  function go(push) {
    const q = query();
    const address = "/" + (q.size > 0 ? "?" + q : "");
    if (address !== location.pathname + location.search) {
      history[push ? "pushState" : "replaceState"](null, "", address);
    }
    show(q);
  }
  let typing = 0;
  let typed = false; // the newest entry of the history is a search
  form.addEventListener("input", (event) => {
    if (event.target.name === "find") {
      clearTimeout(typing);
      typing = setTimeout(() => {
        go(!typed);
        typed = true;
      }, 200);
    }
  });
  form.addEventListener("change", (event) => {
    if (event.target.name !== "find") {
      typed = false;
      go(true);
    }
  });
  form.elements.find.addEventListener("blur", () => { typed = false; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    go(!typed);
    typed = false;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && event.target.name === "find" || event.key === "Enter" && event.target.name === "find") {
      current()?.focus();
    }
  });
  window.addEventListener("popstate", () => {
    const q = new URLSearchParams(location.search);
    for (const field of form.elements) {
      if (field.type === "checkbox") {
        field.checked = q.has(field.name);
      } else if (field.name) {
        const value = q.get(field.name) ?? "";
        field.value = field.tagName === "SELECT" ? value.toUpperCase() : value;
        if (field.selectedIndex < 0) { // not a state
          field.value = value;
        }
      }
    }
    show(q);
  });
  document.getElementById("wall-none").querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    form.elements.find.value = "";
    for (const field of form.querySelectorAll("select")) {
      field.value = "";
    }
    go(true);
    form.elements.find.focus();
  });

  // Pages beyond the first.
  function pages() {
    const pager = document.getElementById("wall-pager");
    const [prev, next] = pager.children;
    const q = new URLSearchParams(location.search);
    const tags = [...faces.keys()];
    const link = (element, name, tag, wanted) => {
      element.hidden = !wanted;
      const to = new URLSearchParams(q);
      to.delete("after");
      to.delete("before");
      to.set(name, tag);
      element.href = "/?" + to;
    };
    const lowest = Math.min(...tags);
    link(prev, "before", lowest, tags.length > 0 && (q.has("after") || q.has("before") && wall.count().more));
    link(next, "after", Math.max(...tags), tags.length > 0 && (wall.count().more && !q.has("before") || q.has("before")));
    pager.hidden = prev.hidden && next.hidden;
  }
  wall.onChange(pages);

  // The selection: the names of tokens by tag. It may have tokens of other pages.
  const selected = new Map();
  let anchor = null; // the tag from which Shift selects
  const entry = (face) => ({ tag: face.tag, id: face.id, name: wall.nameOf(face), button: face.button });

  function mark(tag, on) {
    const item = faces.get(tag);
    if (on) {
      selected.set(tag, entry(item.face));
    } else {
      selected.delete(tag);
    }
    item?.row.setAttribute("aria-selected", String(on));
  }
  function clear() {
    for (const tag of [...selected.keys()]) {
      mark(tag, false);
    }
    anchor = null;
    told();
  }
  function rows() {
    return [...place.querySelectorAll(".face")];
  }
  function range(to) {
    const all = rows().map((row) => row.fob.face.tag);
    const from = all.includes(anchor) ? all.indexOf(anchor) : all.indexOf(to);
    const [first, last] = [from, all.indexOf(to)].sort((a, b) => a - b);
    all.slice(first, last + 1).forEach((tag) => mark(tag, true));
    told();
  }
  function toggle(tag) {
    mark(tag, !selected.has(tag));
    anchor = tag;
    told();
  }
  function selectPage() {
    [...faces.keys()].forEach((tag) => mark(tag, true));
    told();
  }
  // selectAll selects all tokens that match the filter, also those of other pages.
  async function selectAll() {
    selectPage();
    const more = new URLSearchParams(location.search);
    if (!wall.count().more && !more.has("after") && !more.has("before")) {
      return;
    }
    const q = new URLSearchParams({ limit: "10000" });
    const buttons = new Map([...faces.values()].map(({ face }) => [face.model, face.button]));
    filters.forEach((name) => more.has(name) && q.set(name, more.get(name)));
    try {
      for (let next = ""; next !== undefined;) {
        const list = await fob.api("GET", "/v1/tokens?" + q);
        for (const token of list.items) {
          selected.set(token.tag, { tag: token.tag, id: token.hardware_id, name: token.serial || token.hardware_id, button: buttons.get(token.model) });
        }
        next = list.next;
        q.set("after", next);
      }
    } catch (problem) {
      fob.say(problem.detail, "bad");
    }
    told();
  }
  // told shows how many tokens are selected.
  function told() {
    const n = selected.size;
    bar.hidden = n === 0 && !wall.working?.();
    root.classList.toggle("selecting", n > 0);
    document.getElementById("wall-selected").textContent = n > 0 ? wall.counted("wall selected", n) : "";
    const all = bar.querySelector("[value=all]");
    const onPage = [...faces.keys()].every((tag) => selected.has(tag));
    const beyond = wall.count().more || /[?&](after|before)=/.test(location.search);
    all.hidden = onPage && (!beyond || n > faces.size);
    all.textContent = beyond ? fob.text("wall select match") : wall.counted("wall select all", wall.count().shown);
  }
  wall.onChange(told);
  wall.selection = {
    list: () => [...selected.values()],
    set(list) {
      clear();
      list.forEach((one) => (faces.has(one.tag) ? mark(one.tag, true) : selected.set(one.tag, one)));
      told();
    },
    drop(tag) { // a token that was removed
      selected.delete(tag);
    },
  };
  bar.addEventListener("click", (event) => {
    const value = event.target.closest("button")?.value;
    if (value === "all") {
      selectAll();
    } else if (value === "none") {
      clear();
      current()?.focus({ preventScroll: true });
    }
  });

  // The focus is on one face. Tab leaves the faces, and the arrow keys move over them.
  const current = () => place.querySelector('.face[tabindex="0"]') ?? place.querySelector(".face");
  function focusOn(row, scroll = true) {
    const old = current();
    if (old) {
      old.tabIndex = -1;
    }
    row.tabIndex = 0;
    row.focus({ preventScroll: !scroll });
    if (scroll) {
      row.scrollIntoView({ block: "nearest" });
    }
  }
  // If a token goes, the focus moves to its neighbour.
  wall.leaving = ({ face, row }) => {
    selected.delete(face.tag);
    if (row.tabIndex !== 0) {
      return;
    }
    const all = rows();
    const i = all.indexOf(row);
    const next = all[i + 1] ?? all[i - 1];
    if (next && row.contains(document.activeElement)) {
      focusOn(next, false);
    } else if (next) {
      next.tabIndex = 0;
    }
  };

  // beside returns the face above or below, with the nearest middle.
  function beside(row, down) {
    const all = rows();
    const box = row.getBoundingClientRect();
    const middle = box.left + box.width / 2;
    const i = all.indexOf(row);
    const rest = down ? all.slice(i + 1) : all.slice(0, i).reverse();
    let best = null;
    let line = null; // top of the line of faces that is next
    for (const other of rest) {
      const b = other.getBoundingClientRect();
      if (Math.abs(b.top - box.top) < 4) {
        continue;
      }
      line ??= b.top;
      if (Math.abs(b.top - line) > 4) {
        break;
      }
      const far = Math.abs(b.left + b.width / 2 - middle);
      if (!best || far < best.far) {
        best = { far, other };
      }
    }
    return best?.other;
  }
  function target(event, row) {
    const all = rows();
    const i = all.indexOf(row);
    const perScreen = () => {
      let other = row;
      const lines = Math.max(1, Math.floor(window.innerHeight / row.offsetHeight) - 1);
      for (let n = 0; n < lines; n++) {
        other = beside(other, event.key === "PageDown") ?? other;
      }
      return other;
    };
    switch (event.key) {
      case "ArrowRight": return all[i + 1];
      case "ArrowLeft": return all[i - 1];
      case "ArrowDown": return beside(row, true);
      case "ArrowUp": return beside(row, false);
      case "Home": return all[0];
      case "End": return all[all.length - 1];
      case "PageDown": case "PageUp": return perScreen();
    }
    return undefined;
  }
  const moves = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End", "PageDown", "PageUp"];

  place.addEventListener("keydown", (event) => {
    const row = event.target.closest(".face");
    if (!row || event.altKey || event.isComposing) {
      return;
    }
    const { face } = row.fob;
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === "a") {
      selectPage();
    } else if (control) {
      return;
    } else if (moves.includes(event.key)) {
      const next = target(event, row);
      if (next && event.shiftKey) {
        anchor ??= face.tag;
        focusOn(next);
        range(next.fob.face.tag);
      } else if (next) {
        focusOn(next);
      }
    } else if (event.key === " ") {
      event.shiftKey ? range(face.tag) : toggle(face.tag);
    } else if (event.key === "Enter") {
      location.assign(wall.pathOf(face));
    } else if (event.key === "Escape" && selected.size > 0) {
      clear();
    } else if (event.key === "p" || event.key === "o") {
      wall.press(face, event.key === "o" ? "6s" : "");
    } else if (event.key === "/") {
      form.elements.find.focus();
      form.elements.find.select();
    } else if (event.key === "?") {
      document.getElementById("wall-help").showModal();
    } else {
      return;
    }
    event.preventDefault();
  });

  // A click on the fob presses its button, one on the serial number opens the token, and one
  // elsewhere selects it.
  place.addEventListener("click", (event) => {
    const row = event.target.closest(".face");
    if (!row) {
      return;
    }
    const link = event.target.closest("a");
    if (link) {
      return;
    }
    focusOn(row, false);
    if (event.target.closest(".press") && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      wall.press(row.fob.face, "");
    } else if (event.shiftKey) {
      anchor ??= row.fob.face.tag;
      range(row.fob.face.tag);
    } else {
      toggle(row.fob.face.tag);
    }
  });
  place.addEventListener("mousedown", (event) => {
    if (event.shiftKey) {
      event.preventDefault(); // no selection of text
    }
  });

  // The size of the faces.
  const sizes = ["", "large", "small"];
  const sizeKey = "fob-wall-size";
  root.dataset.size = localStorage.getItem(sizeKey) ?? "";
  document.getElementById("wall-size").addEventListener("click", () => {
    const next = sizes[(sizes.indexOf(root.dataset.size) + 1) % sizes.length];
    root.dataset.size = next;
    localStorage.setItem(sizeKey, next);
  });
})();
