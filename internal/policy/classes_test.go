// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"go/ast"
	"go/token"
	"strings"
)

const classless = "the command derives its exit code from the class: declare the error with errclass.New, " +
	"or give its type a method ErrorClass"

// classes checks that each exported error that can reach the command has a class. A
// sentinel variable must come from errclass.New or be another package's sentinel. A
// sentinel constant must have a type with the method ErrorClass. An error type must
// have that method, or Unwrap, which leads to an error with a class.
func (c *checker) classes() {
	reached := chains(c.graph(func(*goFile) bool { return true }), errorReader)
	methods := map[string]map[string]bool{} // of the types "pkg.Name"
	for _, f := range c.files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && !f.test {
				name := f.pkg + "." + typeName(fn.Recv.List[0].Type)
				if methods[name] == nil {
					methods[name] = map[string]bool{}
				}
				if fn.Name.Name != "Error" || isErrorMethod(fn.Type) {
					methods[name][fn.Name.Name] = true
				}
			}
		}
	}
	for _, f := range c.files {
		if f.test || f.deviceOnly || f.ast.Name.Name == "main" || reached[f.pkg] == nil {
			continue
		}
		for _, d := range f.ast.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					has := methods[f.pkg+"."+spec.Name.Name]
					if spec.Name.IsExported() && has["Error"] && !has["ErrorClass"] && !has["Unwrap"] {
						c.report(c.at(spec), classless, "the error type %s has no class", spec.Name.Name)
					}
				case *ast.ValueSpec:
					c.sentinels(f, gen.Tok, spec, methods)
				}
			}
		}
	}
}

// sentinels checks one line of a var or const declaration.
func (c *checker) sentinels(f *goFile, tok token.Token, spec *ast.ValueSpec, methods map[string]map[string]bool) {
	for i, name := range spec.Names {
		if rest, ok := strings.CutPrefix(name.Name, "Err"); !ok || rest == "" || !ast.IsExported(rest) {
			continue
		}
		fine := false
		switch {
		case tok == token.CONST:
			fine = spec.Type != nil && methods[f.pkg+"."+typeName(spec.Type)]["ErrorClass"]
		case i < len(spec.Values):
			fine = c.hasClass(f, spec.Values[i])
		}
		if !fine {
			c.report(c.at(name), classless, "the error %s has no class", name.Name)
		}
	}
}

// hasClass reports whether the value of a sentinel has a class.
func (c *checker) hasClass(f *goFile, value ast.Expr) bool {
	call, isCall := value.(*ast.CallExpr)
	if isCall {
		value = call.Fun
	}
	sel, ok := value.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	found := false
	f.imports(func(spec *ast.ImportSpec, p string) {
		to, ok := c.local(p)
		name := to[strings.LastIndexByte(to, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if !ok || name != x.Name {
			return
		}
		if isCall {
			found = found || to == errorClasses && (sel.Sel.Name == "New" || sel.Sel.Name == "With")
		} else {
			found = found || strings.HasPrefix(sel.Sel.Name, "Err") // it is checked in its own package
		}
	})
	return found
}

// isErrorMethod reports whether a method Error makes its type an error.
func isErrorMethod(fn *ast.FuncType) bool {
	return len(fn.Params.List) == 0 && fn.Results != nil && len(fn.Results.List) == 1 && typeName(fn.Results.List[0].Type) == "string"
}

// typeName returns the name of T or *T.
func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}
