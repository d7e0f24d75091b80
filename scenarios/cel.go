package scenarios

// Placeholders until the expression language is in.

func checkWhere(Expr) error { return nil }

func (s *Scenario) compile([]string) (struct{}, error) { return struct{}{}, nil }
