// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// offersKey is the key of an operation's metadata for the media types of its answers,
// the default first. An operation with one media type does not need it.
const offersKey = "offers"

// chosenKey is the context key of the media type that was chosen for an answer.
type chosenKey struct{}

// chosen returns the media type that was chosen for the answer, "" for the default.
func chosen(ctx context.Context) string {
	kind, _ := ctx.Value(chosenKey{}).(string)
	return kind
}

// negotiated chooses the media type of an answer. It refuses a request if the client
// accepts none, before the request has an effect.
func (s *server) negotiated(ctx huma.Context, next func(huma.Context)) {
	offers := s.offers[ctx.Operation().OperationID]
	accept := ctx.Header("Accept")
	if len(offers) == 0 || accept == "" || accept == "*/*" || accept == offers[0] {
		next(ctx) // the answer has no body, or the client accepts the default
		return
	}
	request, _ := humago.Unwrap(ctx)
	kind := choose(strings.Join(request.Header.Values("Accept"), ","), offers)
	if kind == "" {
		respond(ctx, newProblem(http.StatusNotAcceptable, "not_acceptable",
			"the answer comes as "+strings.Join(offers, ", ")+", and the client accepts none of these"))
		return
	}
	next(huma.WithValue(ctx, chosenKey{}, kind))
}

// respond answers with a problem.
func respond(ctx huma.Context, p *problem) {
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	_ = json.NewEncoder(ctx.BodyWriter()).Encode(p)
}

// offersOf returns the media types of an operation's answers, the default first.
func offersOf(op *huma.Operation) []string {
	if offers, ok := op.Metadata[offersKey].([]string); ok {
		return offers
	}
	for status, r := range op.Responses {
		if status[0] == '2' {
			for kind := range r.Content {
				return []string{kind}
			}
		}
	}
	return nil
}

// choose returns the offer that a client prefers (RFC 9110, section 12.5.1), or "" if it
// accepts none. Of offers with the same weight, it is the one that the header names
// first. A client without the header accepts everything.
func choose(accept string, offers []string) string {
	if accept = strings.TrimSpace(accept); accept == "" {
		return offers[0]
	}
	best, weight, place := "", 0.0, 0
	for _, offer := range offers {
		if q, at := weigh(accept, offer); q > weight || best != "" && q == weight && at < place {
			best, weight, place = offer, q, at
		}
	}
	return best
}

// weigh returns the weight of a media type in an Accept header, and the position of the
// media range that gives it, which is the most specific.
func weigh(accept, kind string) (q float64, at int) {
	base, _, _ := strings.Cut(kind, ";")
	family, _, _ := strings.Cut(base, "/")
	specific := 0
	i := 0
	for element := range strings.SplitSeq(accept, ",") {
		i++
		name, parameters, _ := strings.Cut(element, ";")
		name = strings.TrimSpace(name)
		how := 0
		switch {
		case strings.EqualFold(name, base):
			how = 3
		case strings.EqualFold(name, family+"/*"):
			how = 2
		case name == "*/*":
			how = 1
		}
		if how > specific {
			specific, q, at = how, weightOf(parameters), i
		}
	}
	return q, at
}

// weightOf returns the weight in the parameters of a media range, 1 if there is none.
func weightOf(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) { // not a number either
				return 1
			}
			return q
		}
	}
	return 1
}
