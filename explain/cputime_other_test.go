//go:build !unix

package explain

import "time"

var processStart = time.Now()

// processorTime is the time on the clock where the system is asked otherwise.
func processorTime() time.Duration { return time.Since(processStart) }
