// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"io"
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
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
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
		More        *sarifHand        `json:"properties,omitempty"`
	}
	sarifHand struct {
		Actions []string `json:"actions,omitempty"`
		ByHand  []string `json:"byHand,omitempty"`
	}
	sarifLocation struct { // 3.28
		Physical sarifPhysical `json:"physicalLocation"`
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

// SARIF writes a report in the Static Analysis Results Interchange Format, 2.1.0. file is
// the target file, in which code scanners show the results.
func SARIF(w io.Writer, r *conform.Report, file string) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "fob conform"}}, Results: []sarifResult{}}
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
			Locations:   []sarifLocation{{sarifPhysical{sarifArtifact{filepath.ToSlash(file)}, sarifRegion{1}}}},
			Fingerprint: map[string]string{"case/v1": r.Target + " " + result.ID},
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
