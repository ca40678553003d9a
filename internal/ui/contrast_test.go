// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The groups of the palette. Each text is used on each surface, and each edge of a
// control is next to each surface.
var (
	surfaces = []string{"ground", "paper", "sunken", "foot", "field", "good-ground", "bad-ground", "warn-ground", "info-ground"}
	texts    = []string{"ink", "soft", "heading", "link", "good", "bad", "warn"}
	edges    = []string{"field-edge", "warn-edge", "focus", "action", "action-hover", "danger", "danger-hover", "link", "good", "bad"}

	// Further pairs: the first is on the second. Names that begin with "on-" are not
	// listed, because --on-X belongs to --X and --X-hover.
	moreText  = [][2]string{{"brand-soft", "brand"}}
	moreEdges = [][2]string{
		{"brand-edge", "brand"}, {"brand-edge", "brand-hover"}, {"brand-mark", "brand"}, {"brand-mark", "bar"}, {"brand-mark", "bar-hover"},
	}

	// Colours that carry no information: lines between rows, shadows, and the veil
	// behind a dialog.
	decoration = []string{"edge", "shade", "curtain"}
)

// rgb is a colour with parts from 0 to 1.
type rgb [3]float64

// luminance returns the relative luminance.
// (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)
func (c rgb) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast returns the contrast ratio, from 1 to 21.
// (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func parseHex(t *testing.T, s string) rgb {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	require.NoError(t, err, s)
	require.Len(t, s, 7, s)
	return rgb{float64(n>>16) / 255, float64(n>>8&0xff) / 255, float64(n&0xff) / 255}
}

// Values from other places: black and white (WCAG's definition gives 21), and the
// example colours of WebAIM's article on contrast (#777777 on white is 4.48, #757575 is
// 4.61, and pure red is 4.00: https://webaim.org/articles/contrast/).
func TestContrastRatio(t *testing.T) {
	white := parseHex(t, "#ffffff")
	for hex, want := range map[string]float64{"#000000": 21, "#ffffff": 1, "#777777": 4.48, "#757575": 4.61, "#ff0000": 4.00} {
		require.InDelta(t, want, contrast(parseHex(t, hex), white), 0.005, hex)
	}
}

var (
	cssComment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssRule     = regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`)
	cssColor    = regexp.MustCompile(`--([a-z-]+): *(light-dark\([^;]*\)|#[0-9a-f]+);`)
	schemes     = regexp.MustCompile(`^light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)$`)
	literal     = regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(|:\s*(?:white|black|red|green|gr[ae]y|silver)\b`)
	foreground  = regexp.MustCompile(`(?:^|[;\s])color: *var\(--([a-z-]+)\)`)
	background  = regexp.MustCompile(`background: *var\(--([a-z-]+)\)`)
	usedAsColor = regexp.MustCompile(`var\(--([a-z-]+)\)`)
)

// palette is the value of each colour in the light and the dark scheme.
type palette map[string][2]string

// readPalettes returns the palette of each brand, by selector, and the other rules.
func readPalettes(t *testing.T) (palettes map[string]palette, rules [][2]string) {
	t.Helper()
	css, err := staticFiles.ReadFile("static/ui.css")
	require.NoError(t, err)
	palettes = map[string]palette{}
	for _, rule := range cssRule.FindAllStringSubmatch(cssComment.ReplaceAllString(string(css), ""), -1) {
		selector, body := strings.TrimSpace(rule[1]), rule[2]
		colors := cssColor.FindAllStringSubmatch(body, -1)
		if len(colors) == 0 {
			rules = append(rules, [2]string{selector, body})
			continue
		}
		p := palette{}
		if selector != ":root" {
			p = maps.Clone(palettes[":root"])
		}
		for _, c := range colors {
			both := [2]string{c[2], c[2]}
			if m := schemes.FindStringSubmatch(c[2]); m != nil {
				both = [2]string{m[1], m[2]}
			}
			p[c[1]] = both
		}
		palettes[selector] = p
	}
	return palettes, rules
}

// pairs returns the pairs of the palette and the contrast that each must have.
func pairs(p palette) map[[2]string]float64 {
	all := map[[2]string]float64{}
	for _, s := range surfaces {
		for _, e := range edges {
			all[[2]string{e, s}] = 3
		}
		for _, text := range texts {
			all[[2]string{text, s}] = 4.5
		}
	}
	for _, pair := range moreEdges {
		all[pair] = 3
	}
	for _, pair := range moreText {
		all[pair] = 4.5
	}
	for name := range p {
		if on, ok := strings.CutPrefix(name, "on-"); ok {
			all[[2]string{name, on}] = 4.5
			if _, ok := p[on+"-hover"]; ok {
				all[[2]string{name, on + "-hover"}] = 4.5
			}
		}
	}
	return all
}

// Every text can be read on every surface, in both schemes and with each brand.
func TestContrast(t *testing.T) {
	palettes, _ := readPalettes(t)
	require.Equal(t, []string{".brand-graphite", ".brand-teal", ".brand-violet", ":root"}, slices.Sorted(maps.Keys(palettes)))
	for selector, p := range palettes {
		for pair, least := range pairs(p) {
			for scheme, name := range []string{"light", "dark"} {
				require.Contains(t, p, pair[0])
				require.Contains(t, p, pair[1])
				ratio := contrast(parseHex(t, p[pair[0]][scheme]), parseHex(t, p[pair[1]][scheme]))
				require.GreaterOrEqual(t, ratio, least, "%s, %s: --%s on --%s is %.2f", selector, name, pair[0], pair[1], ratio)
			}
		}
	}
}

// The test of the palette covers all colours of the style sheet: each colour is in a
// group, no rule contains a colour of its own, and no rule combines colours that are not
// a pair.
func TestPaletteIsComplete(t *testing.T) {
	palettes, rules := readPalettes(t)
	p := palettes[":root"]
	all := pairs(p)
	used := map[string]bool{}
	for pair := range all {
		used[pair[0]], used[pair[1]] = true, true
	}
	for name := range p {
		require.True(t, used[name] || slices.Contains(decoration, name), "--%s is in no group of the palette", name)
	}
	seen := 0
	named := map[string]bool{}
	for _, rule := range rules {
		require.NotRegexp(t, literal, rule[1], "%s: use a colour of the palette", rule[0])
		for _, m := range usedAsColor.FindAllStringSubmatch(rule[1], -1) {
			named[m[1]] = true
		}
		text, on := foreground.FindStringSubmatch(rule[1]), background.FindStringSubmatch(rule[1])
		if text == nil || on == nil {
			continue
		}
		seen++
		require.GreaterOrEqual(t, all[[2]string{text[1], on[1]}], 4.5, "%s: --%s on --%s is not a pair of the palette", rule[0], text[1], on[1])
	}
	require.Greater(t, seen, 15)
	for name := range p {
		require.True(t, named[name], "no rule uses --%s", name)
	}
}
