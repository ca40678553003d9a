// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
)

// The objects of SARIF 2.1.0 that code scanners read. The comments name the sections of
// the standard.
type (
	sarifLog struct { // 3.13
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct { // 3.14
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct { // 3.18
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct { // 3.19
		Name    string      `json:"name"`
		Version string      `json:"version"`
		URI     string      `json:"informationUri"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct { // 3.49
		ID    string      `json:"id"`
		Short sarifText   `json:"shortDescription"`
		Full  sarifText   `json:"fullDescription"`
		Help  sarifText   `json:"help"`
		URI   string      `json:"helpUri"`
		More  sarifSource `json:"properties"`
	}
	sarifSource struct {
		Level conform.Level `json:"requirementLevel"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct { // 3.27
		Rule        string            `json:"ruleId"`
		Index       int               `json:"ruleIndex"`
		Kind        string            `json:"kind"`
		Level       string            `json:"level"`
		Message     sarifText         `json:"message"`
		Locations   []sarifLocation   `json:"locations"`
		Fingerprint map[string]string `json:"partialFingerprints"`
		// Suppressions are in all results of a run or in none (3.27.23).
		Suppressions *[]sarifSuppression `json:"suppressions,omitempty"`
		More         *sarifHand          `json:"properties,omitempty"`
	}
	sarifSuppression struct { // 3.35
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
	sarifHand struct {
		Actions []string `json:"actions,omitempty"`
		ByHand  []string `json:"byHand,omitempty"`
	}
	sarifLocation struct { // 3.28
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifLogical struct { // 3.33
		Name string `json:"name"`
	}
	sarifPhysical struct { // 3.29
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct { // 3.4
		URI string `json:"uri"`
	}
	sarifRegion struct { // 3.30
		Line int `json:"startLine"`
	}
)

// SARIF writes a report in the Static Analysis Results Interchange Format, 2.1.0, as the
// result of a version of fob. Code scanners show the results in a file, such as the target
// file. Without one, the location is the name of the target. Expected failures are
// suppressed.
func SARIF(w io.Writer, r *conform.Report, file, version string) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "fob conform", Version: version, URI: Repository + "docs/conform.md"}}, Results: []sarifResult{}}
	location := sarifLocation{Logical: []sarifLogical{{r.Target}}}
	if file != "" {
		location = sarifLocation{Physical: &sarifPhysical{sarifArtifact{fileURI(file)}, sarifRegion{1}}}
	}
	compared := slices.ContainsFunc(r.Results, func(c conform.Result) bool { return c.Expected != "" })
	cases := map[string]conform.Case{}
	for _, c := range conform.Known() {
		cases[c.ID] = c
	}
	for i := range r.Results {
		result := &r.Results[i]
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: result.ID, Short: sarifText{result.Requirement}, Full: sarifText{cases[result.ID].Why},
			Help: sarifText{strings.Join(slices.Concat(cases[result.ID].Steps, []string{"Source: " + result.Source}), "\n")}, URI: PageOf(result.ID), More: sarifSource{result.Level},
		})
		s := sarifResult{
			Rule: result.ID, Index: i, Kind: "pass", Level: "none", // 3.27.10: none unless the kind is fail
			Message:     sarifText{result.Requirement + ": " + result.Detail},
			Locations:   []sarifLocation{location},
			Fingerprint: map[string]string{"case/v1": r.Target + " " + result.ID},
		}
		if compared {
			s.Suppressions = &[]sarifSuppression{}
		}
		if isExpected(result) {
			*s.Suppressions = append(*s.Suppressions, sarifSuppression{"external", "accepted", result.Expected})
		}
		if note := expectation(result); note != "" {
			s.Message.Text += " (" + note + ")"
		}
		switch result.Outcome {
		case conform.Fail:
			s.Kind, s.Level = "fail", "warning"
			s.More = &sarifHand{result.Actions, result.ByHand}
			if result.Level == conform.Must {
				s.Level = "error"
			}
		case conform.NotApplicable:
			s.Kind = "notApplicable"
		}
		run.Results = append(run.Results, s)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// fileURI returns a path as a URI: one that is relative to the folder of the code, or one
// with the scheme file.
func fileURI(path string) string {
	u := url.URL{Path: filepath.ToSlash(filepath.Clean(path))}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
