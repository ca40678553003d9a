// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A goFile is one parsed Go file.
type goFile struct {
	name       string // path below the root
	pkg        string // folder below the root, "" for the root
	src        []byte
	ast        *ast.File
	test       bool
	hostOnly   bool // TinyGo never compiles it
	deviceOnly bool // the go command never compiles it
}

// A tree is all the Go and shell source of a module.
type tree struct {
	module string
	fset   *token.FileSet
	files  []*goFile
	shells map[string][]byte
}

// load reads the module at the root of fsys. Like "./..." of the go command it skips
// testdata, folders that begin with a dot or an underscore, and modules inside the
// module.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), shells: map[string][]byte{}}
	gomod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("finding the module: %w", err)
	}
	for line := range strings.Lines(string(gomod)) {
		if rest, ok := strings.CutPrefix(line, "module "); ok {
			t.module = strings.TrimSpace(rest)
		}
	}
	if t.module == "" {
		return nil, errors.New("go.mod has no module line")
	}

	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return t.enter(fsys, name)
		}
		switch path.Ext(name) {
		case ".go":
			return t.add(fsys, name)
		case ".sh":
			t.shells[name], err = fs.ReadFile(fsys, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(t.files) == 0 {
		return nil, errors.New("no Go files: the checker may be in the wrong folder")
	}
	return t, nil
}

func (t *tree) enter(fsys fs.FS, name string) error {
	if name == "." {
		return nil
	}
	base := path.Base(name)
	if base == "testdata" || base == "vendor" || base == "node_modules" || base[0] == '.' || base[0] == '_' {
		return fs.SkipDir
	}
	if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (t *tree) add(fsys fs.FS, name string) error {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := &goFile{name: name, src: src, ast: parsed, test: strings.HasSuffix(name, "_test.go")}
	if dir := path.Dir(name); dir != "." {
		f.pkg = dir
	}
	f.hostOnly = !buildable(parsed, true)
	f.deviceOnly = !buildable(parsed, false)
	t.files = append(t.files, f)
	return nil
}

// buildable reports whether some choice of build tags, with the given value of the tag
// tinygo, includes the file.
func buildable(f *ast.File, tinygo bool) bool {
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			if !constraint.IsGoBuild(c.Text) {
				continue
			}
			if expr, err := constraint.Parse(c.Text); err == nil {
				return satisfiable(expr, tinygo)
			}
		}
	}
	return true
}

func satisfiable(expr constraint.Expr, tinygo bool) bool {
	var tags []string
	collectTags(expr, &tags)
	for choice := range 1 << len(tags) {
		if expr.Eval(func(tag string) bool {
			if tag == "tinygo" {
				return tinygo
			}
			return choice&(1<<slices.Index(tags, tag)) != 0
		}) {
			return true
		}
	}
	return false
}

func collectTags(expr constraint.Expr, tags *[]string) {
	switch e := expr.(type) {
	case *constraint.AndExpr:
		collectTags(e.X, tags)
		collectTags(e.Y, tags)
	case *constraint.OrExpr:
		collectTags(e.X, tags)
		collectTags(e.Y, tags)
	case *constraint.NotExpr:
		collectTags(e.X, tags)
	case *constraint.TagExpr:
		if e.Tag != "tinygo" && !slices.Contains(*tags, e.Tag) {
			*tags = append(*tags, e.Tag)
		}
	}
}

// imports calls yield with each import of f.
func (f *goFile) imports(yield func(spec *ast.ImportSpec, path string)) {
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			yield(spec, p)
		}
	}
}
