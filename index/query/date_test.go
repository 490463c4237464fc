package query

import (
	"math"
	"testing"
	"time"
)

// TestDates: now is Wednesday 2024-03-13 15:30 +02:00.
func TestDates(t *testing.T) {
	const open = ""
	for _, c := range []struct{ query, from, to string }{ // to is not in it
		{"date:today", "2024-03-13T00:00", "2024-03-14T00:00"},
		{"date:yesterday", "2024-03-12T00:00", "2024-03-13T00:00"},
		{`date:"this week"`, "2024-03-11T00:00", "2024-03-18T00:00"},
		{`date:"last week"`, "2024-03-04T00:00", "2024-03-11T00:00"},
		{"received:last week", "2024-03-04T00:00", "2024-03-11T00:00"},
		{"date:last_month", "2024-02-01T00:00", "2024-03-01T00:00"},
		{"date:lastyear", "2023-01-01T00:00", "2024-01-01T00:00"},
		{"date:monday", "2024-03-11T00:00", "2024-03-12T00:00"},
		{"date:wed", "2024-03-13T00:00", "2024-03-14T00:00"},
		{"date:thursday", "2024-03-07T00:00", "2024-03-08T00:00"},
		{"date:march", "2024-03-01T00:00", "2024-04-01T00:00"},
		{"date:april", "2023-04-01T00:00", "2023-05-01T00:00"},
		{`date:"March 2017"`, "2017-03-01T00:00", "2017-04-01T00:00"},
		{"date:mar-2017", "2017-03-01T00:00", "2017-04-01T00:00"},
		{`date:"1 March 2017"`, "2017-03-01T00:00", "2017-03-02T00:00"},
		{`date:"Mar 1, 2017"`, "2017-03-01T00:00", "2017-03-02T00:00"},
		{"date:2017", "2017-01-01T00:00", "2018-01-01T00:00"},
		{"date:2017-12", "2017-12-01T00:00", "2018-01-01T00:00"},
		{"date:201703", "2017-03-01T00:00", "2017-04-01T00:00"},
		{"date:2017-03-01", "2017-03-01T00:00", "2017-03-02T00:00"},
		{"date:20170301", "2017-03-01T00:00", "2017-03-02T00:00"},
		{"date:2017/3/1", "2017-03-01T00:00", "2017-03-02T00:00"},
		{"date:1.3.2017", "2017-03-01T00:00", "2017-03-02T00:00"},
		{"date:13/4/2017", "2017-04-13T00:00", "2017-04-14T00:00"},
		{"date:4/13/2017", "2017-04-13T00:00", "2017-04-14T00:00"},
		{"date:4/4/2017", "2017-04-04T00:00", "2017-04-05T00:00"},
		{"date:3/2017", "2017-03-01T00:00", "2017-04-01T00:00"},
		{"date:2017-03-01T10:20", "2017-03-01T10:20", "2017-03-01T10:21"},
		{`date:"2017-03-01 10"`, "2017-03-01T10:00", "2017-03-01T11:00"},
		{"date:2017-03-01T08:20Z", "2017-03-01T10:20", "2017-03-01T10:21"},
		{"date:2017-03-01..2017-03-31", "2017-03-01T00:00", "2017-04-01T00:00"},
		{"date:2017..", "2017-01-01T00:00", open},
		{"date:..2017", open, "2018-01-01T00:00"},
		{"date:..", open, open},
		{"date:*", open, open},
		{"date:yesterday..today", "2024-03-12T00:00", "2024-03-14T00:00"},
		{`date:"last week"..today`, "2024-03-04T00:00", "2024-03-14T00:00"},
		{`date:2017.."last week"`, "2017-01-01T00:00", "2024-03-11T00:00"},
		{"date:>2017-03-01", "2017-03-02T00:00", open},
		{"date:>=2017-03-01", "2017-03-01T00:00", open},
		{"date:<2017-03-01", open, "2017-03-01T00:00"},
		{"date:<=2017-03", open, "2017-04-01T00:00"},
		{"date:(last week)", "2024-03-04T00:00", "2024-03-11T00:00"},
		{"date:2d", "2024-03-11T00:00", "2024-03-12T00:00"},
		{"date:2d..", "2024-03-11T15:30", open},
		{"newer_than:2d", "2024-03-11T15:30", open},
		{"newer_than:3w", "2024-02-21T15:30", open},
		{"newer_than:2m", "2024-01-13T15:30", open},
		{"newer_than:12h", "2024-03-13T03:30", open},
		{"newer_than:30min", "2024-03-13T15:00", open},
		{"older_than:1y", open, "2023-03-13T15:30"},
		{"after:2017-03-01", "2017-03-01T00:00", open},
		{"since:2017-03", "2017-03-01T00:00", open},
		{"before:2017-03-01", open, "2017-03-01T00:00"},
		{"until:2017-03", open, "2017-04-01T00:00"},
	} {
		t.Run(c.query, func(t *testing.T) {
			e, err := Parse(c.query, now)
			if err != nil {
				t.Fatal(err)
			}
			want := Range{"date", moment(t, c.from, math.MinInt64), moment(t, c.to, math.MaxInt64)}
			if e != want {
				t.Errorf("got %v, want %v", e, want)
			}
			roundTrip(t, e)
		})
	}
}

func moment(t *testing.T, s string, open int64) int64 {
	if s == "" {
		return open
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", s, now.Location())
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}

func TestDayOfZoneChangeIsWhole(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone data:", err)
	}
	e, err := Parse("date:2024-03-31", time.Date(2024, 5, 1, 0, 0, 0, 0, berlin))
	if err != nil {
		t.Fatal(err)
	}
	if r := e.(Range); r.To-r.From != 23*3600 {
		t.Errorf("got %d hours, want 23", (r.To-r.From)/3600)
	}
}
