package oracles_test

// alsoSpeak names, by mutation, the oracles that speak besides those that are
// meant to, with the reason: what follows from a slip in one place.
var alsoSpeak = map[string]map[string]string{
	"drop the effect":                              whenLost,
	"double the effect":                            sums,
	"add a thousandth to the quantity":             sums,
	"add a thousandth to the quantity (sums)":      because("field-fidelity", "the same digit"),
	"multiply the quantity by twelve":              sums,
	"trim the zeros of the order":                  whenMoved,
	"post to another order":                        whenMoved,
	"change the unit":                              sums,
	"change the lot":                               whenMoved,
	"leave the lot out":                            whenMoved,
	"give it the reference and key of nothing":     whenLost,
	"post it before it happened":                   because("no-silent-drop", "nothing was posted for it once it had happened", "exactly-once", "the same, folded", "master-data", "the record is not there", "cutover", "by neither way, if it was before the cutover"),
	"forget the failed row":                        because("exactly-once", "the same loss, folded", "conservation", "the sum lacks it"),
	"ship the lot while it is held":                because("no-silent-drop", "the hold itself is lost", "exactly-once", "the same loss, folded", "convergence", "more went out than the plant shipped"),
	"recover too late":                             because("order-causality", "the release is late and the change is not"),
	"lose the only posting of a lot":               whenUnconnected,
	"lose the receipt of a lot":                    whenUnconnected,
	"lose the rework":                              whenUnconnected,
	"receive a piece twice":                        because("field-fidelity", "the serial is not the one that was made"),
	"make a lot of itself":                         because("field-fidelity", "the lot is another", "conservation", "one account lacks it and another has it"),
	"post by both ways":                            because("exactly-once", "it is there twice", "conservation", "so is its quantity", "retry-discipline", "the other way has another key", "order-causality", "a release after its change"),
	"lose a change of a material":                  because("no-silent-drop", "the fact is lost", "exactly-once", "the same loss, folded"),
	"take the last day of a lot for the day after": because("dead-letter", "the exception, folded"),
}

// because gives oracles that speak as well their reasons.
func because(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

var (
	// sums: what is wrong once is wrong in the sum, too. Both are told, because
	// a sum can also be wrong by itself.
	sums = because("conservation", "the sum is off by as much")
	// whenMoved: a posting that names another lot or order.
	whenMoved = because("conservation", "one account lacks it and another has it", "genealogy", "a recall goes by what the books say")
	// whenLost: a posting that is not there.
	whenLost = because("exactly-once", "the same loss, folded", "conservation", "the sum lacks it", "no-silent-drop", "the fact is lost",
		"genealogy", "the lot is not connected", "master-data", "the record is not there", "cutover", "by neither way, if it was before the cutover")
)

// whenUnconnected: a hole in the genealogy is a lost posting.
var whenUnconnected = because("no-silent-drop", "the fact is lost", "exactly-once", "the same loss, folded", "conservation", "the sum lacks it")
