// SPDX-License-Identifier: Apache-2.0

package board

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/procgroup"
)

// Errors to branch on.
var (
	ErrSource = errclass.New(errclass.Usage, "not a checkout of fob")
	ErrTarget = errclass.New(errclass.Usage, "unknown target")
	ErrBudget = errclass.New(errclass.Failed, "the image is larger than its limit in "+targetsFile)
	ErrTools  = errclass.New(errclass.Unsupported, "a tool is missing")
)

const (
	modulePath  = "github.com/d204ef64/fob"
	targetsFile = "testdata/targets.txt"
)

// Root returns the root folder of the fob source tree that contains dir. The error
// wraps ErrSource.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		mod, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
			return at, nil
		}
		if filepath.Dir(at) == at {
			return "", fmt.Errorf("%w: %s: run this command in a checkout of %s", ErrSource, dir, modulePath)
		}
	}
}

// Target is a line of testdata/targets.txt: an image and its size limits.
type Target struct {
	Name     string
	JSON     string // TinyGo's description of the machine
	Main     string // folder of the program
	Tags     string // build tags, separated by commas; "" for none
	MaxFlash int    // bytes
	MaxRAM   int    // bytes
}

// Targets reads the targets of the source tree at root.
func Targets(root string) ([]Target, error) {
	text, err := os.ReadFile(filepath.Join(root, targetsFile))
	if err != nil {
		return nil, err
	}
	var targets []Target
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		f := strings.Fields(lines.Text())
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) != 6 {
			return nil, fmt.Errorf("%s:%d: want 6 fields, got %d", targetsFile, n, len(f))
		}
		t := Target{Name: f[0], JSON: f[1], Main: f[2], Tags: strings.Trim(f[3], "-")}
		if t.MaxFlash, err = strconv.Atoi(f[4]); err == nil {
			t.MaxRAM, err = strconv.Atoi(f[5])
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", targetsFile, n, err)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// TargetByName returns the target with the given name. The error wraps ErrTarget and
// lists the names of all targets.
func TargetByName(root, name string) (Target, error) {
	targets, err := Targets(root)
	if err != nil {
		return Target{}, err
	}
	var names []string
	for _, t := range targets {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Target{}, fmt.Errorf("%w: %q, want one of %s", ErrTarget, name, strings.Join(names, ", "))
}

// Suffix returns the suffix of the target's image files: ".uf2" for a Pico, which can
// be flashed with such files, otherwise ".elf".
func (t Target) Suffix() string {
	if t.pico() {
		return ".uf2"
	}
	return ".elf"
}

func (t Target) pico() bool { return strings.HasPrefix(filepath.Base(t.JSON), "pico") }

// Image is a compiled program.
type Image struct {
	Path  string
	Flash int // bytes of code, constants and initial values
	RAM   int // bytes of stack, data and zeroed data
}

// Build compiles the target of the source tree at root to the file out, and checks the
// size against the target's limits. The file is UF2 if its name ends in .uf2, which
// only a Pico supports; otherwise it is ELF. The output of the tools goes to log. The
// first build on a machine also builds the compiler, which takes minutes. If the image
// is over its limits, Build returns ErrBudget and still writes the file. After any other
// error, out is unchanged.
func (t Target) Build(ctx context.Context, root, out string, log io.Writer) (Image, error) {
	out, err := filepath.Abs(out)
	if err != nil {
		return Image{}, err
	}
	asUF2 := strings.EqualFold(filepath.Ext(out), ".uf2")
	if asUF2 && !t.pico() {
		return Image{}, fmt.Errorf("%w: cannot make a UF2 file for %s: use a file name that ends in .elf", ErrTarget, t.Name)
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return Image{}, err
	}
	dir, err := os.MkdirTemp("", "fob-build-")
	if err != nil {
		return Image{}, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "fob.elf")
	args := []string{"build", "-target=" + t.JSON, "-size=short", "-o", program}
	if t.Tags != "" {
		args = append(args, "-tags", strings.ReplaceAll(t.Tags, ",", " "))
	}
	var sizes bytes.Buffer
	cmd := exec.Command(filepath.Join(root, "tools", "tinygo", "tinygo.sh"), append(args, "./"+t.Main)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &sizes, log
	if err := procgroup.Run(ctx, cmd, procgroup.Options{Grace: 5 * time.Second}); err != nil {
		if ctx.Err() != nil {
			return Image{}, ctx.Err()
		}
		return Image{}, fmt.Errorf("building %s: %w: see the requirements in tools/tinygo/README.md", t.Name, err)
	}
	if err := seal(program); err != nil {
		return Image{}, fmt.Errorf("building %s: inserting the checksum: %w", t.Name, err)
	}
	image := Image{Path: out}
	if image.Flash, image.RAM, err = parseSizes(sizes.String()); err != nil {
		return Image{}, fmt.Errorf("building %s: %w", t.Name, err)
	}
	encode := os.ReadFile
	if asUF2 {
		encode = encodeUF2
	}
	file, err := encode(program)
	if err != nil {
		return Image{}, fmt.Errorf("building %s: %w", t.Name, err)
	}
	if err := atomicfile.OverwriteMode(out, file, 0o644); err != nil {
		return Image{}, fmt.Errorf("writing %s: %w", out, err)
	}
	if image.Flash > t.MaxFlash || image.RAM > t.MaxRAM {
		return image, fmt.Errorf("%w: %s has %d bytes of flash and %d of RAM, want at most %d and %d",
			ErrBudget, t.Name, image.Flash, image.RAM, t.MaxFlash, t.MaxRAM)
	}
	return image, nil
}

// parseSizes parses the output of tinygo build -size=short:
//
//	  code    data     bss |   flash     ram
//	119604    1516   18912 |  121120   20428
func parseSizes(text string) (flash, ram int, err error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	f := strings.Fields(lines[len(lines)-1])
	if len(f) == 6 && f[3] == "|" {
		if flash, err = strconv.Atoi(f[4]); err == nil {
			if ram, err = strconv.Atoi(f[5]); err == nil {
				return flash, ram, nil
			}
		}
	}
	return 0, 0, fmt.Errorf("no sizes in TinyGo's output: %q", text)
}
