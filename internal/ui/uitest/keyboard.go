// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"slices"

	"github.com/chromedp/chromedp"
)

// WalkKeyboard presses Tab from the beginning of the page, or of its open dialog, until
// the focus returns to where it was before. It returns a line for each control that the
// focus does not reach in the order of the document, does not leave, or reaches without a
// visible outline, and for each one that is covered while it has the focus.
func (b *Tab) WalkKeyboard() []string {
	b.T.Helper()
	stops := Result(b, chromedp.Evaluate[[]string](beginWalk))
	if len(stops) == 0 {
		return []string{"the page has no control"}
	}
	var reached, problems []string
	for range len(stops) + 2 {
		b.Run(chromedp.KeyEvent("\t"))
		at := Result(b, chromedp.Evaluate[[]string](walkedTo))
		if n := len(reached); n > 0 && len(stops) > 1 && at[0] == reached[n-1] {
			problems = append(problems, at[0]+": Tab does not leave it")
		}
		if at[0] == "" || slices.Contains(reached, at[0]) {
			break
		}
		reached = append(reached, at[0])
		problems = append(problems, at[1:]...)
	}
	for _, stop := range stops {
		if !slices.Contains(reached, stop) {
			problems = append(problems, stop+": Tab does not reach it")
		}
	}
	return problems
}

// beginWalk is an expression that sets the point from which Tab goes on to the beginning
// of the page, and lists the controls that Tab should reach.
const beginWalk = `(() => {
	const modal = document.querySelector("dialog:modal");
	const page = modal ?? document.body;
	const shown = (e) => e.getClientRects().length > 0 && e.checkVisibility({ visibilityProperty: true }) && !e.closest("[inert]");
	const first = (e) => e.type !== "radio" || e === (document.querySelector('input[type=radio][name="' + CSS.escape(e.name) + '"]:checked') ??
		document.querySelector('input[type=radio][name="' + CSS.escape(e.name) + '"]'));
	const stops = [...page.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
		.filter((e) => e.tabIndex >= 0 && !e.matches(":disabled, [type=hidden]") && shown(e) && first(e));
	window.fobStops = new Map(stops.map((e, i) => [e, i + " " + e.outerHTML.replace(/\s+/g, " ").slice(0, 120)]));
	const start = document.createElement("span");
	start.tabIndex = -1;
	page.prepend(start);
	start.focus();
	start.remove();
	return [...window.fobStops.values()];
})()`

// walkedTo is an expression that gives the control that has the focus, and its faults.
// The control is "" if none has the focus.
const walkedTo = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return [""];
	const name = window.fobStops.get(e) ?? "more: " + e.outerHTML.replace(/\s+/g, " ").slice(0, 120);
	const found = [name];
	const outlined = (e) => { const s = getComputedStyle(e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; };
	const stroked = (e) => { const s = getComputedStyle(e); return !/none|^rgba.*, 0\)$/.test(s.stroke) && parseFloat(s.strokeWidth) >= 2; }; // the outline of a shape
	if (!outlined(e) && !outlined(e.parentElement) && !(e instanceof SVGElement && [e, ...e.children].some(stroked))) found.push(name + ": no visible focus");
	const rects = [...e.getClientRects()].map((r) => ({
		left: Math.max(r.left, 0), top: Math.max(r.top, 0), right: Math.min(r.right, innerWidth), bottom: Math.min(r.bottom, innerHeight),
	})).filter((r) => r.left < r.right && r.top < r.bottom);
	const own = (hit) => hit && (e.contains(hit) || hit.contains(e) && hit === e.parentElement || [...(e.labels ?? [])].some((l) => l.contains(hit)));
	if (!rects.some((r) => own(document.elementFromPoint((r.left + r.right) / 2, (r.top + r.bottom) / 2)))) found.push(name + ": the focus is covered or out of sight");
	return found;
})()`
