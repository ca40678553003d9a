// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Tests click and type with Press, Click and Fill. chromedp.Click clicks a place from which
// the page may have moved the element. chromedp.SendKeys reads the attributes of a node while
// events of the browser change them, which the race detector reports.
func TestPressAndFillAreUsed(t *testing.T) {
	avoided := regexp.MustCompile(`chromedp\.(Click|Clear|SendKeys|MouseClickXY)\(`)
	root := filepath.Join("..", "..", "..")
	files := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "internal/ui/uitest") {
			files++
			require.Empty(t, avoided.FindAllString(string(text), -1), path)
		}
		return err
	}))
	require.Greater(t, files, 10, "files that use this package")
}
