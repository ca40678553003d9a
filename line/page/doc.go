// SPDX-License-Identifier: Apache-2.0

// Package page is the web page of a provisioning line: the operator's page with a tile for
// each port, the supervisor's view of all stations, and the HTTP API for programs under /v1.
//
//	s := page.NewStation(view, station.LabelTaken)
//	h := page.New(page.Options{Key: key, Stations: []*page.Station{s}})
//
// Pages show nothing of a station until the browser has a live connection to it, and hide
// it when the connection is lost: a result that is shown is always a current one.
package page
