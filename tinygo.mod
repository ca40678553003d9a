// The module as TinyGo sees it. TinyGo 0.39 refuses a go.mod that says 1.26, and
// the packages it compiles use the standard library only, but for the drivers of
// the boards: hence an older language version and one requirement, at the same
// version as in go.mod. Used by tools/tinygo/setup.sh through
// GOFLAGS=-modfile=…/tinygo.mod; it can go when TinyGo accepts go.mod itself.
module github.com/d204ef64/fob

go 1.25

require tinygo.org/x/drivers v0.37.0
