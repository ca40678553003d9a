// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

const spdx = "// SPDX-License-Identifier: Apache-2.0"

// A violation is a place where the tree breaks a rule.
type violation struct {
	where   string // file:line, or a package
	what    string
	because string
}

func (v violation) String() string {
	return v.where + ": " + v.what + "\n\tbecause: " + v.because
}

// check applies all rules to the tree.
func (t *tree) check() []violation {
	c := checker{tree: t}
	c.licences()
	c.directions()
	c.fences()
	c.bans()
	c.hostNames()
	c.libraries()
	c.channels()
	c.determinism()
	c.portables()
	c.boardTags()
	c.classes()
	return c.found
}

type checker struct {
	*tree
	found []violation
}

func (c *checker) report(where, because, format string, args ...any) {
	c.found = append(c.found, violation{where, fmt.Sprintf(format, args...), because})
}

// at returns the file and line of a node, in the format of compilers.
func (c *checker) at(n ast.Node) string {
	p := c.fset.Position(n.Pos())
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

func (c *checker) licences() {
	const because = "a file that is copied elsewhere must name its licence"
	for _, f := range c.files {
		line, _, _ := bytes.Cut(f.src, []byte("\n"))
		// Generators write their own first line.
		if string(line) != spdx && !ast.IsGenerated(f.ast) {
			c.report(f.name+":1", because, "the first line must be %q", spdx)
		}
	}
	for name, src := range c.shells {
		lines := bufio.NewScanner(bytes.NewReader(src))
		lines.Scan() // #!
		if lines.Scan(); lines.Text() != "#"+strings.TrimPrefix(spdx, "//") {
			c.report(name+":2", because, "the second line must be the SPDX line")
		}
	}
}

func (c *checker) directions() {
	edges := c.graph(func(f *goFile) bool { return true })
	for _, from := range sortedKeys(edges) {
		ways := chains(edges, from)
		for _, rule := range directions {
			if !rule.who.match(from) {
				continue
			}
			for _, to := range sortedKeys(ways) {
				if rule.only != nil && !rule.only.match(to) || rule.never.match(to) {
					c.report(from, rule.because, "must not import %s (%s)", to, strings.Join(ways[to], " → "))
				}
			}
		}
	}
	for _, f := range c.files { // in test files, only the last direction applies
		f.imports(func(spec *ast.ImportSpec, p string) {
			to, ok := c.local(p)
			if last := directions[len(directions)-1]; ok && f.test && last.who.match(f.pkg) && last.never.match(to) {
				c.report(c.at(spec), last.because, "must not import %s", to)
			}
		})
	}
}

func (c *checker) fences() {
	for _, f := range c.files {
		if f.test {
			continue
		}
		f.imports(func(spec *ast.ImportSpec, p string) {
			for _, rule := range fences {
				if rule.pkgs.match(p) && !rule.in.match(f.pkg) {
					c.report(c.at(spec), rule.because, "import of %s outside %s", p, strings.Join(rule.in, ", "))
				}
			}
		})
	}
}

func (c *checker) bans() {
	for _, f := range c.files {
		if f.test {
			continue
		}
		f.imports(func(spec *ast.ImportSpec, p string) {
			for _, rule := range bans {
				if rule.pkgs.match(p) {
					c.report(c.at(spec), rule.because, "import of %s", p)
				}
			}
		})
	}
}

// hostNames checks that the names of files in portable packages match their build tags.
func (c *checker) hostNames() {
	for _, f := range c.files {
		if f.test || !portable.match(f.pkg) || boards.match(f.pkg) {
			continue
		}
		if f.hostOnly != strings.HasSuffix(f.name, "_host.go") {
			c.report(f.name, "the name shows readers which files run on a microcontroller",
				"the tag !tinygo and a name that ends in _host.go belong together")
		}
	}
}

// idle returns the patterns of the rules that match nothing in the tree. A rule about a
// package that was renamed or removed would always pass and check nothing.
func (t *tree) idle() []string {
	var found []string
	pkgs := map[string]bool{}
	imported := map[string]map[string]bool{} // import path → the packages that import it
	for _, f := range t.files {
		pkgs[f.pkg] = true
		f.imports(func(_ *ast.ImportSpec, p string) {
			if imported[p] == nil {
				imported[p] = map[string]bool{}
			}
			imported[p][f.pkg] = true
		})
	}
	someMatch := func(ps patterns, use func(pattern string) bool, rule string) {
		for _, p := range ps {
			if !use(strings.TrimPrefix(p, "!")) {
				found = append(found, fmt.Sprintf("%s: pattern %q matches nothing", rule, p))
			}
		}
	}
	isPackage := func(pattern string) bool {
		return pattern == "..." || slices.ContainsFunc(sortedKeys(pkgs), func(pkg string) bool { return matchOne(pattern, pkg) })
	}
	someMatch(portable, isPackage, "portable")
	someMatch(boards, isPackage, "boards")
	someMatch(patterns{errorClasses, errorReader}, isPackage, "classes of errors")
	someMatch(channels, isPackage, "channels")
	someMatch(deterministic, isPackage, "deterministic packages")
	rules := t.functions(rulesOfBank)
	someMatch(channelCalls, func(name string) bool { return slices.Contains(rules, name) }, "functions of "+rulesOfBank+" for channels")
	for _, d := range directions {
		rule := "direction of " + strings.Join(d.who, ", ")
		someMatch(d.who, isPackage, rule)
		someMatch(d.only, isPackage, rule)
		someMatch(d.never, isPackage, rule)
	}
	for _, f := range fences {
		rule := "fence around " + strings.Join(f.pkgs, ", ")
		someMatch(f.in, isPackage, rule)
		someMatch(f.pkgs, func(pattern string) bool {
			for path, by := range imported {
				if matchOne(pattern, path) && slices.ContainsFunc(sortedKeys(by), f.in.match) {
					return true
				}
			}
			return false
		}, rule)
	}
	return found
}

// libraries looks for calls that libraries must not make.
func (c *checker) libraries() {
	for _, f := range c.files {
		helper := strings.HasSuffix(f.pkg, "test") || strings.HasPrefix(path.Base(f.pkg), "test")
		if f.test || helper || f.ast.Name.Name == "main" || matchOne("cmd/...", f.pkg) {
			continue
		}
		c.calls(f, libraryCalls)
	}
}

// channels looks for interfaces of the bank that call its rules themselves.
func (c *checker) channels() {
	rules := slices.DeleteFunc(c.functions(rulesOfBank), func(name string) bool { return slices.Contains(channelCalls, name) })
	for _, f := range c.files {
		if !f.test && channels.match(f.pkg) {
			c.calls(f, []bannedCall{{c.module + "/" + rulesOfBank, rules, channelBecause}})
		}
	}
}

// determinism looks for functions whose results differ between architectures.
func (c *checker) determinism() {
	for _, f := range c.files {
		if !f.test && deterministic.match(f.pkg) {
			c.calls(f, inexactCalls)
		}
	}
}

// functions returns the names of the exported functions of a package.
func (t *tree) functions(pkg string) (names []string) {
	for _, f := range t.files {
		if f.pkg != pkg || f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.IsExported() {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// calls looks for uses of the banned names, whether they are called or not.
func (c *checker) calls(f *goFile, banned []bannedCall) {
	names := map[string]string{} // as written in the file → import path
	f.imports(func(spec *ast.ImportSpec, p string) {
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
		for _, ban := range banned {
			if name == "." && p == ban.pkg {
				c.report(c.at(spec), "it hides which functions are called", "dot import of %s", p)
			}
		}
	})
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok {
			for _, ban := range banned {
				if names[x.Name] == ban.pkg && slices.Contains(ban.names, sel.Sel.Name) {
					c.report(c.at(sel), ban.because, "%s.%s", ban.pkg, sel.Sel.Name)
				}
			}
		}
		return true
	})
}

func (c *checker) portables() {
	pkgs := c.portablePackages()
	for _, f := range c.files {
		if f.test || !pkgs[f.pkg] {
			continue
		}
		if !f.hostOnly {
			c.portableImports(f)
		}
		c.calls(f, portableCalls)
		ast.Inspect(f.ast, func(n ast.Node) bool {
			const because = "the core polls: a microcontroller has one thread, and no scheduler is compiled in"
			switch n := n.(type) {
			case *ast.GoStmt:
				c.report(c.at(n), because, "go statement")
			case *ast.ChanType:
				c.report(c.at(n), because, "channel type")
			case *ast.SelectStmt:
				c.report(c.at(n), because, "select statement")
			}
			return true
		})
	}
}

func (c *checker) portableImports(f *goFile) {
	f.imports(func(spec *ast.ImportSpec, p string) {
		if _, ok := c.local(p); ok {
			return // the directions cover these
		}
		if portableImports.match(p) || boards.match(f.pkg) && boardImports.match(p) {
			return
		}
		because := importReasons[p]
		switch {
		case because != "":
		case strings.Contains(strings.Split(p, "/")[0], "."):
			because = "TinyGo builds use tinygo.mod, which requires only the boards' drivers"
		default:
			because = "it is not in the list of packages that are small and work under TinyGo"
		}
		c.report(c.at(spec), because, "a portable package imports %s", p)
	})
}

// boardTags checks that the programs of the boards have the tag tinygo.
func (c *checker) boardTags() {
	for _, f := range c.files {
		if boards.match(f.pkg) && !f.test && f.ast.Name.Name == "main" && !f.deviceOnly {
			c.report(f.name, "only TinyGo has the packages for the hardware, and `go build ./...` must also pass",
				"a board's program without //go:build tinygo")
		}
	}
}
