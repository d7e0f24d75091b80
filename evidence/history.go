package evidence

// History is a journal made ready for judging: records by kind, facts joined
// with their offers, attempts, effects, surfaces and disturbances.
type History struct {
	Plan    Plan
	Records []Record
}
