// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
)

// patterns is an ordered list of package patterns; see rules_test.go.
type patterns []string

// match reports whether the last pattern that matches name includes it.
func (ps patterns) match(name string) bool {
	in := false
	for _, p := range ps {
		p, out := strings.CutPrefix(p, "!")
		if matchOne(p, name) {
			in = !out
		}
	}
	return in
}

func matchOne(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	// A leading ".../" matches any folders before the rest.
	if rest, ok := strings.CutPrefix(pattern, ".../"); ok {
		for {
			if matchOne(rest, name) {
				return true
			}
			_, tail, found := strings.Cut(name, "/")
			if !found {
				return false
			}
			name = tail
		}
	}
	stem, tree := strings.CutSuffix(pattern, "/...")
	return name == stem || tree && strings.HasPrefix(name, stem+"/")
}

// local converts an import path of this module to the package's folder.
func (t *tree) local(importPath string) (pkg string, ok bool) {
	if importPath == t.module {
		return "", true
	}
	return strings.CutPrefix(importPath, t.module+"/")
}

// graph returns the imports within the module of each package, from the files for which
// use returns true.
func (t *tree) graph(use func(*goFile) bool) map[string][]string {
	edges := map[string][]string{}
	for _, f := range t.files {
		if f.test || !use(f) {
			continue
		}
		if edges[f.pkg] == nil {
			edges[f.pkg] = []string{} // a package without imports must also be in the graph
		}
		f.imports(func(_ *ast.ImportSpec, p string) {
			if to, ok := t.local(p); ok && !slices.Contains(edges[f.pkg], to) {
				edges[f.pkg] = append(edges[f.pkg], to)
			}
		})
	}
	return edges
}

// chains returns the shortest import path to each package that from reaches.
func chains(edges map[string][]string, from string) map[string][]string {
	ways := map[string][]string{from: {from}}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, to := range edges[at] {
			if ways[to] == nil {
				ways[to] = append(slices.Clone(ways[at]), to)
				queue = append(queue, to)
			}
		}
	}
	delete(ways, from)
	return ways
}

// portablePackages returns the portable packages and those that TinyGo compiles with
// them.
func (t *tree) portablePackages() map[string]bool {
	all := map[string]bool{}
	edges := t.graph(func(f *goFile) bool { return !f.hostOnly })
	for _, f := range t.files {
		if !portable.match(f.pkg) || all[f.pkg] {
			continue
		}
		all[f.pkg] = true
		for to := range chains(edges, f.pkg) {
			all[to] = true
		}
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
