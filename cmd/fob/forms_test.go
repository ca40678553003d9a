// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// issueForm has the keys of the issue forms that we use, from GitHub's "Syntax for
// issue forms" and "Syntax for GitHub's form schema". GitHub hides an invalid form
// without a message.
type issueForm struct {
	Name        string
	Description string
	Labels      []string
	Body        []struct {
		Type       string
		ID         string
		Attributes struct {
			Label       string
			Description string
			Placeholder string
			Value       string
			Render      string
			Options     []any
		}
		Validations struct{ Required bool }
	}
}

// TestIssueForms checks the issue forms against the rules of GitHub's form schema.
func TestIssueForms(t *testing.T) {
	forms, err := filepath.Glob("../../.github/ISSUE_TEMPLATE/*.yml")
	require.NoError(t, err)
	require.Len(t, forms, 4)
	for _, path := range forms {
		if filepath.Base(path) == "config.yml" {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			var form issueForm
			decoder := yaml.NewDecoder(bytes.NewReader(b))
			decoder.KnownFields(true)
			require.NoError(t, decoder.Decode(&form))
			require.NotEmpty(t, form.Name)
			require.NotEmpty(t, form.Description)
			ids := map[string]bool{}
			inputs := 0
			for _, e := range form.Body {
				require.Contains(t, []string{"markdown", "textarea", "input", "dropdown", "checkboxes"}, e.Type)
				if e.Type == "markdown" {
					require.NotEmpty(t, e.Attributes.Value)
					continue
				}
				inputs++
				require.Regexp(t, `^[A-Za-z0-9_-]+$`, e.ID)
				require.False(t, ids[e.ID], "%s is used twice", e.ID)
				ids[e.ID] = true
				require.NotEmpty(t, e.Attributes.Label)
				require.Equal(t, e.Type == "dropdown" || e.Type == "checkboxes", len(e.Attributes.Options) > 0, "%s", e.ID)
				require.True(t, e.Attributes.Render == "" || e.Type == "textarea", "%s", e.ID)
			}
			require.NotZero(t, inputs)
		})
	}
}
