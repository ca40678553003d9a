// SPDX-License-Identifier: Apache-2.0

package uitest

import "github.com/chromedp/chromedp"

// Faint returns the text and the controls of the page that have too little contrast.
func (b *Tab) Faint() []string {
	b.T.Helper()
	return Result(b, chromedp.Evaluate[[]string](faintElements))
}

// faintElements is an expression that lists text and controls with too little contrast.
// It computes the contrast as WCAG 2.2 defines it (relative luminance) from the colours
// that the browser has computed: at least 4.5 for text, 3 for large text (24 px, or
// 18.66 px and bold) and 3 for the edges of fields and buttons.
const faintElements = `(() => {
	const parse = (text) => {
		const [r, g, b, a] = text.match(/[\d.]+/g).map(Number);
		return { r, g, b, a: a ?? 1 };
	};
	const over = (top, below) => ({
		r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1,
	});
	const background = (element) => {
		if (!element) return { r: 255, g: 255, b: 255, a: 1 };
		const own = parse(getComputedStyle(element).backgroundColor);
		return own.a === 1 ? own : over(own, background(element.parentElement));
	};
	const luminance = (c) => {
		const [r, g, b] = [c.r, c.g, c.b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = (a, b) => {
		const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
		return (high + 0.05) / (low + 0.05);
	};
	const found = new Set();
	let checked = 0;
	const require = (element, what, color, below, least) => {
		const ratio = contrast(over(color, below), below);
		checked++;
		if (ratio < least) found.add(what + " in " + element.tagName + "." + element.className + ": " + ratio.toFixed(2));
	};
	const requireText = (element, text) => {
		const style = getComputedStyle(element);
		const size = parseFloat(style.fontSize);
		const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
		require(element, text.trim().slice(0, 30), parse(style.color), background(element), large ? 3 : 4.5);
	};
	const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible" && !element.closest(":disabled");
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node; (node = walker.nextNode());) {
		if (node.nodeValue.trim() !== "" && shown(node.parentElement)) requireText(node.parentElement, node.nodeValue);
	}
	for (const element of document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=file]), select, textarea, button, .button")) {
		if (!shown(element) || element.matches(".unseen")) continue;
		if (element.value) requireText(element, element.value);
		if (element.readOnly) continue;
		const style = getComputedStyle(element);
		if (parseFloat(style.borderTopWidth) === 0 && parse(style.backgroundColor).a === 0) continue; // its content shows the control
		const around = background(element.parentElement);
		const edge = parse(style.borderTopColor), fill = background(element);
		if (contrast(fill, around) < 3) require(element, "edge", edge, around, 3);
	}
	if (checked === 0) found.add("nothing was checked");
	return [...found];
})()`
