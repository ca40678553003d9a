// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
)

//go:embed presets
var presets embed.FS

// ErrPreset is returned for an unknown preset.
var ErrPreset = errclass.New(errclass.Usage, "unknown preset")

// sameAPI are servers with the interface of another one, whose preset they share.
var sameAPI = map[string]string{"openbao": "vault"}

// Presets returns the names of the presets.
func Presets() (names []string) {
	list, err := presets.ReadDir("presets")
	if err != nil {
		panic(err) // the folder is in the program
	}
	for _, f := range list {
		if name, ok := strings.CutSuffix(f.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	names = slices.AppendSeq(names, maps.Keys(sameAPI))
	slices.Sort(names)
	return names
}

// Preset returns the target file of a preset. The error wraps [ErrPreset].
func Preset(name string) ([]byte, error) {
	file, same := sameAPI[name]
	if !same {
		file = name
	}
	text, err := presets.ReadFile("presets/" + file + ".yaml")
	if same {
		text = bytes.Replace(text, []byte("\nname: "+file+"\n"), []byte("\nname: "+name+"\n"), 1)
	}
	if err != nil {
		return nil, fmt.Errorf("preset %q: %w: want one of %s", name, ErrPreset, strings.Join(Presets(), ", "))
	}
	return text, nil
}

// PresetFile returns a file that a preset names in a field from, for [Options].
func PresetFile(name string) ([]byte, error) { return presets.ReadFile("presets/" + name) }
