package simulators

// A Recorder is a [Dialect] whose messages are files of records: one a line, each
// beginning with its type, between one that says what the file is and one that
// says what is in it.
type Recorder interface {
	Dialect
	// Records says how these files are written.
	Records() Records
}

// Records is how files of records are written.
type Records struct {
	Types      []Table // by the word that each begins with
	Delimiter  string  // between cells; "" if columns have widths
	TypeWidth  int     // of the type, in characters, if columns have widths
	Mark       string  // between whole and fraction
	Head, Tail string  // the types that enclose the others
	// Sums are the columns, by type, whose numbers are added up in the first
	// decimal column of Tail, and Last how many digits of the sum before the mark
	// are written; 0 means all.
	Sums map[string]string
	Last int
}
