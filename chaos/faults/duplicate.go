package faults

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/andon-rig/andon/chaos"
)

// Duplicate delivers a message again, at once or later. The replies to the
// copies reach nobody.
//
// Layer A: at-least-once delivery, a sender that missed the acknowledgement, a
// gateway that repeats a request. Observed as the same message, byte for byte,
// with the same message id or idempotency key.
type Duplicate struct {
	Copies int  `yaml:"copies" doc:"how many besides the original"`
	Later  Wall `yaml:"later" doc:"wall time between one and the next; none means side by side"`
}

// Apply implements [chaos.Fault].
func (f *Duplicate) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	out := make([]chaos.Delivery, 1, 1+f.Copies)
	out[0] = d
	if f.Copies > 0 {
		out[0].What = "delivered " + strconv.Itoa(1+f.Copies) + " times"
	}
	for i := range f.Copies {
		again := out[0]
		again.LoseReply = nil // nobody waits for it anyway
		again.After += f.Later.d() * (1 + time.Duration(i))
		out = append(out, again)
	}
	return out
}

// Validate says what is wrong with the settings.
func (f *Duplicate) Validate() error {
	if f.Copies < 1 || f.Copies > 100 {
		return fmt.Errorf("copies: %d is not between 1 and 100", f.Copies)
	}
	return notNegative("later", f.Later)
}
