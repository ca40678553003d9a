// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Call sends a command of the developer tools to the tab.
func Call[P, R any](b *Tab, command cdp.Command[P, R], parameters P) R {
	b.T.Helper()
	r, err := chromedp.Call(b.ctx, command, parameters)
	b.check(err)
	return r
}

// OnEachPage runs a script at the beginning of each page that the tab opens from now on.
func (b *Tab) OnEachPage(script string) {
	b.T.Helper()
	Call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// Show brings the tab to the front. Behind another one, Chromium does not draw it.
func (b *Tab) Show() {
	b.T.Helper()
	Call(b, page.BringToFront, cdp.Empty{})
}

// Middle returns the middle of an element in the window, when the element can be clicked.
func (b *Tab) Middle(at string) (x, y float64) {
	b.T.Helper()
	p := Result(b, chromedp.Poll[[]float64](fmt.Sprintf(steady, at, "0"), chromedp.WithPollingTimeout(0)))
	return p[0], p[1]
}

// MouseDown moves the mouse to the middle of an element and presses its left button.
func (b *Tab) MouseDown(at string) {
	b.T.Helper()
	x, y := b.Middle(at)
	Call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseMoved", X: x, Y: y})
	Call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mousePressed", X: x, Y: y, Button: "left", Buttons: 1, ClickCount: 1})
}

// MouseUp releases the left button where the mouse is on an element.
func (b *Tab) MouseUp(at string) {
	b.T.Helper()
	x, y := b.Middle(at)
	Call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseReleased", X: x, Y: y, Button: "left", ClickCount: 1})
}

// MouseAway moves the mouse to the corner of the window, with its button as it is.
func (b *Tab) MouseAway() {
	b.T.Helper()
	Call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: "mouseMoved", X: 1, Y: 1, Buttons: 1})
}

// Touch puts a finger on the middle of an element.
func (b *Tab) Touch(at string) {
	b.T.Helper()
	x, y := b.Middle(at)
	Call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchStart", TouchPoints: []*input.TouchPoint{{X: x, Y: y}}})
}

// TouchMove moves the finger to a place in the window.
func (b *Tab) TouchMove(x, y float64) {
	b.T.Helper()
	Call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchMove", TouchPoints: []*input.TouchPoint{{X: x, Y: y}}})
}

// TouchEnd lifts the finger.
func (b *Tab) TouchEnd() {
	b.T.Helper()
	Call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchEnd", TouchPoints: []*input.TouchPoint{}})
}

// Key presses keys one after another and releases them. As with a keyboard, a page that handles a
// key itself keeps it from typing its text. chromedp.KeyEvent types it all the same.
func (b *Tab) Key(keys string, modifiers ...chromedp.Modifier) {
	b.T.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		down, up := *events[0], *events[len(events)-1]
		for _, m := range modifiers {
			down.Modifiers |= int64(m)
			up.Modifiers |= int64(m)
		}
		if len(events) == 3 && down.Modifiers&^int64(chromedp.ModifierShift) == 0 {
			down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
		}
		Call(b, input.DispatchKeyEvent, down)
		Call(b, input.DispatchKeyEvent, up)
	}
}

// SpaceDown presses the space bar, and SpaceUp releases it.
func (b *Tab) SpaceDown() {
	b.T.Helper()
	Call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: " ", Code: "Space", Text: " ", WindowsVirtualKeyCode: 32})
}

// SpaceUp releases the space bar.
func (b *Tab) SpaceUp() {
	b.T.Helper()
	Call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyUp", Key: " ", Code: "Space", WindowsVirtualKeyCode: 32})
}
