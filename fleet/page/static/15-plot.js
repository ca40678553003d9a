// SPDX-License-Identifier: Apache-2.0
// Plots over the years, drawn as SVG at the size at which they are shown.
"use strict";

fob.plot = (() => {
  const ns = "http://www.w3.org/2000/svg";
  const left = 76;
  const right = 14;
  const top = 12;
  const bottom = 28;

  function make(svg, name, className, attributes, content) {
    const e = document.createElementNS(ns, name);
    e.setAttribute("class", className);
    for (const [key, value] of Object.entries(attributes)) {
      e.setAttribute(key, value);
    }
    if (content !== undefined) {
      e.textContent = content;
    }
    svg.append(e);
    return e;
  }

  // draw draws a plot:
  //
  //	points        [x, y] each; a y of null ends the curve
  //	x, y          {from, to, ticks, label}
  //	bands         {from, to, kind}: areas between two values of y
  //	levels        {at, kind, label}: lines at a value of y
  //	marks         {at, kind, label}: lines at a value of x
  //	cursor        x, with a dot on the curve
  function draw(svg, o) {
    const width = Math.max(svg.clientWidth, 240);
    const height = Math.max(svg.clientHeight, 140);
    const x = (v) => left + ((v - o.x.from) / (o.x.to - o.x.from)) * (width - left - right);
    const y = (v) => height - bottom - ((v - o.y.from) / (o.y.to - o.y.from)) * (height - top - bottom);
    const inside = (v) => Math.min(Math.max(v, o.y.from), o.y.to);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    svg.fobX = (px) => o.x.from + ((px - left) / (width - left - right)) * (o.x.to - o.x.from);

    for (const band of o.bands ?? []) {
      const from = y(inside(band.from));
      const to = y(inside(band.to));
      make(svg, "rect", "plot-band " + band.kind, { x: left, y: to, width: width - left - right, height: Math.max(from - to, 1) });
    }
    for (const tick of o.y.ticks) {
      make(svg, "line", tick === 0 ? "plot-zero" : "plot-grid", { x1: left, x2: width - right, y1: y(tick), y2: y(tick) });
      make(svg, "text", "plot-text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, o.y.label(tick));
    }
    const every = (width - left - right) / o.x.ticks.length < 34 ? 2 : 1;
    o.x.ticks.forEach((tick, i) => {
      make(svg, "line", "plot-grid", { x1: x(tick), x2: x(tick), y1: top, y2: height - bottom });
      if (i % every === 0) {
        make(svg, "text", "plot-text", { x: x(tick), y: height - 8, "text-anchor": "middle" }, o.x.label(tick));
      }
    });
    for (const level of o.levels ?? []) {
      make(svg, "line", "plot-level " + level.kind, { x1: left, x2: width - right, y1: y(level.at), y2: y(level.at) });
    }
    for (const mark of o.marks ?? []) {
      make(svg, "line", "plot-mark " + mark.kind, { x1: x(mark.at), x2: x(mark.at), y1: top, y2: height - bottom });
    }
    let path = "";
    let on = false;
    for (const [at, value] of o.points) {
      if (value === null) {
        on = false;
        continue;
      }
      path += `${on ? "L" : "M"}${x(at).toFixed(1)} ${y(inside(value)).toFixed(1)}`;
      on = true;
    }
    make(svg, "path", "plot-curve", { d: path || "M0 0" });
    if (o.cursor !== undefined) {
      make(svg, "line", "plot-cursor", { x1: x(o.cursor), x2: x(o.cursor), y1: top, y2: height - bottom });
      const value = valueAt(o.points, o.cursor);
      if (value !== null) {
        make(svg, "circle", "plot-dot", { cx: x(o.cursor), cy: y(inside(value)), r: 6 });
      }
    }

    // The names of the lines come last, at places where they hide the least.
    const names = [
      ...(o.levels ?? []).map(({ at, label }) => ({ label, at: [-6, 16].flatMap((dy) => [[left + 6, y(at) + dy, "start"], [width - right - 6, y(at) + dy, "end"]]) })),
      ...(o.marks ?? []).map(({ at, label }) => ({ label, at: [top + 14, top + 31, height - bottom - 8, height - bottom - 25].flatMap((to) => [[x(at) + 7, to, "start"], [x(at) - 7, to, "end"]]) })),
    ];
    const points = o.points.filter(([, value]) => value !== null).map(([at, value]) => [x(at), y(inside(value))]);
    const upright = [...(o.marks ?? []).map((mark) => x(mark.at)), ...(o.cursor === undefined ? [] : [x(o.cursor)])];
    const level = [...(o.levels ?? []).map(({ at }) => y(at)), ...(o.y.ticks.includes(0) ? [y(0)] : [])];
    const taken = [];
    for (const { label, at } of names) {
      const text = make(svg, "text", "plot-text plot-name", {}, label);
      const size = text.getComputedTextLength();
      let best = null;
      let least = Infinity;
      for (const [tx, ty, anchor] of at) {
        const box = { from: (anchor === "end" ? tx - size : tx) - 3, to: (anchor === "end" ? tx : tx + size) + 3, top: ty - 13, bottom: ty + 5 };
        const across = (px) => px > box.from && px < box.to;
        const down = (py) => py > box.top && py < box.bottom;
        let cost = box.from < left || box.to > width ? 100 : 0;
        cost += 10 * taken.filter((b) => b.from < box.to && b.to > box.from && b.top < box.bottom && b.bottom > box.top).length;
        cost += points.some(([px, py]) => across(px) && down(py)) ? 3 : 0;
        cost += upright.filter(across).length + 2 * level.filter(down).length;
        if (cost < least) {
          least = cost;
          best = { tx, ty, anchor, box };
        }
      }
      taken.push(best.box);
      text.setAttribute("x", best.tx);
      text.setAttribute("y", best.ty);
      text.setAttribute("text-anchor", best.anchor);
    }
  }

  // valueAt returns the value of a curve between its points, null if there is none.
  function valueAt(points, at) {
    const i = points.findIndex(([x]) => x >= at - 1e-9);
    if (i < 0) {
      return null;
    }
    const [x1, y1] = points[i];
    const [x0, y0] = points[Math.max(i - 1, 0)];
    if (y1 === null || y0 === null || x1 === x0 || Math.abs(x1 - at) < 1e-9) {
      return y1;
    }
    return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
  }

  // ticks returns round values between two limits, at most n steps apart. sizes are the
  // sizes of a step that are round.
  function ticks(from, to, n, sizes) {
    const size = sizes.find((s) => (to - from) / s <= n) ?? sizes[sizes.length - 1] * 10 ** Math.ceil(Math.log10((to - from) / n / sizes[sizes.length - 1]));
    const all = [];
    for (let v = Math.ceil(from / size - 1e-9) * size; v <= to + size * 1e-6; v += size) {
      all.push(Math.abs(v) < size * 1e-6 ? 0 : v);
    }
    return all;
  }

  // drag calls moved with the x at which a pointer is pressed on a plot, and while it moves.
  function drag(svg, moved) {
    const tell = (event) => {
      if (svg.fobX) {
        moved(svg.fobX(event.clientX - svg.getBoundingClientRect().left));
      }
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.isPrimary) {
        svg.setPointerCapture(event.pointerId);
        tell(event);
      }
    });
    svg.addEventListener("pointermove", (event) => {
      if (svg.hasPointerCapture(event.pointerId)) {
        tell(event);
      }
    });
  }

  return { draw, drag, ticks, valueAt };
})();
