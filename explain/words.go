package explain

import (
	"fmt"
	"time"
)

// InWords gives a duration as people say it: "9 s", "4 h 0 min", "3 days".
// The sign does not count.
func InWords(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// offBy says how far a clock is off.
func offBy(d time.Duration) string {
	if d < 0 {
		return InWords(d) + " behind"
	}
	return InWords(d) + " ahead"
}
