// SPDX-License-Identifier: Apache-2.0

// Package errclass gives errors a class, which suggests a reaction to callers that do
// not recognise the error itself. A package declares each of its sentinel errors with a
// class, and the command turns the class into its exit code. A new error therefore has
// the right exit code without a list of errors in the command.
//
// TinyGo compiles this package, without any imports.
package errclass

// Class is a kind of failure.
type Class uint8

// The classes. Each comment suggests a reaction.
const (
	Failed      Class = iota // something went wrong, or a check failed: read the message
	Usage                    // the input is wrong: change it
	Unreachable              // a device, port or database cannot be reached: try again later
	Refused                  // the other side understood the request but refused it: make a different request
	Unsupported              // this system or device cannot do it: use another
	Mismatch                 // a token holds another seed than it should: set it aside
	Timeout                  // no answer in time: try again
)

var names = [...]string{"failed", "usage", "unreachable", "refused", "unsupported", "mismatch", "timeout"}

// String returns the name of the class in lower case.
func (c Class) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	return "failed"
}

// Classed is an error with a class. Error types implement it; sentinels from [New] do
// already.
type Classed interface {
	error
	ErrorClass() Class
}

type sentinel struct {
	class Class
	text  string
}

func (s *sentinel) Error() string     { return s.text }
func (s *sentinel) ErrorClass() Class { return s.class }

// New returns an error with a class and a text. Like errors.New it returns a distinct
// error for each call.
func New(class Class, text string) error { return &sentinel{class, text} }

type classed struct {
	error
	class Class
}

func (c *classed) Unwrap() error     { return c.error }
func (c *classed) ErrorClass() Class { return c.class }

// With returns err with a class, which overrides any class that err wraps. The text
// stays the same.
func With(class Class, err error) error { return &classed{err, class} }
