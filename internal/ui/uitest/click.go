// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"context"
	"fmt"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Press clicks an element that stays on the page. It waits until the element can be
// clicked: it is visible and enabled, does not move, and nothing covers its middle. If the
// page moves it away before the click arrives, the click reaches nothing and is repeated.
func (b *Tab) Press(at string, modifiers ...chromedp.Modifier) {
	b.T.Helper()
	b.Run(click(at, modifiers...))
}

// Click clicks an element, as Press does, and waits for the next page.
func (b *Tab) Click(at string) {
	b.T.Helper()
	b.Follow(click(at))
}

// Fill replaces the text of a field with the keyboard. It is for chromedp.Clear and
// chromedp.SendKeys, which have a data race with each other.
func (b *Tab) Fill(at, text string) {
	b.T.Helper()
	b.WaitUntil(fmt.Sprintf(`(() => {
		const field = document.querySelector(%q);
		if (!field?.checkVisibility() || field.matches(":disabled")) return false;
		field.focus();
		field.select();
		return document.activeElement === field;
	})()`, at))
	if text == "" {
		text = kb.Backspace
	}
	b.Run(chromedp.KeyEvent(text))
}

// click returns the action of Press.
func click(at string, modifiers ...chromedp.Modifier) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) (err error) {
		defer func() {
			if err != nil {
				err = fmt.Errorf("clicking %s: %w", at, err)
			}
		}()
		for {
			middle, err := chromedp.Poll[[]float64](fmt.Sprintf(steady, at, "window.fobClick = watch()"), chromedp.WithPollingTimeout(0))(ctx, tab)
			if err != nil && isReload(err) {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := chromedp.MouseClickXY(middle[0], middle[1], chromedp.ButtonModifiers(modifiers...))(ctx, tab); err != nil {
				return err
			}
			// The browser has answered after the page had the events. A new page has no fobClick.
			arrived, err := chromedp.Evaluate[bool](`window.fobClick?.() ?? true`)(ctx, tab)
			if arrived || err != nil && isReload(err) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}

// steady is an expression that scrolls an element into view. It is the middle of the element
// if it can be clicked there, and otherwise null. Its values are a CSS selector and an
// expression for the element e that is evaluated first if it can be clicked.
const steady = `(async () => {
	const e = document.querySelector(%q);
	if (!e?.checkVisibility({ visibilityProperty: true }) || e.matches(":disabled")) return null;
	const own = (other) => other !== null && (e.contains(other) || [...(e.labels ?? [])].some((label) => label.contains(other)));
	const middle = () => {
		const r = e.getClientRects()[0];
		return r ? [r.x + r.width / 2, r.y + r.height / 2] : [-1, -1];
	};
	const open = ([x, y]) => own(document.elementFromPoint(x, y));
	if (!open(middle())) e.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
	const before = middle();
	await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
	const [x, y] = middle();
	if (!e.isConnected || before[0] !== x || before[1] !== y || !open([x, y])) return null;
	// watch lets no event of a click reach another element until the function that it returns
	// is called, which reports whether the click has arrived.
	const watch = () => {
		const end = new AbortController();
		let began = false, arrived = false;
		for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
			window.addEventListener(type, (event) => {
				if (type === "pointerdown") began = own(event.target);
				if (type === "click") arrived ||= began && own(event.target);
				if (!began) {
					event.stopImmediatePropagation();
					event.preventDefault();
				}
			}, { capture: true, signal: end.signal });
		}
		return () => (end.abort(), arrived);
	};
	%s;
	return [x, y];
})()`
