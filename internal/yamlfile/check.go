// SPDX-License-Identifier: Apache-2.0

package yamlfile

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// visit is a node that was compared with a type. Aliases make the nodes a graph.
type visit struct {
	node *yaml.Node
	t    reflect.Type
}

// checker compares a file with its form.
type checker struct {
	all      bool // go on after the first mistake
	quiet    bool // quote no value
	ranges   bool // numbers must be in the range of the tags min and max
	seen     map[visit]bool
	mistakes []*Error
	twice    bool // a field is given twice
}

func (c *checker) mistake(n *yaml.Node, format string, args ...any) {
	c.mistakes = append(c.mistakes, &Error{n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// enough reports whether the check can end.
func (c *checker) enough() bool { return len(c.mistakes) > 0 && !c.all }

// check compares a node with a type. name is the field that has the node as its value.
func (c *checker) check(n *yaml.Node, t reflect.Type, name string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if c.seen[visit{n, t}] || empty(n) {
		return
	}
	c.seen[visit{n, t}] = true
	switch {
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		c.fields(n, t, map[string]*yaml.Node{}, false)
		return
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			c.check(item, t.Elem(), name)
		}
		return
	case t.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			c.check(n.Content[i+1], t.Elem(), n.Content[i].Value)
		}
		return
	}
	wrong := fmt.Sprintf("want %s, not %s", wanted(t), c.given(n))
	if scalar(t) && n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || !whole(t)) {
		value := reflect.New(t).Interface()
		err := n.Decode(value)
		if err == nil {
			return
		}
		if _, ok := value.(yaml.Unmarshaler); ok { // the type has rules of its own
			wrong = err.Error()
		}
	}
	if name != "" {
		wrong = name + ": " + wrong
	}
	c.mistake(n, "%s", wrong)
}

func scalar(t reflect.Type) bool {
	return t.Kind() != reflect.Struct && t.Kind() != reflect.Slice && t.Kind() != reflect.Map
}

// whole reports whether a type holds whole numbers. The decoder would cut off a fraction.
func whole(t reflect.Type) bool { return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 }

// fields compares a mapping with a struct. merged is set for a mapping behind <<, whose
// fields may be given again.
func (c *checker) fields(n *yaml.Node, t reflect.Type, before map[string]*yaml.Node, merged bool) {
	known := Fields(t)
	for i := 0; i+1 < len(n.Content) && !c.enough(); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.Tag == "!!merge" {
			c.merge(value, t)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			c.mistake(key, "want the name of a field, not %s", c.given(key))
			continue
		}
		k := slices.IndexFunc(known, func(f reflect.StructField) bool { return fieldName(f) == key.Value })
		if k < 0 {
			c.mistake(key, "%s", unknown(key.Value, t, known))
			continue
		}
		if first := before[key.Value]; first != nil && !merged {
			c.mistake(key, "%s is given twice, first in line %d: keep one", key.Value, first.Line)
			c.twice = true
			continue
		}
		before[key.Value] = key
		c.check(value, known[k].Type, key.Value)
		c.inRange(value, known[k])
	}
}

// inRange checks the number of a field against its tags min and max.
func (c *checker) inRange(n *yaml.Node, f reflect.StructField) {
	low, high := limit(f.Tag.Get("min")), limit(f.Tag.Get("max"))
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	var got float64
	if !c.ranges || low == nil && high == nil || n.Kind != yaml.ScalarNode || empty(n) || n.Decode(&got) != nil {
		return
	}
	switch {
	case low != nil && high != nil && !(*low <= got && got <= *high):
		c.mistake(n, "%s: %s: want %s to %s", fieldName(f), c.given(n), f.Tag.Get("min"), f.Tag.Get("max"))
	case low != nil && !(*low <= got):
		c.mistake(n, "%s: %s: want at least %s", fieldName(f), c.given(n), f.Tag.Get("min"))
	case high != nil && !(got <= *high):
		c.mistake(n, "%s: %s: want at most %s", fieldName(f), c.given(n), f.Tag.Get("max"))
	}
}

// merge checks the value of <<: an alias of a mapping, or a list of them.
func (c *checker) merge(n *yaml.Node, t reflect.Type) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, m := range list {
		at := m
		if m.Kind == yaml.AliasNode {
			m = m.Alias
		}
		if m.Kind != yaml.MappingNode {
			c.mistake(at, "<<: want the alias of fields, such as *name, not %s", c.given(m))
			continue
		}
		if c.seen[visit{m, t}] {
			continue
		}
		c.seen[visit{m, t}] = true
		c.fields(m, t, map[string]*yaml.Node{}, true)
	}
}

// Fields returns the fields of a struct in YAML, in order, with the fields of inlined
// structs. The tag "name" of an inlined struct replaces the description of its field name.
func Fields(t reflect.Type) []reflect.StructField {
	var list []reflect.StructField
	for f := range t.Fields() {
		name, inline := strings.CutSuffix(f.Tag.Get("yaml"), ",inline")
		switch {
		case inline:
			for _, inner := range Fields(f.Type) {
				if doc := f.Tag.Get("name"); doc != "" && fieldName(inner) == "name" {
					inner.Tag = reflect.StructTag(`yaml:"name" doc:` + strconv.Quote(doc))
				}
				list = append(list, inner)
			}
		case name != "-" && (f.IsExported() || name != ""):
			list = append(list, f)
		}
	}
	return list
}

func fieldName(f reflect.StructField) string { return f.Tag.Get("yaml") }

// unknown describes a field that a struct lacks. The struct may have a method FieldsAre
// that returns another word for its fields.
func unknown(name string, t reflect.Type, known []reflect.StructField) string {
	word := "field"
	if w, ok := reflect.New(t).Interface().(interface{ FieldsAre() string }); ok {
		word = w.FieldsAre()
	}
	var names []string
	near, best := "", 3
	for _, f := range known {
		names = append(names, fieldName(f))
		if d := distance(name, fieldName(f)); d < best && d <= len(name)/2 {
			near, best = fieldName(f), d
		}
	}
	list := fmt.Sprintf("%ss are %s", word, strings.Join(names, ", "))
	switch {
	case len(names) == 0:
		return fmt.Sprintf("unknown %s %s: there are none here", word, name)
	case near != "":
		return fmt.Sprintf("unknown %s %s: did you mean %s? The %s", word, name, near, list)
	}
	return fmt.Sprintf("unknown %s %s: the %s", word, name, list)
}

// distance returns how many characters have to be changed, added or removed to turn one
// text into the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost = 1 + min(corner, row[j], row[j+1])
			}
			corner, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// wanted describes a type.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64, reflect.Float32:
		return "a number"
	case reflect.Slice:
		return "a list, such as [a, b]"
	case reflect.Struct:
		var names []string
		for _, f := range Fields(t) {
			names = append(names, fieldName(f))
		}
		return "the fields " + strings.Join(names, ", ")
	case reflect.Map:
		return "names with values, such as {a: b}"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that is not negative"
	default:
		return "a whole number"
	}
}

// given describes a node.
func (c *checker) given(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "fields"
	case c.quiet && n.Tag == "!!str":
		return "a text"
	case c.quiet && n.Tag != "!!null":
		return "this value"
	case n.Tag == "!!str":
		return fmt.Sprintf("the text %q", n.Value)
	case n.Tag == "!!null":
		return "nothing"
	default:
		return n.Value
	}
}
