// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"encoding/json"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// TraceEvent is an event in Chromium's trace.
type TraceEvent struct {
	Name string  `json:"name"`
	Work float64 `json:"tdur"` // time of the processor in microseconds
}

// Trace returns the events of some of Chromium's trace categories while a function runs.
func (b *Tab) Trace(categories []string, during func()) (events []TraceEvent) {
	b.T.Helper()
	done := make(chan struct{})
	ended := false
	b.check(chromedp.Listen(b.ctx, func(event any) {
		if ended {
			return
		}
		switch e := event.(type) {
		case *tracing.EventDataCollected:
			for _, text := range e.Value {
				var one TraceEvent
				if json.Unmarshal(text, &one) == nil {
					events = append(events, one)
				}
			}
		case *tracing.EventTracingComplete:
			ended = true
			close(done)
		}
	}))
	_, err := chromedp.Call(b.ctx, tracing.Start, tracing.StartParams{
		TraceConfig: &tracing.TraceConfig{IncludedCategories: categories, ExcludedCategories: []string{"*"}},
	})
	b.check(err)
	during()
	_, err = chromedp.Call(b.ctx, tracing.End, cdp.Empty{})
	b.check(err)
	select {
	case <-done:
	case <-b.ctx.Done():
		b.T.Fatal("Chromium has not ended its trace")
	}
	return events
}

// Memory returns the memory of the page's script in bytes, and the number of its DOM
// nodes, after the garbage has been collected.
func (b *Tab) Memory() (bytes float64, nodes int64) {
	b.T.Helper()
	for range 2 { // finalizers of the first make more garbage
		_, err := chromedp.Call(b.ctx, heapprofiler.CollectGarbage, cdp.Empty{})
		b.check(err)
	}
	heap, err := chromedp.Call(b.ctx, runtime.GetHeapUsage, cdp.Empty{})
	b.check(err)
	dom, err := chromedp.Call(b.ctx, memory.GetDOMCounters, cdp.Empty{})
	b.check(err)
	return heap.UsedSize, dom.Nodes
}
